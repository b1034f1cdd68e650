package storetest

import (
	"slices"
	"time"

	"github.com/quarry-go/quarry/store"
)

var ownershipRules = []rule{
	{"arguments-kept", "arguments are not kept after the call: changing them later changes nothing stored", testArgumentsKept},
	{"arguments-read", "arguments are only read", testArgumentsRead},
	{"results", "results are copies: changing them changes nothing stored, nor other results", testResults},
	{"results-stay", "results do not change under later writes", testResultsStay},
}

// scribble overwrites everything that a chunk shares.
func scribble(c *store.Chunk) {
	for i := range c.Vector {
		c.Vector[i] = 9
	}
	for i := range c.Marks {
		c.Marks[i] = store.Mark{Kind: "scribble"}
	}
	for i := range c.Origin.Principals {
		c.Origin.Principals[i] = "scribble"
	}
	for k, v := range c.Meta {
		if l, ok := v.([]string); ok {
			for i := range l {
				l[i] = "scribble"
			}
		}
		c.Meta[k] = "scribble"
	}
	if c.Meta != nil {
		c.Meta["scribble"] = true
	}
}

// richChange is a Change with something in every place that could be shared.
func (t *trial) richChange() store.Change {
	c, d := t.rich("chunk", "doc")
	c.Text = commonWord + c.Text
	c.End = c.Start + len(c.Text)
	other := c.Clone()
	other.ID = "other"
	change := t.upsert(c, other)
	change.Docs = []store.Doc{d}
	change.Docs[0].Origin = d.Origin.Clone()
	return change
}

func cloneChange(c store.Change) store.Change {
	c.Upsert = slices.Clone(c.Upsert)
	for i := range c.Upsert {
		c.Upsert[i] = c.Upsert[i].Clone()
	}
	c.Docs = slices.Clone(c.Docs)
	for i := range c.Docs {
		c.Docs[i].Origin = c.Docs[i].Origin.Clone()
	}
	return c
}

func testArgumentsKept(t *trial) {
	w := t.beside()
	change := t.richChange()
	want := cloneChange(change)
	w.write(change)
	for i := range change.Upsert {
		scribble(&change.Upsert[i])
		change.Upsert[i] = store.Chunk{ID: "scribble"}
	}
	change.Docs[0].Origin.Principals[0] = "scribble"
	change.Docs[0] = store.Doc{ID: "scribble"}
	w.same("the Change was overwritten by its caller")

	ids := []string{"chunk", "other"}
	chunks := w.get(store.FieldsAll, ids...)
	ids[0] = "scribble"
	if d := diffChunks(want.Upsert, chunks, t.h.Tolerance); d != "" {
		t.Faultf("Get, after its ids were overwritten: %s", d)
	}
	for _, q := range t.queries(w.shelf) {
		w.search(q)
		scribble(&store.Chunk{Vector: q.Vector})
	}
	w.same("ids and vectors of reads were overwritten by their caller")
}

func testArgumentsRead(t *trial) {
	s := t.empty()
	change := t.richChange()
	change.Upsert = append(change.Upsert, change.Upsert[0].Clone()) // a double, which a store drops
	change.Delete = store.And(store.IDs("b", "a", "b"), store.In("lang", "b", "a"))
	want := cloneChange(change)
	s.write(change)
	if d := diffChunks(want.Upsert, change.Upsert, 0); d != "" {
		t.Faultf("Write changed its argument: %s", d)
	}
	if d := diffDocs(want.Docs, change.Docs); d != "" {
		t.Faultf("Write changed its argument: %s", d)
	}
	if showFilter(change.Delete) != showFilter(want.Delete) {
		t.Faultf("Write changed its filter to %s", showFilter(change.Delete))
	}
	ids := []string{"other", "chunk", "other", "nosuch"}
	kept := slices.Clone(ids)
	s.get(0, ids...)
	if !slices.Equal(ids, kept) {
		t.Faultf("Get changed its ids to %q", ids)
	}
	q := store.DocQuery{Sources: []string{"wiki", "a", "wiki"}, Refs: []string{"z", "a/b.md", "a"}, IDs: []string{"doc", "a", "doc"}}
	s.docs(q)
	if !slices.Equal(q.Sources, []string{"wiki", "a", "wiki"}) || !slices.Equal(q.Refs, []string{"z", "a/b.md", "a"}) || !slices.Equal(q.IDs, []string{"doc", "a", "doc"}) {
		t.Faultf("Docs changed its query to %q", q)
	}
	for _, q := range t.queries(s) {
		kept := slices.Clone(q.Vector)
		q.Filter = store.Or(store.IDs("z", "chunk", "a"), store.In("year", 3, 1, 2))
		f := showFilter(q.Filter)
		s.search(q)
		s.scan(store.ScanQuery{Filter: q.Filter})
		if !slices.Equal(q.Vector, kept) {
			t.Faultf("Search changed its Vector")
		}
		if showFilter(q.Filter) != f {
			t.Faultf("Search or Scan changed its filter to %s", showFilter(q.Filter))
		}
	}
}

func testResults(t *trial) {
	w := t.beside()
	w.write(t.richChange())
	a, b := w.get(store.FieldsAll, "chunk", "other"), w.get(store.FieldsAll, "chunk", "other")
	kept := b[1].Clone()
	scribble(&a[0])
	scribble(&b[0])
	if d := diffChunk(kept, b[1], 0); d != "" {
		t.Faultf("one result changed with another: %s", d)
	}
	w.same("chunks that Get returned were overwritten")
	for c, err := range w.Scan(t.ctx, store.ScanQuery{Fields: store.FieldsAll}) {
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		scribble(&c)
	}
	w.same("chunks that Scan yielded were overwritten")
	for _, d := range w.docs(store.DocQuery{}) {
		for i := range d.Origin.Principals {
			d.Origin.Principals[i] = "scribble"
		}
	}
	w.same("records that Docs yielded were overwritten")
	for _, q := range t.queries(w.shelf) {
		q.Fields = store.FieldsAll
		for range 2 {
			for _, h := range w.search(q) {
				scribble(&h.Chunk)
				h.Ranks[0] = store.Rank{Ranker: "scribble"}
			}
		}
		w.same("hits of a search for %s were overwritten", showQuery(q))
		for _, h := range w.search(q) {
			if h.Ranks[0].Ranker == "scribble" {
				t.Faultf("Ranks of a hit changed with those of an earlier one")
			}
		}
	}
	if f := w.Info().Schema.Fields; len(f) > 0 {
		kept := f[0]
		f[0].Key = "scribble"
		if w.Info().Schema.Fields[0] != kept {
			t.Faultf("Info().Schema changed with an earlier result")
		}
		f[0] = kept
	}
}

func testResultsStay(t *trial) {
	s := t.empty()
	change := t.richChange()
	s.write(change)
	got, docs := s.get(store.FieldsAll, "chunk"), s.docs(store.DocQuery{})
	kept, keptDoc := got[0].Clone(), docs[0]
	keptDoc.Origin = keptDoc.Origin.Clone()
	next := cloneChange(change)
	for i := range next.Upsert {
		u := &next.Upsert[i]
		u.Vector = opposite(u.Vector)
		u.Meta = map[string]any{"tags": []string{"z", "z", "z", "z"}}
		u.Origin.Modified = time.Time{}
		u.Origin.Principals = []string{"zoe", "zac"}
		u.Marks = []store.Mark{{Kind: "zzz"}, {Kind: "zzz"}}
	}
	next.Docs[0].Origin.Principals = []string{"zoe", "zac"}
	s.write(next)
	s.write(store.Change{Delete: store.All()})
	if d := diffChunk(kept, got[0], 0); d != "" {
		t.Faultf("a chunk that Get returned changed: %s", d)
	}
	if d := diffDoc(keptDoc, docs[0]); d != "" {
		t.Faultf("a record that Docs yielded changed: %s", d)
	}
}
