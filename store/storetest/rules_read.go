package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

var readRules = []rule{
	{"get-order", "Get returns the chunks in the order of ids", testGetOrder},
	{"get-missing", "IDs that are not there are left out", testGetMissing},
	{"get-once", "Get returns each chunk once, where its ID comes first", testGetOnce},
	{"fields", "what Fields names is filled in, and of the rest only what always is", testFields},
	{"scan-order", "Scan yields chunks in ascending order of ID, by bytes, or in another that depends on the IDs alone", testScanOrder},
	{"scan-complete", "Scan yields every chunk once", testScanComplete},
	{"scan-after", "Scan yields only what comes behind After in its order, whether or not there is such a chunk", testScanAfter},
	{"docs-order", "Docs yields records in ascending order of ID, by bytes, or in another that depends on the IDs alone", testDocsOrder},
	{"docs-query", "a record passes if it passes every field of the DocQuery that is set", testDocsQuery},
	{"docs-many", "a DocQuery may name hundreds of refs, sources or IDs", testDocsMany},
	{"records-alone", "a record needs no chunks, and chunks no record", testRecordsAlone},
	{"other-handle", "a Write is visible at once to other handles of the DB, unless the store is Eventual", testOtherHandle},
}

func testGetOrder(t *trial) {
	s := t.empty()
	chunks := t.random(30)
	s.put(chunks...)
	t.rand.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
	if d := diffChunks(chunks, s.get(store.FieldsAll, chunkIDs(chunks)...), t.h.Tolerance); d != "" {
		t.Faultf("Get of %d shuffled ids: %s", len(chunks), d)
	}
}

func testGetMissing(t *trial) {
	s := t.empty()
	s.put(t.chunk("a", "doc", "text"), t.chunk("c", "doc", "text"))
	for _, c := range []struct{ ids, want []string }{
		{nil, nil}, {[]string{"b"}, nil}, {[]string{"", "A", "a "}, nil},
		{[]string{"c", "b", "a"}, []string{"c", "a"}},
	} {
		if d := diffIDs(c.want, chunkIDs(s.get(0, c.ids...))); d != "" {
			t.Faultf("Get of %q: %s", c.ids, d)
		}
	}
	many := make([]string, 1500)
	for i := range many {
		many[i] = fmt.Sprintf("missing %d", i)
	}
	many[1200] = "a"
	if d := diffIDs([]string{"a"}, chunkIDs(s.get(0, many...))); d != "" {
		t.Faultf("Get of %d ids of which one is there: %s", len(many), d)
	}
}

func testGetOnce(t *trial) {
	s := t.empty()
	s.put(t.chunk("a", "doc", "text"), t.chunk("b", "doc", "text"))
	if d := diffIDs([]string{"b", "a"}, chunkIDs(s.get(0, "b", "a", "b", "a", "a"))); d != "" {
		t.Faultf("Get of b, a, b, a, a: %s", d)
	}
}

func testFields(t *trial) {
	s := t.empty()
	c, _ := t.rich("chunk", "doc")
	c.Text = commonWord + " " + c.Text
	c.End = c.Start + len(c.Text)
	s.put(c)
	fields := []store.Fields{store.FieldsNone, store.FieldText, store.FieldOrigin, store.FieldMarks, store.FieldMeta,
		store.FieldVector, store.FieldText | store.FieldMeta, store.FieldsRead, store.FieldsAll}
	for _, f := range fields {
		want := []store.Chunk{c.Select(f)}
		check := func(what string, got []store.Chunk) {
			if d := diffChunks(want, got, t.h.Tolerance); d != "" {
				t.Faultf("%s with Fields %#b: %s", what, f, d)
			}
		}
		check("Get", s.get(f, "chunk"))
		check("Scan", s.scan(store.ScanQuery{Fields: f}))
		for _, q := range t.queries(s) {
			q.Fields = f
			var got []store.Chunk
			for _, h := range s.search(q) {
				got = append(got, h.Chunk)
			}
			check("Search for "+showQuery(q), got)
		}
	}
}

// mixed returns IDs whose order by bytes differs from that of a dictionary.
func mixed() []string {
	return []string{"b", "B", "a", "A", "a1", "a-1", "a_1", "a 1", "a", "é", "z", "ä", "Z", "10", "9", "~", "a.1", "\U0001F600", "\uFFFD", "日本", "É", "_", "aa"}
}

func testScanOrder(t *trial) {
	s := t.empty()
	for _, id := range mixed() {
		s.put(t.chunk(id, "doc", "text"))
	}
	want := slices.Compact(slices.Sorted(slices.Values(mixed())))
	got := chunkIDs(s.scanned(store.ScanQuery{}))
	if !t.info().Features.Ordered {
		// The order of some of them, written in another order to another
		// namespace, is that of all.
		other := t.empty()
		var want []string
		for i, id := range slices.Backward(got) {
			if i%3 != 1 {
				other.put(t.chunk(id, "another", "words"))
				want = append(want, id)
			}
		}
		slices.Reverse(want)
		if d := diffIDs(want, chunkIDs(other.scanned(store.ScanQuery{}))); d != "" {
			t.Faultf("Scan of some of the IDs %q: %s", got, d)
		}
		slices.Sort(got)
	}
	if d := diffIDs(want, got); d != "" {
		t.Faultf("Scan: %s", d)
	}
}

// pages is a number of chunks that the pages of a reader are likely to divide,
// and to leave a rest.
const pages = 1001

func testScanComplete(t *trial) {
	s := t.empty()
	chunks := make([]store.Chunk, pages)
	for i := range chunks {
		chunks[i] = t.chunk(fmt.Sprintf("c%04d", i), fmt.Sprintf("d%d", i/7), "text")
		chunks[i].Ordinal = i % 7
	}
	s.put(chunks...)
	if d := diffIDs(chunkIDs(chunks), chunkIDs(s.scan(store.ScanQuery{}))); d != "" {
		t.Faultf("Scan of %d chunks: %s", pages, d)
	}
	var want []string
	for _, c := range chunks {
		if c.Ordinal == 3 {
			want = append(want, c.ID)
		}
	}
	if d := diffIDs(want, chunkIDs(s.scan(store.ScanQuery{Filter: store.Ordinals(3, 3)}))); d != "" {
		t.Faultf("Scan with a filter that one in seven of %d chunks passes: %s", pages, d)
	}
	s.write(store.Change{Delete: store.Not(store.Ordinals(3, 3))})
	if d := diffIDs(want, chunkIDs(s.scan(store.ScanQuery{}))); d != "" {
		t.Faultf("Scan after six in seven of %d chunks were deleted: %s", pages, d)
	}
}

func testScanAfter(t *trial) {
	s := t.empty()
	ids := slices.Compact(slices.Sorted(slices.Values(mixed())))
	for _, id := range ids {
		s.put(t.chunk(id, "doc", "text"))
	}
	all := chunkIDs(s.scanned(store.ScanQuery{}))
	for _, after := range append([]string{"", "a0", "!", "\U0010FFFF"}, ids...) {
		want := s.behind(after, all)
		if d := diffIDs(want, chunkIDs(s.scanned(store.ScanQuery{After: after}))); d != "" {
			t.Faultf("Scan after %q: %s", after, d)
		}
		q := store.ScanQuery{After: after, Filter: store.Not(store.IDs("a", "z"))}
		want = slices.DeleteFunc(want, func(id string) bool { return id == "a" || id == "z" })
		if d := diffIDs(want, chunkIDs(s.scanned(q))); d != "" {
			t.Faultf("Scan after %q with filter %s: %s", after, showFilter(q.Filter), d)
		}
	}
}

// behind returns those of all, which are in the order of a Scan, that come
// behind an ID. Where the order is the store's own and the ID is not among
// them, its place is found by writing it.
func (s *shelf) behind(id string, all []string) []string {
	i, there := 0, id == ""
	switch {
	case there:
	case s.Info().Features.Ordered:
		i, there = slices.BinarySearch(all, id)
		if there {
			i++
		}
	case slices.Contains(all, id):
		i = slices.Index(all, id) + 1
	default:
		s.put(s.t.chunk(id, "doc", "text"))
		i = slices.Index(chunkIDs(s.scanned(store.ScanQuery{})), id)
		s.write(store.Change{Delete: store.IDs(id)})
	}
	return slices.Clone(all[i:])
}

func testDocsOrder(t *trial) {
	s := t.empty()
	var docs []store.Doc
	for _, id := range mixed() {
		docs = append(docs, record(id, 0))
	}
	s.write(store.Change{Docs: docs})
	want := slices.Compact(slices.Sorted(slices.Values(mixed())))
	got := docIDs(s.documented(store.DocQuery{}))
	if !t.info().Features.Ordered {
		some := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return id < "a" })
		slices.Reverse(docs)
		s.write(store.Change{Docs: docs})
		if d := diffIDs(some, docIDs(s.documented(store.DocQuery{IDs: slices.Sorted(slices.Values(some))}))); d != "" {
			t.Faultf("Docs of some of the IDs %q: %s", got, d)
		}
		slices.Sort(got)
	}
	if d := diffIDs(want, got); d != "" {
		t.Faultf("Docs: %s", d)
	}
}

func testDocsQuery(t *trial) {
	w := t.beside()
	var docs []store.Doc
	for i := range 12 {
		d := record(fmt.Sprintf("doc%d", i), 0)
		d.Source, d.Ref = fmt.Sprintf("source%d", i%3), fmt.Sprintf("ref%d", i%4)
		docs = append(docs, d)
	}
	w.write(store.Change{Docs: docs})
	for _, q := range []store.DocQuery{
		{},
		{Sources: []string{}, Refs: []string{}, IDs: []string{}},
		{Sources: []string{"source1"}},
		{Sources: []string{"source1", "nosuch", "source0"}},
		{Refs: []string{"ref2"}},
		{IDs: []string{"doc5", "doc3", "doc5", "doc"}},
		{Sources: []string{"source1"}, Refs: []string{"ref1", "ref2"}},
		{Sources: []string{"source1"}, Refs: []string{"ref1"}, IDs: []string{"doc1", "doc2"}},
		{Sources: []string{"source1"}, IDs: []string{"doc0"}},
		{Sources: []string{"nosuch"}},
		{Sources: []string{""}},
	} {
		want, err := drain(w.model.Docs(t.ctx, q))
		if err != nil {
			t.Fatalf("reference: %v", err)
		}
		if d := diffDocs(want, w.docs(q)); d != "" {
			t.Faultf("Docs of %+v: %s", q, d)
		}
	}
}

func testDocsMany(t *trial) {
	s := t.empty()
	var docs []store.Doc
	for i := range 700 {
		d := record(fmt.Sprintf("doc%03d", i), 0)
		d.Source = "source " + d.ID
		docs = append(docs, d)
	}
	s.write(store.Change{Docs: docs})
	var want []store.Doc
	var refs, ids, sources []string
	for i, d := range docs {
		if i%2 == 0 {
			want = append(want, d)
			refs, ids, sources = append(refs, d.Ref), append(ids, d.ID), append(sources, d.Source)
		}
	}
	t.rand.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
	for what, q := range inOrder(map[string]store.DocQuery{
		"refs": {Refs: refs}, "IDs": {IDs: ids}, "sources": {Sources: sources}, "all three": {Refs: refs, IDs: ids, Sources: sources},
	}) {
		if d := diffDocs(want, s.docs(q)); d != "" {
			t.Faultf("Docs by %d %s: %s", len(refs), what, d)
		}
	}
}

func testRecordsAlone(t *trial) {
	w := t.beside()
	w.write(store.Change{Docs: []store.Doc{record("alone", 5)}})
	w.write(t.upsert(t.chunk("chunk", "orphan", strings.Repeat("text ", 3))))
	w.same("a Write of a record without chunks and of a chunk without record")
}

func testOtherHandle(t *trial) {
	if t.info().Features.Visibility == store.Eventual {
		t.Skipf("Info declares the store Eventual")
	}
	a := t.empty()
	b := t.namespace(a.db, a.name)
	for i := range 20 {
		c := t.chunk(fmt.Sprintf("c%02d", i), "doc", commonWord)
		change := t.upsert(c)
		change.Docs = []store.Doc{record("doc", i+1)}
		if _, err := a.Write(t.ctx, change); err != nil {
			t.Fatalf("Write: %v", err)
		}
		for what, s := range inOrder(map[string]*shelf{"the handle that wrote": a, "another handle": b}) {
			if len(s.get(0, c.ID)) != 1 {
				t.Faultf("Get by %s does not find a chunk whose Write has returned", what)
			}
			if d := s.docs(store.DocQuery{IDs: []string{"doc"}}); len(d) != 1 || d[0].Chunks != i+1 {
				t.Faultf("Docs by %s does not yield a record whose Write has returned", what)
			}
			for _, q := range t.queries(s) {
				q.K = 100
				if n := len(s.search(q)); n != i+1 {
					t.Faultf("Search by %s for %s finds %d, want %d written before", what, showQuery(q), n, i+1)
				}
			}
		}
	}
}
