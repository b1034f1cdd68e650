package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/crashtest"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
)

func create(t testing.TB, fsys vfs.FS) *Log {
	t.Helper()
	l, err := Create(fsys, "log", Options{ID: testID, Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func replay(t testing.TB, fsys vfs.FS) (records []string, r Result) {
	t.Helper()
	r, err := Replay(fsys, "log", nil, func(p []byte) error {
		records = append(records, string(p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records, r
}

func TestAppend(t *testing.T) {
	disk := memfs.New()
	l := create(t, disk)
	large := strings.Repeat("0123456789abcdef", 200_000) // many windows of the reader
	want := []string{"", "one", large, "", "last"}
	for _, s := range want {
		cut := len(s) / 3
		if err := l.Append([]byte(s[:cut]), nil, []byte(s[cut:])); err != nil {
			t.Fatal(err)
		}
	}
	size := l.Size()
	got, r := replay(t, disk)
	if !slices.Equal(got, want) || r.Clean || r.Torn != 0 || r.Length != size {
		t.Errorf("while open: %d records, %+v", len(got), r)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if got, r = replay(t, disk); !slices.Equal(got, want) || !r.Clean {
		t.Errorf("closed: %d records, %+v", len(got), r)
	}
	if err := l.Append([]byte("late")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	if _, err := Create(disk, "log", Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create again: %v", err)
	}
	if disk.Handles() != 0 {
		t.Error("a file was left open")
	}
}

func TestTooLarge(t *testing.T) {
	disk := memfs.New()
	l := create(t, disk)
	part := make([]byte, MaxPayload/4)
	if err := l.Append(part, part, part, part, []byte{0}); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	if err := errors.Join(l.Append([]byte("fits")), l.Close()); err != nil {
		t.Fatal(err)
	}
	if got, _ := replay(t, disk); !slices.Equal(got, []string{"fits"}) {
		t.Errorf("%d records", len(got))
	}
}

func TestReopen(t *testing.T) {
	disk := memfs.New()
	o := Options{ID: testID, Number: 1}
	l := create(t, disk)
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint("record ", i))
		if err := l.Append([]byte(want[i])); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		got, r := replay(t, disk)
		if !slices.Equal(got, want) {
			t.Fatalf("%q", got)
		}
		var err error
		if l, err = Reopen(disk, "log", o, r); err != nil {
			t.Fatal(err)
		}
	}
	_, r := replay(t, disk)
	if _, err := Reopen(disk, "log", Options{ID: testID, Number: 2}, r); err == nil {
		t.Error("opened as another log")
	}
	if err := l.Append([]byte("more")); err != nil {
		t.Fatal(err)
	}
	if _, err := Reopen(disk, "log", o, r); err == nil {
		t.Error("opened with an old result")
	}
}

func TestWrongLog(t *testing.T) {
	s := newSample(t, 3, true, 0)
	var foreign *CorruptError
	for _, o := range []*ReplayOptions{{Number: 4}, {ID: [16]byte{1}}} {
		if _, _, err := replayed(s.file, o); !errors.Is(err, ErrCorrupt) || !errors.As(err, &foreign) || foreign.Name != "log" {
			t.Errorf("%v: %v", o, err)
		}
	}
	if _, _, err := replayed([]byte("%PDF-1.7, and what one finds in a file of another program"), nil); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	future := format{testID, 3}
	b, _ := future.appendFileHeader(nil)
	b = append(newerVersion(b), "records of that version"...)
	if _, _, err := replayed(b, nil); !errors.Is(err, ErrVersion) || errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	if _, err := Replay(memfs.New(), "log", nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// An error of the callback ends the replay, and one of the disk is neither a torn tail nor corruption.
func TestReplayErrors(t *testing.T) {
	s := newSample(t, 3, true, 0)
	disk := memfs.New()
	f, err := disk.Create("log")
	if err != nil {
		t.Fatal(err)
	}
	f.Write(s.file)
	stop := errors.New("stop")
	calls := 0
	_, err = Replay(disk, "log", nil, func([]byte) error {
		if calls++; calls == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
	ops := errfs.Wrap(disk)
	Replay(ops, "log", nil, func([]byte) error { return nil })
	for n := range ops.Ops() - 1 { // the last closes
		_, err := Replay(errfs.Wrap(disk, errfs.Nth(n, errfs.EIO, false)), "log", nil, func([]byte) error { return nil })
		if !errors.Is(err, errfs.EIO) || errors.Is(err, ErrCorrupt) {
			t.Errorf("operation %d: %v", n, err)
		}
	}
}

// fail makes operations of a kind fail while it is set.
type fail map[errfs.Kind]error

func (f fail) rule(o errfs.Op) error { return f[o.Kind] }

// A write that fails is undone, durably, and the log goes on.
func TestFailedWrite(t *testing.T) {
	for _, fault := range []error{errfs.EIO, errfs.ENOSPC, errfs.ErrShort, errfs.After(errfs.EIO)} {
		disk, f := memfs.New(), fail{}
		l := create(t, errfs.Wrap(disk, f.rule))
		if err := l.Append([]byte("before")); err != nil {
			t.Fatal(err)
		}
		f[errfs.KindWrite] = fault
		for range 3 {
			err := l.Append([]byte("refused"))
			if err == nil || errors.Is(err, ErrFailed) || !errors.Is(err, errfs.EIO) && !errors.Is(err, errfs.ENOSPC) {
				t.Fatalf("%v: %v", fault, err)
			}
		}
		if got, _ := replay(t, disk.Crash(memfs.Everything, nil)); !slices.Equal(got, []string{"before"}) {
			t.Errorf("%v: %q", fault, got)
		}
		delete(f, errfs.KindWrite)
		if err := errors.Join(l.Append([]byte("after")), l.Close()); err != nil {
			t.Fatal(err)
		}
		if got, r := replay(t, disk); !slices.Equal(got, []string{"before", "after"}) || !r.Clean {
			t.Errorf("%v: %q, %+v", fault, got, r)
		}
	}
}

// A failed sync, and a failed write that cannot be undone, end the log: nothing is written or synced after it.
func TestFailedForGood(t *testing.T) {
	tests := map[string]fail{
		"sync":               {errfs.KindSync: errfs.EIO},
		"sync after all":     {errfs.KindSync: errfs.After(errfs.EIO)},
		"write and truncate": {errfs.KindWrite: errfs.ErrShort, errfs.KindTruncate: errfs.EIO},
		"write and sync":     {errfs.KindWrite: errfs.ErrShort, errfs.KindSync: errfs.EIO},
	}
	for name, faults := range tests {
		disk, f := memfs.New(), fail{}
		fsys := errfs.Wrap(disk, f.rule)
		l := create(t, fsys)
		if err := l.Append([]byte("before")); err != nil {
			t.Fatal(err)
		}
		for kind, err := range faults {
			f[kind] = err
		}
		if err := l.Append([]byte("unknown")); !errors.Is(err, ErrFailed) {
			t.Errorf("%s: %v", name, err)
		}
		clear(f)
		ops := fsys.Ops()
		if err := l.Append([]byte("refused")); !errors.Is(err, ErrFailed) {
			t.Errorf("%s: then %v", name, err)
		}
		if err := l.Close(); !errors.Is(err, ErrFailed) {
			t.Errorf("%s: then Close: %v", name, err)
		}
		if ops = fsys.Ops() - ops; ops != 1 {
			t.Errorf("%s: %d operations after the failure, want one that closes the file", name, ops)
		}
		if got, r := replay(t, disk); r.Clean || got[0] != "before" || slices.Contains(got, "refused") {
			t.Errorf("%s: %q, %+v", name, got, r)
		}
	}
}

// A disk becomes full at any byte: what was acknowledged is there, and nothing else.
func TestFullDisk(t *testing.T) {
	for free := fileHeaderSize; free < 1500; free++ {
		disk := memfs.New()
		l := create(t, errfs.Wrap(disk, errfs.Full(free)))
		var want []string
		for i := range 10 {
			payload := strings.Repeat("x", i*17)
			switch err := l.Append([]byte(payload)); {
			case err == nil:
				want = append(want, payload)
			case !errors.Is(err, errfs.ENOSPC):
				t.Fatal(err)
			}
		}
		l.Close()
		if got, _ := replay(t, disk); !slices.Equal(got, want) {
			t.Fatalf("%d bytes free: %d records, want %d", free, len(got), len(want))
		}
	}
}

// While one group is synced, all other callers gather in the next: two syncs for any number of calls.
func TestGroupCommit(t *testing.T) {
	const callers = 64
	disk := memfs.New()
	var l *Log
	syncs, writes := 0, 0
	began, gathered := make(chan struct{}), make(chan struct{})
	l = create(t, errfs.Wrap(disk, func(o errfs.Op) error {
		switch {
		case o.Kind == errfs.KindWrite && o.Size > headerSize:
			writes++
		case o.Kind == errfs.KindSync:
			if syncs++; syncs == 2 { // the first is that of Create
				close(began)
				<-gathered
			}
		}
		return nil
	}))
	syncs, writes = 1, 0
	var calls sync.WaitGroup
	appended := func(i int) {
		if err := l.Append([]byte(fmt.Sprint("caller ", i))); err != nil {
			t.Error(err)
		}
	}
	calls.Go(func() { appended(0) })
	<-began
	for i := 1; i < callers; i++ {
		calls.Go(func() { appended(i) })
	}
	waiting := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.open.records)
	}
	for waiting() < callers-1 {
		runtime.Gosched()
	}
	close(gathered)
	calls.Wait()
	if syncs-1 != 2 || writes != 2 {
		t.Errorf("%d syncs and %d writes for %d calls, want 2", syncs-1, writes, callers)
	}
	if got, _ := replay(t, disk.Crash(memfs.Nothing, nil)); len(got) != callers {
		t.Errorf("%d records of %d", len(got), callers)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A group does not grow without bound, and one that is closed meanwhile is written or refused as a whole.
func TestCloseUnderLoad(t *testing.T) {
	disk := memfs.New()
	l := create(t, disk)
	var calls sync.WaitGroup
	var mu sync.Mutex
	acked := map[string]bool{}
	for i := range 16 {
		calls.Go(func() {
			for j := 0; ; j++ {
				s := fmt.Sprintf("%d/%d", i, j)
				err := l.Append([]byte(s))
				if errors.Is(err, fs.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked[s] = true
				mu.Unlock()
			}
		})
	}
	for l.Size() < 20_000 {
		runtime.Gosched()
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	calls.Wait()
	got, r := replay(t, disk)
	if len(got) != len(acked) || !r.Clean {
		t.Errorf("%d records, %d acknowledged, %+v", len(got), len(acked), r)
	}
	for _, s := range got {
		if !acked[s] {
			t.Errorf("%q is there and was refused", s)
		}
	}
}

func TestGroupSize(t *testing.T) {
	disk := memfs.New()
	l := create(t, disk)
	part := make([]byte, maxGroup/3)
	r, err := newRecord([][]byte{part})
	if err != nil {
		t.Fatal(err)
	}
	groups := map[*group]int{}
	for range 7 {
		g, err := l.join(r)
		if err != nil {
			t.Fatal(err)
		}
		groups[g]++
	}
	if len(groups) != 4 {
		t.Errorf("%d groups", len(groups))
	}
	for g := range groups {
		if err := l.finish(g); err != nil {
			t.Error(err)
		}
	}
	if got, _ := replay(t, disk); len(got) != 7 || !bytes.Equal([]byte(got[6]), part) {
		t.Errorf("%d records", len(got))
	}
}

// Several callers append while the power fails. Each of their sequences is there without gaps, with all that was
// acknowledged.
func TestCrashConcurrent(t *testing.T) {
	type event struct{ caller, n int }
	read := func(t *crashtest.Trial[event]) (counts [4]int, r Result, err error) {
		r, err = Replay(t.FS, "log", nil, func(p []byte) error {
			c := p[0]
			if int(p[1]) != counts[c] {
				return fmt.Errorf("record %d of caller %d, want %d", p[1], c, counts[c])
			}
			counts[c]++
			return nil
		})
		return counts, r, err
	}
	crashtest.Run(t, &crashtest.Options{Recoveries: recoveries(3000, 100_000)}, crashtest.Workload[event]{
		Run: func(t *crashtest.Trial[event]) error {
			l, err := Create(t.FS, "log", Options{ID: testID, Number: 1})
			if err != nil {
				return err
			}
			var calls sync.WaitGroup
			errs := make([]error, 4)
			for c := range errs {
				calls.Go(func() {
					for n := range 8 {
						i := t.Begin(event{c, n})
						if errs[c] = l.Append([]byte{byte(c), byte(n)}, make([]byte, 100*n)); errs[c] != nil {
							return
						}
						t.End(i, crashtest.Applied)
					}
				})
			}
			calls.Wait()
			return errors.Join(append(errs, l.Close())...)
		},
		Verify: func(t *crashtest.Trial[event]) error {
			counts, r, err := read(t)
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			} else if err == nil {
				var l *Log
				if l, err = Reopen(t.FS, "log", Options{ID: testID, Number: 1}, r); err == nil {
					err = l.Close()
				}
			}
			if err != nil {
				return err
			}
			left := counts
			for i, e := range t.Events() {
				there := e.Value.n < counts[e.Value.caller]
				if e.Outcome == crashtest.Applied && !there {
					return fmt.Errorf("%+v was acknowledged, and is not there", e.Value)
				}
				if there {
					left[e.Value.caller]--
					t.End(i, crashtest.Applied)
				}
			}
			if left != [4]int{} {
				return fmt.Errorf("%v records that nobody wrote", left)
			}
			return nil
		},
	})
}

// newerVersion makes a file header that of the next version.
func newerVersion(b []byte) []byte {
	b[8]++
	return binary.LittleEndian.AppendUint32(b[:fileHeaderSize-4], crc32.Checksum(b[:fileHeaderSize-4], castagnoli))
}
