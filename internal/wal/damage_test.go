package wal

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
)

// A sample is the file of a log, and what it holds.
type sample struct {
	file    []byte
	records []string
	ends    []int // the offset behind each record
	last    int   // the number of records before the last group
}

// whole returns the number of records in the first cut bytes.
func (s sample) whole(cut int) int {
	n, ok := slices.BinarySearch(s.ends, cut)
	if ok {
		n++
	}
	return n
}

// newSample writes a log of some groups, closes it or not, and returns its file.
func newSample(t testing.TB, number uint32, closed bool, lax lax) sample {
	t.Helper()
	disk := memfs.New()
	l, err := Create(disk, "log", Options{ID: testID, Number: number, lax: lax})
	if err != nil {
		t.Fatal(err)
	}
	var s sample
	rng := rand.New(rand.NewPCG(7, uint64(number)))
	for i, n := range []int{1, 1, 3, 1, 2} {
		var g *group
		s.last = len(s.records)
		end := l.end
		for range n {
			b := make([]byte, []int{0, 5, 400, 64, 130}[(i+len(s.records))%5])
			for j := range b {
				b[j] = byte(rng.Uint32())
			}
			r, _ := newRecord([][]byte{b})
			if g, err = l.join(r); err != nil {
				t.Fatal(err)
			}
			end += headerSize + int64(len(b))
			s.records = append(s.records, string(b))
			s.ends = append(s.ends, int(end))
		}
		if err := l.finish(g); err != nil {
			t.Fatal(err)
		}
	}
	if closed {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if s.file, err = vfs.ReadFile(disk, "log"); err != nil {
		t.Fatal(err)
	}
	return s
}

// replayed returns the records of a log with these bytes.
func replayed(file []byte, o *ReplayOptions) (records []string, r Result, err error) {
	disk := memfs.New()
	f, err := disk.Create("log")
	if err != nil {
		return nil, r, err
	}
	if _, err := f.Write(file); err != nil {
		return nil, r, err
	}
	r, err = Replay(disk, "log", o, func(p []byte) error {
		records = append(records, string(p))
		return nil
	})
	return records, r, err
}

// check compares what a damaged log gives with what it held: the right records in any case; and without an error at
// least the first least of them.
func (s sample) check(file []byte, least int, lax lax) error {
	got, r, err := replayed(file, &ReplayOptions{ID: testID, Number: 3, lax: lax})
	switch {
	case len(got) > len(s.records) || !slices.Equal(got, s.records[:len(got)]):
		return fmt.Errorf("wrong records, and error %v", err)
	case err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion):
		return fmt.Errorf("not ErrCorrupt: %w", err)
	case err == nil && len(got) < least:
		return fmt.Errorf("%d of %d records, and no error (%+v)", len(got), len(s.records), r)
	}
	return nil
}

// flips changes each bit of a log, one at a time.
func (s sample) flips(least int, lax lax) error {
	file := slices.Clone(s.file)
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			err := s.check(file, least, lax)
			file[i] ^= 1 << bit
			if err != nil {
				return fmt.Errorf("byte %d, bit %d: %w", i, bit, err)
			}
		}
	}
	return nil
}

// A changed bit in a log that was closed, or whose program was killed, is never silent.
func TestFlips(t *testing.T) {
	for _, closed := range []bool{true, false} {
		s := newSample(t, 3, closed, 0)
		if err := s.flips(len(s.records), 0); err != nil {
			t.Errorf("closed %v: %v", closed, err)
		}
	}
	// What nothing vouches for may be lost: the last group, and no more.
	s := newSample(t, 3, false, laxMark)
	if err := s.flips(s.last, 0); err != nil {
		t.Errorf("without a mark: %v", err)
	}
}

// Each rule is needed for that.
func TestFlipsSabotage(t *testing.T) {
	tests := []struct {
		name        string
		closed      bool
		writer, lax lax
	}{
		{name: "payload checksum", closed: true, lax: laxPayload},
		{name: "header checksum", closed: true, lax: laxHeader},
		{name: "tail rule", closed: true, lax: laxTail},
		{name: "sync offset", closed: true, lax: laxPromise},
		{name: "marks", writer: laxMark},
	}
	for _, tt := range tests {
		s := newSample(t, 3, tt.closed, tt.writer)
		if err := s.flips(len(s.records), tt.lax); err == nil {
			t.Errorf("%s left out: not noticed", tt.name)
		} else {
			t.Logf("%s left out: %v", tt.name, err)
		}
	}
}

// Whole ranges of a closed log are overwritten, swapped, or cut out.
func TestDamage(t *testing.T) {
	s, other := newSample(t, 3, true, 0), newSample(t, 2, true, 0)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range recoveries(10_000, 200_000) {
		file := slices.Clone(s.file)
		from := rng.IntN(len(file))
		n := 1 + rng.IntN(min(600, len(file)-from))
		damaged := file[from : from+n]
		kind := rng.IntN(5)
		switch kind {
		case 0:
			clear(damaged)
		case 1:
			for j := range damaged {
				damaged[j] = byte(rng.Uint32())
			}
		case 2:
			copy(damaged, other.file[from:])
		case 3:
			copy(damaged, s.file[rng.IntN(len(file)):])
		case 4:
			file = slices.Delete(file, from, from+n)
		}
		least := len(s.records)
		if from+n > len(file)-headerSize {
			least = s.whole(from) // with the end record, all is gone that vouches for what was damaged
		}
		if err := s.check(file, least, 0); err != nil {
			t.Fatalf("case %d: bytes %d to %d, damage %d: %v", i, from, from+n, kind, err)
		}
	}
}

// A log that was cut anywhere, by a crash, gives the records that are whole, whatever stands behind the cut.
func TestCuts(t *testing.T) {
	old := newSample(t, 2, true, 0)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, closed := range []bool{true, false} {
		s := newSample(t, 3, closed, 0)
		for cut := range len(s.file) {
			noise := make([]byte, len(s.file)-cut)
			for i := range noise {
				noise[i] = byte(rng.Uint32())
			}
			behind := map[string][]byte{
				"nothing": nil,
				"zeros":   make([]byte, len(s.file)-cut),
				"noise":   noise,
				"old log": old.file[cut:],
				"itself":  s.file[cut/2 : cut],
			}
			for name, b := range behind {
				if cut < fileHeaderSize && name != "nothing" {
					continue // records come when the header is durable
				}
				file := append(slices.Clone(s.file[:cut]), b...)
				same := cut
				for same < len(file) && same < len(s.file) && file[same] == s.file[same] {
					same++ // by chance
				}
				whole := s.whole(same)
				got, r, err := replayed(file, &ReplayOptions{ID: testID, Number: 3})
				switch {
				case err != nil:
					t.Fatalf("cut at %d, then %s: %v", cut, name, err)
				case !slices.Equal(got, s.records[:whole]):
					t.Fatalf("cut at %d, then %s: %d records, want %d", cut, name, len(got), whole)
				case r.Clean && same < len(s.file) || r.Length > int64(same) || r.Length+r.Torn != int64(len(file)):
					t.Fatalf("cut at %d, then %s: %+v", cut, name, r)
				}
			}
			if whole := s.whole(cut); whole > 0 {
				end := int64(s.ends[whole-1])
				if _, _, err := replayed(s.file[:cut], &ReplayOptions{Durable: int64(cut) + 1}); !errors.Is(err, ErrCorrupt) {
					t.Fatalf("cut at %d, durable up to %d: %v", cut, cut+1, err)
				}
				if _, _, err := replayed(s.file[:cut], &ReplayOptions{Durable: end}); err != nil {
					t.Fatalf("cut at %d, durable up to %d: %v", cut, end, err)
				}
			}
		}
	}
}

// A record is stale that stood behind another one than is there.
func TestStaleRecord(t *testing.T) {
	form := format{testID, 1}
	file, sum := form.appendFileHeader(nil)
	file, _ = form.appendHeader(file, header{kind: kindData, prev: sum, synced: fileHeaderSize})
	file, _ = form.appendHeader(file, header{kind: kindData, prev: sum, synced: fileHeaderSize})
	got, r, err := replayed(file, nil)
	if err != nil || len(got) != 1 || r.Torn != headerSize {
		t.Errorf("%d records, %+v, %v", len(got), r, err)
	}
	if got, _, _ := replayed(file, &ReplayOptions{lax: laxChain}); len(got) != 2 {
		t.Errorf("without the rule: %d records", len(got))
	}
}

// A record that was cut off with a tail stays away, though the one before it is written again and the disk shows the
// old bytes behind it.
func TestStaleTail(t *testing.T) {
	for _, lax := range []lax{0, laxCut} {
		disk := memfs.New()
		o := Options{ID: testID, Number: 1, lax: lax}
		l, err := Create(disk, "log", o)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Append([]byte("zero")); err != nil {
			t.Fatal(err)
		}
		life := func(records ...string) (file []byte) {
			r, err := Replay(disk, "log", nil, func([]byte) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			if l, err = Reopen(disk, "log", o, r); err != nil {
				t.Fatal(err)
			}
			var g *group
			for _, s := range records {
				r, _ := newRecord([][]byte{[]byte(s)})
				if g, err = l.join(r); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.finish(g); err != nil {
				t.Fatal(err)
			}
			file, err = vfs.ReadFile(disk, "log")
			if err != nil {
				t.Fatal(err)
			}
			return file
		}
		first := life("one", "two")
		behind := len(first) - headerSize - len("two") - headerSize // the second record, and the mark
		disk.Edit("log", func(b []byte) []byte { return b[:behind-1] })
		second := life("one")
		got, _, err := replayed(append(second[:behind:behind], first[behind:len(first)-headerSize]...), nil)
		if want := 2 + int(lax/laxCut); err != nil || len(got) != want {
			t.Errorf("lax %d: %q, %v", lax, got, err)
		}
	}
}

// A torn record whose other half is zeros stays away, though the next write may make the file longer, with zeros.
func TestCompletedTail(t *testing.T) {
	for _, lax := range []lax{0, laxResync} {
		disk := memfs.New()
		o := Options{ID: testID, Number: 1, lax: lax}
		l, err := Create(disk, "log", o)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(l.Append([]byte("one")), l.Append(make([]byte, 1000))); err != nil {
			t.Fatal(err)
		}
		disk.Edit("log", func(b []byte) []byte { return b[:len(b)-headerSize-500] })
		r, err := Replay(disk, "log", nil, func([]byte) error { return nil })
		if err != nil || r.Records != 1 || r.Torn == 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		completed := 0
		l = nil
		l, err = Reopen(errfs.Wrap(disk, func(op errfs.Op) error {
			if l == nil || op.Kind != errfs.KindSync {
				return nil // until Reopen returns, it may come back
			}
			for seed := range uint64(500) {
				left := disk.Crash(memfs.Random, rand.New(rand.NewPCG(seed, 0)))
				Replay(left, "log", nil, func(p []byte) error {
					if len(p) == 1000 {
						completed++
					}
					return nil
				})
			}
			return nil
		}), "log", o, r)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Append(bytes.Repeat([]byte("x"), 3000)); err != nil {
			t.Fatal(err)
		}
		if found := completed > 0; found != (lax != 0) {
			t.Errorf("lax %d: it came back %d times", lax, completed)
		}
	}
}

// In one group, the second record may survive where the first does not.
func TestTornGroup(t *testing.T) {
	s := newSample(t, 3, false, laxMark)
	s.file[s.ends[s.last]-1] ^= 1
	got, r, err := replayed(s.file, nil)
	if err != nil || len(got) != s.last || r.Torn == 0 {
		t.Errorf("%d records, %+v, %v", len(got), r, err)
	}
}

// Every bit of a log is changed in every state in which a crash leaves it: that must not give wrong records either.
func TestFlipsAfterCrash(t *testing.T) {
	s := newSample(t, 3, false, laxMark)
	for _, cut := range []int{s.ends[0] + 1, s.ends[2] + 40, len(s.file) - 1} {
		torn := s
		torn.file = s.file[:cut]
		if err := torn.flips(0, 0); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

var update = flag.Bool("update", false, "write the golden files")

// Logs of every version of the format can be read.
func TestGolden(t *testing.T) {
	const golden = "testdata/v1.wal"
	s := newSample(t, 3, true, 0)
	if *update {
		if err := os.WriteFile(golden, s.file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, r, err := replayed(file, nil)
	if err != nil || !slices.Equal(got, s.records) || !r.Clean || r.ID != testID || r.Number != 3 || r.Records != len(s.records) {
		t.Errorf("%d records, %+v, %v", len(got), r, err)
	}
	if !bytes.Equal(file, s.file) {
		t.Error("this version writes other bytes: that needs a new format version")
	}
}

// Any bytes are a log or not; if they are, the log can be continued.
func FuzzReplay(f *testing.F) {
	closed, killed := newSample(f, 3, true, 0), newSample(f, 3, false, 0)
	f.Add(closed.file)
	f.Add(killed.file)
	f.Add(killed.file[:len(killed.file)-50])
	f.Add(closed.file[:fileHeaderSize])
	f.Add([]byte(magic))
	f.Fuzz(checkAny)
}

// So are records that lie, with checksums that are right.
func FuzzLies(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 2, 0, 68, 0, 3, 0, 100, 0})
	f.Add([]byte{1, 255, 3, 0, 1, 1, 36, 0})
	f.Add([]byte{3, 0, 255, 255, 1, 4, 0, 0, 2, 0, 0, 255})
	f.Fuzz(func(t *testing.T, fields []byte) {
		form := format{testID, 3}
		file, last := form.appendFileHeader(nil)
		for ; len(fields) >= 4; fields = fields[4:] {
			length := int(fields[1])
			payload := make([]byte, length%128) // less than the header says, now and then
			h := header{
				kind:    kind(fields[0] % 5),
				length:  uint32(length) << (fields[3] & 24),
				payload: crc32.Checksum(payload, castagnoli),
				prev:    last,
				synced:  int64(int16(uint16(fields[2]) | uint16(fields[3])<<8)),
			}
			if fields[3]&7 == 7 {
				h.prev++
			}
			file, last = form.appendHeader(file, h)
			file = append(file, payload...)
		}
		checkAny(t, file)
	})
}

func checkAny(t *testing.T, file []byte) {
	disk := memfs.New()
	w, err := disk.Create("log")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(file)
	read := func() (got []string, r Result, err error) {
		r, err = Replay(disk, "log", nil, func(p []byte) error {
			got = append(got, string(p))
			return nil
		})
		return got, r, err
	}
	before, r, err := read()
	if err != nil {
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Fatal(err)
		}
		return
	}
	if r.Length+r.Torn != int64(len(file)) || r.Records != len(before) {
		t.Fatalf("%d bytes, %d records: %+v", len(file), len(before), r)
	}
	l, err := Reopen(disk, "log", Options{ID: r.ID, Number: r.Number}, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Append([]byte("more")), l.Close()); err != nil {
		t.Fatal(err)
	}
	after, r, err := read()
	if err != nil || !r.Clean || !slices.Equal(after, append(before, "more")) {
		t.Fatalf("%d records, then %d, %+v, %v", len(before), len(after), r, err)
	}
}
