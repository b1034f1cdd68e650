package record

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// entries returns entries of every kind, with every field set somewhere.
func entries(rng *rand.Rand) []Entry {
	chunks := storetest.RandomChunks(rng, 20, 5)
	full := chunks[0]
	full.Meta = map[string]any{
		"string": "é", "empty": "", "true": true, "false": false, "int": int64(-store.MaxInt), "float": -0.5,
		"time": time.Time{}, "later": time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), "list": []string{"", "b"}, "none": []string{},
	}
	full.Marks = []store.Mark{{Kind: "page", Start: 1, End: 2, Label: "3", Anchor: "p", Level: -4}}
	full.Origin = store.Origin{URI: "u", Title: "t", Lang: "l", Modified: time.UnixMicro(-7).UTC(), Trust: store.Internal, Principals: []string{"p", ""}}
	return []Entry{
		{Seq: 1, Namespace: "a", Body: Body{Space: "s", Dim: 5, Upsert: append(chunks, full), Docs: storetest.RecordsOf(chunks)}},
		{Seq: 1 << 40, Namespace: "ü", Drop: true},
		{Seq: 3, Namespace: "b"},
		{Seq: 4, Namespace: "b", Delete: Deletion{All: true}, Body: Body{Space: "of nothing", Dim: 9}},
		{Seq: 5, Namespace: "b", Delete: Deletion{Docs: []string{"d"}, Sources: []string{"s", ""}, Chunks: []string{"c"}, Records: []string{"r"}}},
	}
}

func encode(entries []Entry) []byte {
	var b []byte
	for i := range entries {
		e := &entries[i]
		b = AppendHead(b, e)
		if !e.Drop {
			b = AppendBody(b, &e.Body)
		}
	}
	return b
}

func decode(b []byte) (entries []Entry, err error) {
	for e, err := range Decode(b) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// plain makes empty slices nil: they are not told apart, but in metadata.
func plain(entries []Entry) {
	for i := range entries {
		for j := range entries[i].Upsert {
			c := &entries[i].Upsert[j]
			if len(c.Origin.Principals) == 0 {
				c.Origin.Principals = nil
			}
			if len(c.Marks) == 0 {
				c.Marks = nil
			}
		}
		for j := range entries[i].Docs {
			if d := &entries[i].Docs[j]; len(d.Origin.Principals) == 0 {
				d.Origin.Principals = nil
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		want := entries(rng)
		b := encode(want)
		plain(want)
		got, err := decode(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("entry %d: got %+v, want %+v", i, got[i], want[i])
			}
		}
		clear(b) // what was decoded shares nothing with the payload
		if again := encode(got); !bytes.Equal(again, encode(want)) {
			t.Fatal("what was decoded changed with the payload")
		}
	}
}

// The format is frozen: old logs must be read for ever.
func TestGolden(t *testing.T) {
	e := []Entry{
		{Seq: 300, Namespace: "n", Delete: Deletion{Docs: []string{"d"}}, Body: Body{
			Space: "s", Dim: 1,
			Upsert: []store.Chunk{{
				ID: "i", DocID: "d", Source: "o", Ordinal: 2, Version: "v", Text: "text", Start: 3, End: 7, Prefix: "p",
				Origin: store.Origin{URI: "u", Title: "t", Lang: "l", Modified: time.UnixMicro(1).UTC(), Trust: store.Reviewed, Principals: []string{"a"}},
				Marks:  []store.Mark{{Kind: "page", Start: 0, End: 9, Label: "1", Anchor: "#1", Level: 1}}, EmbedKey: "e",
				Meta:   map[string]any{"b": true, "f": 1.5, "i": int64(-1), "l": []string{"x"}, "s": "y", "t": time.UnixMicro(0).UTC()},
				Vector: []float32{1},
			}},
			Docs: []store.Doc{{ID: "d", Source: "o", Ref: "r", RefVersion: "w", Version: "v", Chunks: 1}},
		}},
		{Seq: 301, Namespace: "n", Drop: true},
	}
	const want = "01" + "ac02" + "016e" + "02010164" + "0173" + "01" + // kind, sequence, namespace, deletion, space, dimensions
		"01" + "4f" + // one chunk, its text part
		"0169" + "0164" + "016f" + "0176" + "02" + "03" + "0474657874" + "0170" + // ID to prefix
		"0175" + "0174" + "016c" + "0102" + "01" + "010161" + // origin
		"01" + "0470616765" + "00" + "09" + "0131" + "022331" + "02" + // marks
		"0165" + "06" + // embed key, metadata
		"0162" + "03" + "0166" + "05000000000000f83f" + "0169" + "0401" + "016c" + "07010178" + "0173" + "010179" + "0174" + "0600" +
		"01" + "0000803f" + // vector
		"01" + "0164" + "016f" + "0172" + "0177" + "0176" + "01" + "000000" + "00" + "00" + "00" + // one document
		"02" + "ad02" + "016e"
	if got := hex.EncodeToString(encode(e)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Every cut of a payload is an error, or the entries before the cut.
func TestCuts(t *testing.T) {
	all := entries(rand.New(rand.NewPCG(2, 2)))
	b := encode(all)
	whole := map[int]int{0: 0}
	for i := range all {
		whole[len(encode(all[:i+1]))] = i + 1
	}
	for n := range b {
		got, err := decode(b[:n])
		if want, ok := whole[n]; ok {
			if err != nil || len(got) != want {
				t.Fatalf("%d bytes: %d entries, want %d (%v)", n, len(got), want, err)
			}
		} else if !errors.Is(err, ErrMalformed) {
			t.Fatalf("%d bytes of %d: %v", n, len(b), err)
		}
	}
}

// Whatever the bytes, decoding ends with entries or an error, in memory that
// the bytes account for; what it accepts is stable.
func FuzzDecode(f *testing.F) {
	for _, e := range entries(rand.New(rand.NewPCG(3, 3))) {
		if len(e.Upsert) > 0 {
			e.Upsert = e.Upsert[len(e.Upsert)-1:]
			e.Docs = e.Docs[:1]
		}
		f.Add(encode([]Entry{e}))
	}
	f.Add([]byte("\x01\x01\x01a\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := decode(b)
		if err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatal(err)
		}
		again := encode(first)
		second, err := decode(again)
		if err != nil {
			t.Fatalf("what was decoded cannot be decoded again: %v", err)
		}
		if !bytes.Equal(encode(second), again) {
			t.Fatal("encoding is not stable")
		}
	})
}
