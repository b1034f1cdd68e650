package table

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/storetest"
)

const dim = 4

// apply makes a change and fails the test at an error.
func apply(t *testing.T, tab *Table, seq uint64, d record.Deletion, chunks ...store.Chunk) store.Changed {
	t.Helper()
	e := &record.Entry{Seq: seq, Delete: d, Body: record.Body{Space: "s", Dim: dim, Upsert: chunks, Docs: storetest.RecordsOf(chunks)}}
	changed, err := tab.Apply(e)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// A matcher agrees with store.Match, and the candidates of a filter are in the order of
// writing and hold all that it matches, in every state.
func TestFilters(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	tab := New()
	const states = 6
	for seq := range uint64(states) {
		apply(t, tab, seq+1, record.Deletion{Sources: []string{"wiki"}}, storetest.RandomChunks(rng, 12, dim)...)
	}
	var ids, docs []string
	for _, v := range tab.chunks.all() {
		ids, docs = append(ids, v.rec.ID, v.rec.ID, "nosuch"), append(docs, v.rec.DocID)
	}
	filters := []store.Filter{
		nil, store.IDs(ids...), store.Docs(docs...), store.Docs(docs[0], docs[0], "nosuch"), store.Not(store.IDs(ids[:20]...)),
		store.Sources("a", "b", "c", "d", "e", "f", "g", "h", "wiki", "handbook"), store.And(), store.Or(),
		store.And(store.Sources("handbook"), store.Docs(docs...), store.IDs(ids[:9]...)), store.Or(store.Docs(docs[1]), store.IDs(ids[3])),
		store.Or(store.Docs(docs[1]), store.Exists("lang")),
	}
	for range 500 {
		filters = append(filters, storetest.RandomFilter(rng))
	}
	for _, f := range filters {
		match := matcher(f)
		for seq := range uint64(states + 1) {
			v := tab.At(seq)
			candidates := v.candidates(f)
			if !slices.IsSortedFunc(candidates, func(a, b *version[chunk]) int { return cmp.Compare(a.ord, b.ord) }) {
				t.Fatalf("%#v: candidates are not in order", f)
			}
			if len(candidates) != len(slices.Compact(slices.Clone(candidates))) {
				t.Fatalf("%#v: a candidate comes twice", f)
			}
			for _, c := range tab.chunks.all() {
				want := store.Match(f, &c.rec.Chunk)
				if match(&c.rec.Chunk) != want {
					t.Fatalf("%#v: matcher says %v for %+v", f, !want, c.rec.Chunk)
				}
				if want && c.at(seq) && !slices.Contains(candidates, c) {
					t.Fatalf("%#v: %q is no candidate", f, c.rec.ID)
				}
			}
		}
	}
}

// What Resolve or Identity says is what the filter matches, in the record of documents too: the kit
// compares that with its model through Write. Here the two agree with each other.
func TestResolve(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	chunks := storetest.RandomChunks(rng, 30, dim)
	for _, f := range []store.Filter{
		store.All(), store.IDs(), store.IDs(chunks[0].ID, chunks[0].ID, "nosuch"), store.Docs(chunks[3].DocID, "empty"),
		store.Sources("wiki", "handbook"), store.Docs("empty", "nosuch"), store.Sources("of nothing"),
	} {
		a, b := New(), New()
		for _, tab := range []*Table{a, b} {
			apply(t, tab, 1, record.Deletion{}, chunks...)
			tab.write([]store.Doc{{ID: "empty", Source: "of nothing"}, {ID: "bare", Source: "wiki"}}, 2)
		}
		identity, ok := Identity(f)
		if !ok {
			t.Fatalf("%#v has no identity", f)
		}
		x, y := apply(t, a, 3, identity), apply(t, b, 3, b.Resolve(f))
		if err := Diff(context.Background(), a.At(3), b.At(3)); err != nil || x != y {
			t.Errorf("%#v: %v; %+v and %+v", f, err, x, y)
		}
	}
	if _, ok := Identity(store.Exists("x")); ok {
		t.Error("a condition on metadata has an identity")
	}
}

func TestTop(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		n, k := rng.IntN(60), 1+rng.IntN(20)
		best := top{k: k}
		var all []scored
		for i := range n {
			s := scored{float64(rng.IntN(8)), &chunk{Chunk: store.Chunk{ID: fmt.Sprint(i)}}}
			all = append(all, s)
			best.add(s)
		}
		slices.SortFunc(all, compare)
		if got := best.sorted(); !slices.Equal(got, all[:min(n, k)]) {
			t.Fatalf("of %d the best %d are %v, want %v", n, k, got, all)
		}
	}
}

func TestLookup(t *testing.T) {
	var among []*version[chunk]
	for _, ord := range []uint32{3, 4, 5, 9, 10, 40} {
		among = append(among, &version[chunk]{ord: ord})
	}
	for ord := range uint32(50) {
		i := slices.IndexFunc(among, func(v *version[chunk]) bool { return v.ord == ord })
		got := lookup(among, ord)
		if (got == nil) != (i < 0) || got != nil && got != &among[i].rec {
			t.Errorf("%d is at %d, lookup disagrees", ord, i)
		}
	}
	if lookup(nil, 0) != nil {
		t.Error("something in nothing")
	}
}

// Memory does not grow with the changes, but with what there is; a state that somebody looks
// at stays as it is.
func TestPurge(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	tab := New()
	chunks := storetest.RandomChunks(rng, 40, dim)
	apply(t, tab, 1, record.Deletion{}, chunks...)
	view, want := tab.At(1), New()
	apply(t, want, 1, record.Deletion{}, chunks...)
	const changes = 400
	for seq := uint64(2); seq < changes; seq++ {
		some := slices.Clone(chunks[rng.IntN(20):])
		for i := range some {
			some[i].EmbedKey = fmt.Sprint(seq)
		}
		apply(t, tab, seq, record.Deletion{}, some...)
		oldest := seq
		if seq < changes/2 {
			oldest = 1
		}
		tab.Purge(oldest)
		if seq%50 == 0 || seq == changes/2-1 {
			if _, err := tab.Check(context.Background()); err != nil {
				t.Fatalf("change %d: %v", seq, err)
			}
		}
		if seq == changes/2-1 {
			if err := Diff(context.Background(), view, want.At(1)); err != nil {
				t.Fatal(err)
			}
			found, err := view.Search(context.Background(), store.Query{Text: "quarrystone", K: 100})
			if err != nil || len(found) != len(chunks) {
				t.Fatalf("%d chunks are found (%v), want %d", len(found), err, len(chunks))
			}
		}
	}
	if s := tab.Size(); s.Chunks != len(chunks) || s.Dead > 2*len(chunks)+2*s.Docs {
		t.Errorf("%+v after many changes", s)
	}
}

// Check finds every index and statistic that does not fit.
func TestCheck(t *testing.T) {
	build := func() *Table {
		rng := rand.New(rand.NewPCG(5, 5))
		tab := New()
		chunks := storetest.RandomChunks(rng, 10, dim)
		apply(t, tab, 1, record.Deletion{}, chunks...)
		apply(t, tab, 2, record.Deletion{}, chunks[:5]...)
		return tab
	}
	if n, err := build().Check(context.Background()); err != nil || n.Chunks != 10 || n.Docs == 0 || n.Vectors == 0 {
		t.Fatalf("%+v, %v", n, err)
	}
	last := func(tab *Table) *version[chunk] { return tab.chunks.order[len(tab.chunks.order)-1] }
	vector := func(tab *Table) []float32 {
		for _, v := range tab.chunks.order {
			if v.lives() && v.rec.Vector != nil {
				return v.rec.Vector
			}
		}
		return nil
	}
	for name, harm := range map[string]func(*Table){
		"ID index":          func(tab *Table) { delete(tab.chunks.newest, last(tab).rec.ID) },
		"group":             func(tab *Table) { delete(tab.chunks.member[byDoc], last(tab).rec.DocID) },
		"member too much":   func(tab *Table) { tab.chunks.member[byDoc]["x"] = []*version[chunk]{last(tab)} },
		"group of records":  func(tab *Table) { clear(tab.docs.member[byRef]) },
		"order":             func(tab *Table) { slices.Reverse(tab.chunks.order) },
		"count":             func(tab *Table) { tab.chunks.live.Add(1) },
		"count of records":  func(tab *Table) { tab.docs.live.Add(-1) },
		"bytes":             func(tab *Table) { tab.chunks.bytes.Add(1) },
		"words":             func(tab *Table) { last(tab).rec.Text += " more words" },
		"words of the dead": func(tab *Table) { tab.words.Delete(last(tab).ord, 3) },
		"vector":            func(tab *Table) { vector(tab)[0] += .001 },
		"not a number":      func(tab *Table) { vector(tab)[0] = float32(math.NaN()) },
		"dimension":         func(tab *Table) { tab.space.dim++ },
		"two at once":       func(tab *Table) { tab.chunks.order[0].deleted.Store(9) },
	} {
		tab := build()
		harm(tab)
		if _, err := tab.Check(context.Background()); err == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}

// Entries make a table of the same state, in pieces of any size.
func TestEntries(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	tab := New()
	for seq := range uint64(5) {
		apply(t, tab, seq+1, record.Deletion{Sources: []string{"wiki"}}, storetest.RandomChunks(rng, 9, dim)...)
	}
	apply(t, tab, 6, record.Deletion{All: true})
	for seq := range uint64(7) {
		for _, size := range []int{1, 700, 1 << 30} {
			made := New()
			for e := range tab.Entries(seq, size) {
				if _, err := made.Apply(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := Diff(context.Background(), tab.At(seq), made.At(seq)); err != nil {
				t.Fatalf("state %d in pieces of %d: %v", seq, size, err)
			}
		}
	}
}
