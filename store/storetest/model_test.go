package storetest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/store"
)

// BM25 of three texts, worked out by hand: N is 3, the average length 8/3; the
// query's "a" is in two texts, its "b" in one.
func TestBM25(t *testing.T) {
	s := newState()
	for id, text := range map[string]string{"1": "a a b", "2": "a c", "3": "c d e"} {
		s.put(store.Chunk{ID: id, Text: text}, "")
	}
	idf := func(n float64) float64 { return math.Log(1 + (3-n+.5)/(n+.5)) }
	term := func(tf, length float64) float64 { return tf * 2.2 / (tf + 1.2*(.25+.75*length/(8./3))) }
	want := map[string]float64{
		"1": idf(2)*term(2, 3) + idf(1)*term(1, 3),
		"2": idf(2) * term(1, 2),
	}
	hits, err := s.search(&store.Query{Text: "B a a!", K: 5})
	if err != nil {
		t.Fatal(err)
	}
	if d := diffIDs([]string{"1", "2"}, hitIDs(hits)); d != "" {
		t.Fatal(d)
	}
	for _, h := range hits {
		if math.Abs(h.Score-want[h.Chunk.ID]) > 1e-12 {
			t.Errorf("chunk %s: score %v, want %v", h.Chunk.ID, h.Score, want[h.Chunk.ID])
		}
	}
}

// Every kind of condition, comparison and value comes up, and equal sources
// give equal data.
func TestRandomFilters(t *testing.T) {
	make := func() ([]store.Filter, []store.Chunk) {
		r := rand.New(rand.NewPCG(5, 6))
		var fs []store.Filter
		for range 2000 {
			fs = append(fs, RandomFilter(r))
		}
		return fs, RandomChunks(r, 200, 4)
	}
	fs, chunks := make()
	gs, again := make()
	if !reflect.DeepEqual(chunks, again) {
		t.Error("equal sources give different chunks")
	}
	seen := map[string]int{}
	for i, f := range fs {
		if showFilter(f) != showFilter(gs[i]) {
			t.Fatal("equal sources give different filters")
		}
		rewritten(f, func(f store.Filter) store.Filter {
			seen[fmt.Sprintf("%T", f)]++
			switch f := f.(type) {
			case store.Compare:
				seen[fmt.Sprintf("%s %T", f.Op, f.Value)]++
			case store.OneOf:
				seen[fmt.Sprintf("in %d", min(len(f.Values), 2))]++
			case store.HasID:
				seen[fmt.Sprintf("ids %d", min(len(f.IDs), 2))]++
			}
			return f
		})
	}
	want := []string{"in 0", "in 1", "in 2", "ids 0", "ids 1", "ids 2"}
	for _, f := range []store.Filter{
		store.Everything{}, store.HasID{}, store.InDoc{}, store.InSource{}, store.InOrdinals{}, store.ReadableBy{}, store.Compare{}, store.OneOf{},
		store.Present{}, store.ListHas{}, store.Conjunction{}, store.Disjunction{}, store.Negation{},
	} {
		want = append(want, fmt.Sprintf("%T", f))
	}
	for _, op := range []store.Op{store.OpEq, store.OpNe, store.OpLt, store.OpLe, store.OpGt, store.OpGe} {
		for _, v := range []string{"string", "int64", "float64", "time.Time"} {
			want = append(want, fmt.Sprintf("%s %s", op, v))
		}
	}
	for _, w := range append(want, "== bool", "!= bool") {
		if seen[w] == 0 {
			t.Errorf("no random filter has %s", w)
		}
	}
}

func TestRandomChunks(t *testing.T) {
	for _, dim := range []int{0, 4} {
		chunks := RandomChunks(rand.New(rand.NewPCG(7, 8)), 300, dim)
		c := store.Change{Upsert: chunks, Docs: RecordsOf(chunks), Space: "space"}
		if err := c.Validate(); err != nil {
			t.Errorf("%d dimensions: %v", dim, err)
		}
		s, err := NewReference().Namespace("a")
		if err != nil {
			t.Fatal(err)
		}
		if done, err := s.Write(t.Context(), c); err != nil || done.Upserted != 300 {
			t.Errorf("%d dimensions: %+v, %v, want 300 distinct chunks", dim, done, err)
		}
		if err := CheckWhole(t.Context(), s); err != nil {
			t.Errorf("%d dimensions: %v", dim, err)
		}
		with := 0
		for _, c := range chunks {
			with += min(1, len(c.Vector))
		}
		if (with > 0) != (dim > 0) || with == len(chunks) {
			t.Errorf("%d dimensions: %d of %d have a vector", dim, with, len(chunks))
		}
	}
	if n := len(RandomChunks(rand.New(rand.NewPCG(7, 8)), 0, 4)); n != 0 {
		t.Errorf("%d chunks, want none", n)
	}
}

func TestCheckWhole(t *testing.T) {
	chunks := func(n int) []store.Chunk {
		var cs []store.Chunk
		for i := range n {
			cs = append(cs, store.Chunk{ID: fmt.Sprint(i), DocID: "doc", Ordinal: i, Version: "v1"})
		}
		return cs
	}
	doc := store.Doc{ID: "doc", Version: "v1", Chunks: 3}
	other, gap, double := chunks(3), chunks(3), chunks(3)
	other[1].Version, gap[1].Ordinal, double[1].Ordinal = "v0", 7, 2
	for name, c := range map[string]struct {
		chunks []store.Chunk
		docs   []store.Doc
		good   bool
	}{
		"whole": {chunks(3), []store.Doc{doc}, true}, "no record": {chunks(2), nil, true}, "nothing": {nil, nil, true},
		"one is missing": {chunks(2), []store.Doc{doc}, false}, "one too many": {chunks(4), []store.Doc{doc}, false}, "all are missing": {nil, []store.Doc{doc}, false},
		"another version": {other, []store.Doc{doc}, false}, "a gap": {gap, []store.Doc{doc}, false}, "an ordinal twice": {double, []store.Doc{doc}, false},
	} {
		s, err := NewReference().Namespace("a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(t.Context(), store.Change{Upsert: c.chunks, Docs: c.docs}); err != nil {
			t.Fatal(err)
		}
		if err := CheckWhole(t.Context(), s); (err == nil) != c.good || err != nil && !strings.Contains(err.Error(), `"doc"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := NewReference().Namespace("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckWhole(ctx, s); err == nil {
		t.Error("a store that cannot be read is whole")
	}
}

func TestStrings(t *testing.T) {
	list := Strings()
	if len(list) < 60 || len(slices.Compact(slices.Sorted(slices.Values(list)))) != len(list) {
		t.Errorf("%d strings, want 60 or more, all distinct", len(list))
	}
	for _, s := range list {
		if s == "" || len(s) > 4096 || !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Errorf("%.40q of %d bytes is none that a store must take", s, len(s))
		}
	}
}

func TestNaughtyStrings(t *testing.T) {
	list, err := naughtyStrings()
	if err != nil {
		t.Skipf("the list is not here: %v", err)
	}
	if len(list) < 500 {
		t.Errorf("%d strings, want the 500 and more of the list", len(list))
	}
	t.Setenv(realdata.Variable, t.TempDir())
	if _, err := naughtyStrings(); err == nil {
		t.Errorf("%s is not looked at", realdata.Variable)
	}
}

func TestHarness(t *testing.T) {
	if _, err := newKit(Harness{}); err == nil {
		t.Error("a Harness without Open is taken")
	}
	open := func() (store.DB, error) { return NewReference(), nil }
	t.Setenv(seedVariable, "99")
	if k, err := newKit(Harness{Open: open, Seed: 3}); err != nil || k.h.Seed != 99 {
		t.Errorf("%s is not looked at: %v", seedVariable, err)
	}
	t.Setenv(seedVariable, "x")
	if _, err := newKit(Harness{Open: open}); err == nil {
		t.Error("a seed that is no number is taken")
	}
}

// A store whose DB does not open, and one that claims what the harness has no
// means to test, fail; they are not skipped.
func TestHarnessLacks(t *testing.T) {
	weak := func() (store.DB, error) { return NewWeak(nil), nil }
	for name, c := range map[string]struct {
		h    Harness
		rule string
	}{
		"an error of Open": {Harness{Open: func() (store.DB, error) { return nil, errBackend }}, "read/get-order"},
		"no Settle":        {Harness{Open: weak}, "read/get-order"},
		"no Reopen":        {Harness{Open: weak, Settle: weakHarness(nil).Settle}, "durable/reopen"},
		"nil, no error": {Harness{Open: func() (store.DB, error) {
			return bentDB{NewReference(), func(store.Store) store.Store { return nil }}, nil
		}}, "read/get-order"},
	} {
		k, err := newKit(c.h)
		if err != nil {
			t.Fatal(err)
		}
		if out := k.try(t.Context(), ruleNamed(t, c.rule)); len(out.faults) == 0 {
			t.Errorf("%s: rule %s passes (skipped: %q)", name, c.rule, out.skipped)
		}
		k.close()
	}
}
