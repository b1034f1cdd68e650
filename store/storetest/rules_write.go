package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quarry-go/quarry/store"
)

var writeRules = []rule{
	{"round-trip", "what is written is read back as it was, every field of a Chunk and of a Doc", testRoundTrip},
	{"replace", "a chunk replaces one with its ID, whole: nothing of the old one stays", testReplace},
	{"move", "a chunk replaces one with its ID, whatever document or source that was of", testMove},
	{"duplicate-chunks", "of two chunks with one ID in the Change the last wins, and is stored once", testDuplicateChunks},
	{"duplicate-records", "of two records with one ID in the Change the last wins, and is stored once", testDuplicateRecords},
	{"nil-delete", "a nil Delete deletes nothing", testNilDelete},
	{"delete", "Delete removes what the filter matches, and nothing else", testDelete},
	{"delete-first", "the state after a Change is the state before, less what Delete matches, plus Upsert", testDeleteFirst},
	{"delete-records", "Delete removes the record of each document that loses a chunk, and of each without chunks that it matches", testDeleteRecords},
	{"records-last", "records in Docs are written after Delete has removed records", testRecordsLast},
	{"records-stay", "an Upsert without Docs leaves the records as they are", testRecordsStay},
	{"counts", "Changed counts distinct chunks and records written, and chunks that are no more", testCounts},
	{"nothing", "a Change that says nothing changes nothing", testNothing},
	{"large", "a limit of 0 means no limit beyond memory", testLarge},
	{"many", "a Change may hold thousands of chunks and replace many documents", testMany},
}

// rich returns a chunk with every field set, and its record.
func (t *trial) rich(id, doc string) (store.Chunk, store.Doc) {
	c := t.chunk(id, doc, "Refunds are approved by Ada.\nÜber 100 € by two — 例外なし \U0001F680\t.")
	c.Source, c.Ordinal, c.Version = "wiki", 7, "sha256:0f"
	c.Start = 1 << 30
	c.End = c.Start + len(c.Text)
	c.Prefix = "Handbook > Refunds"
	c.Origin = store.Origin{
		URI: "https://example.org/a?b=c&d#e", Title: "The \"Handbook\"", Lang: "en-GB",
		Modified: time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC),
		Trust:    store.Reviewed, Principals: []string{"ann", "group:ops"},
	}
	c.Marks = []store.Mark{
		{Kind: "page", Start: c.Start - 100, End: c.End + 1000, Label: "xii", Anchor: "page=12"},
		{Kind: "heading", Start: c.Start - 10, End: c.Start - 1, Label: "Refunds", Anchor: "Refunds", Level: 2},
	}
	c.EmbedKey = "embed:1"
	c.Meta = map[string]any{
		"lang": "en", "draft": false, "year": int64(-store.MaxInt), "price": 3.0,
		"seen": time.Date(1969, 7, 20, 20, 17, 40, 1000, time.UTC), "tags": []string{"b", "", "a", "b"},
		"any": []string{}, "Other_9": int64(3), "f": .1, "big": 1.7976931348623157e308, "small": 5e-324,
		"on": true, "empty": "", "digits": "007", "date": "2024-02-29T00:00:00Z",
		"first": time.Time{}, "last": time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	}
	t.fit(&c)
	d := store.Doc{ID: doc, Source: c.Source, Ref: "a/b.md", RefVersion: "etag \"x\"", Version: c.Version, Chunks: 9, Origin: c.Origin}
	return c, d
}

func testRoundTrip(t *trial) {
	w := t.beside()
	c, d := t.rich("chunk", "doc")
	bare := store.Chunk{ID: "bare", DocID: "bare doc"}
	change := t.upsert(c, bare)
	change.Docs = []store.Doc{d, {ID: "bare doc"}}
	w.write(change)
	w.same("a Write of a full and of a bare chunk")
	want := []store.Chunk{c, bare}
	if d := diffChunks(want, w.get(store.FieldsAll, "chunk", "bare"), t.h.Tolerance); d != "" {
		t.Faultf("Get: %s", d)
	}
	for i, c := range t.random(40) {
		c.ID = fmt.Sprintf("random %d", i)
		w.write(t.upsert(c))
	}
	w.same("writes of random chunks")
}

func testReplace(t *trial) {
	w := t.beside()
	c, d := t.rich("chunk", "doc")
	change := t.upsert(c)
	change.Docs = []store.Doc{d}
	w.write(change)
	other := store.Chunk{ID: "chunk", DocID: "doc", Text: "new", End: 3, Meta: map[string]any{"year": int64(1)}}
	w.write(store.Change{Upsert: []store.Chunk{other}, Docs: []store.Doc{{ID: "doc", Version: "v2"}}})
	w.same("a full chunk was replaced by a bare one")
	w.write(change)
	w.same("a bare chunk was replaced by a full one")
}

func testMove(t *trial) {
	w := t.beside()
	a := t.chunk("chunk", "doc one", "text")
	w.write(t.upsert(a))
	a.DocID, a.Source = "doc two", "elsewhere"
	w.write(t.upsert(a))
	w.same("a chunk moved to another document and source")
	for _, c := range []struct {
		f    store.Filter
		want int
	}{
		{store.Docs("doc one"), 0}, {store.Docs("doc two"), 1}, {store.Sources("source"), 0}, {store.Sources("elsewhere"), 1},
	} {
		if n := len(w.scan(store.ScanQuery{Filter: c.f})); n != c.want {
			t.Faultf("Scan with %s finds %d chunks, want %d", showFilter(c.f), n, c.want)
		}
	}
}

func testDuplicateChunks(t *trial) {
	w := t.beside()
	first, middle, last := t.chunk("same", "doc", "quixnar"), t.chunk("other", "doc", "velbort"), t.chunk("same", "doc", "zandril")
	w.write(t.upsert(first, middle, last))
	w.same("a Write of two chunks with one ID")
	for _, q := range t.queries(w.shelf) {
		if q.Text != "" {
			q.Text = "quixnar velbort zandril"
		}
		hits := hitIDs(w.search(q))
		slices.Sort(hits)
		if d := diffIDs([]string{"other", "same"}, hits); d != "" {
			t.Faultf("Search for %s after a Write of two chunks with one ID: %s", showQuery(q), d)
		}
	}
}

func testDuplicateRecords(t *trial) {
	w := t.beside()
	first, last := record("doc", 1), record("doc", 2)
	first.Version, last.Version = "first", "last"
	w.write(store.Change{Docs: []store.Doc{first, record("other", 0), last}})
	w.same("a Write of two records with one ID")
}

func testNilDelete(t *trial) {
	w := t.beside()
	w.write(t.upsert(t.random(10)...))
	w.write(store.Change{Docs: []store.Doc{record("doc", 0)}})
	w.write(t.upsert(t.chunk("chunk", "other", "text")))
	w.same("writes without Delete")
}

func testDelete(t *trial) {
	w := t.beside()
	chunks := t.random(60)
	all := t.upsert(chunks...)
	all.Docs = RecordsOf(chunks)
	w.write(all)
	for _, f := range []store.Filter{
		store.IDs(), store.Or(), store.IDs("nosuch"), store.IDs(chunks[3].ID), store.Docs(chunks[10].DocID, chunks[30].DocID),
		store.Sources(chunks[20].Source), store.Not(store.Exists("year")), store.All(),
	} {
		w.write(store.Change{Delete: f})
		if !w.same("Delete %s", showFilter(f)) {
			return
		}
	}
	w.write(all)
	w.same("everything was deleted and written again")
}

func testDeleteFirst(t *trial) {
	w := t.beside()
	kept, gone := t.chunk("kept", "doc", "old text"), t.chunk("gone", "doc", "old text")
	w.write(t.upsert(kept, gone, t.chunk("other", "another", "text")))
	kept.Text, kept.End, kept.Version = "new text!", 9, "v2"
	change := t.upsert(kept, t.chunk("new", "doc", "new text"))
	change.Delete = store.Docs("doc")
	w.write(change)
	w.same("a document was replaced in one Change, one chunk of it under its old ID")
	change = t.upsert(t.chunk("last", "doc", "text"))
	change.Delete = store.All()
	w.write(change)
	w.same("Delete All with an Upsert")
}

func testDeleteRecords(t *trial) {
	for _, c := range []struct {
		f    store.Filter
		back bool // the change puts chunk a1 back
	}{
		{f: store.IDs("a1")},
		{f: store.IDs("a1"), back: true},
		{f: store.IDs("a0", "a1")},
		{f: store.IDs("nosuch")},
		{f: store.Or()},
		{f: store.Docs("A")},
		{f: store.Docs("C")},
		{f: store.Docs("B", "D")},
		{f: store.Sources("s1")},
		{f: store.And(store.Sources("s1"), store.Ordinals(1, 1))},
		{f: store.Ordinals(0, 0)},
		{f: store.Not(store.Readable())},
		{f: store.Exists("lang")},
		{f: store.Not(store.IDs("a0"))},
		{f: store.And(store.Docs("A", "C"), store.Not(store.Exists("lang")))},
		{f: store.All()},
	} {
		w := t.beside()
		a0, a1, b0, e0 := t.chunk("a0", "A", "text"), t.chunk("a1", "A", "text"), t.chunk("b0", "B", "text"), t.chunk("e0", "E", "text")
		a1.Ordinal = 1
		a0.Source, a1.Source, b0.Source, e0.Source = "s1", "s1", "s2", "s1"
		a1.Meta = map[string]any{"lang": "en"}
		change := t.upsert(a0, a1, b0, e0)
		for _, id := range []string{"A", "B", "C", "D"} {
			d := record(id, 0)
			d.Source = map[string]string{"A": "s1", "B": "s2", "C": "s1", "D": "s2"}[id]
			if id == "C" {
				d.Origin.Principals = []string{"ann"}
			}
			change.Docs = append(change.Docs, d)
		}
		w.write(change)
		change = store.Change{Delete: c.f}
		if c.back {
			change = t.upsert(a1)
			change.Delete = c.f
		}
		w.write(change)
		w.same("Delete %s over documents A (2 chunks), B (1), C and D (none), and E that has no record", showFilter(c.f))
	}
}

func testRecordsLast(t *trial) {
	w := t.beside()
	change := t.upsert(t.chunk("a", "doc", "text"), t.chunk("b", "other", "text"))
	change.Docs = []store.Doc{record("doc", 1), record("other", 1), record("empty", 0)}
	w.write(change)
	change = t.upsert(t.chunk("c", "doc", "new"))
	change.Delete = store.Or(store.Docs("doc", "empty"))
	change.Docs = []store.Doc{record("doc", 1)}
	change.Docs[0].Version = "v2"
	w.write(change)
	w.same("a document and its record were replaced in one Change")
}

func testRecordsStay(t *trial) {
	w := t.beside()
	change := t.upsert(t.chunk("a", "doc", "text"))
	change.Docs = []store.Doc{record("doc", 1)}
	w.write(change)
	w.write(t.upsert(t.chunk("a", "doc", "new text"), t.chunk("b", "doc", "more")))
	w.same("an Upsert of chunks of a document that has a record")
}

func testCounts(t *trial) {
	w := t.beside() // its write compares the counts
	change := t.upsert(t.chunk("a", "doc", "1"), t.chunk("b", "doc", "2"), t.chunk("a", "doc", "3"))
	change.Docs = []store.Doc{record("doc", 2), record("doc", 3)}
	w.write(change)
	change = t.upsert(t.chunk("b", "doc", "4"), t.chunk("c", "doc", "5"))
	change.Delete = store.Docs("doc")
	w.write(change)
	w.write(store.Change{Delete: store.IDs("nosuch")})
	w.write(store.Change{Delete: store.All()})
}

func testNothing(t *trial) {
	w := t.beside()
	w.write(store.Change{})
	w.write(t.upsert(t.random(3)...))
	w.write(store.Change{})
	w.write(store.Change{Delete: store.Or()})
	w.same("empty changes")
}

func testLarge(t *trial) {
	w := t.beside()
	l := w.Info().Limits
	c := t.chunk("large", "doc", "text")
	if l.TextBytes == 0 {
		c.Text = strings.Repeat("Ein Wort und noch eines. ", 40_000)
		c.End = len(c.Text)
	}
	if l.MetaBytes == 0 {
		c.Meta = map[string]any{"lang": strings.Repeat("x", 100_000), "tags": strings.Fields(strings.Repeat("tag ", 10_000))}
	}
	if l.IDBytes == 0 {
		c.ID, c.DocID, c.Source = strings.Repeat("i", 5000), strings.Repeat("d", 5000), strings.Repeat("s", 5000)
	}
	for i := range 1000 {
		c.Marks = append(c.Marks, store.Mark{Kind: "line", Start: i, End: i + 1, Label: fmt.Sprint(i)})
	}
	change := t.upsert(c)
	change.Docs = RecordsOf(change.Upsert)
	w.write(change)
	w.same("a Write of a chunk that is large in all that has no limit")
	f := store.And(store.IDs(c.ID), store.Docs(c.DocID), store.Sources(c.Source))
	if d := diffIDs([]string{c.ID}, chunkIDs(w.scan(store.ScanQuery{Filter: f}))); d != "" {
		t.Faultf("Scan by a large ID, document and source: %s", d)
	}
}

// bulk is more than the requests of the servers that we know hold: 1,000
// vectors, or 500 objects.
const bulk = 2500

func testMany(t *trial) {
	w := t.beside()
	chunks := make([]store.Chunk, bulk)
	for i := range chunks {
		chunks[i] = t.chunk(fmt.Sprintf("c%05d", i), fmt.Sprintf("d%d", i/10), strings.Repeat("word ", i%20))
		chunks[i].Ordinal = i % 10
	}
	change := t.upsert(chunks...)
	change.Docs = RecordsOf(chunks)
	w.write(change)
	w.same("one Write of %d chunks and %d records", len(chunks), len(change.Docs))
	for i := range chunks {
		chunks[i].ID = "n" + chunks[i].ID
	}
	change.Upsert, change.Docs = chunks[:1000], RecordsOf(chunks[:1000])
	change.Delete = store.Docs(docIDs(change.Docs)...)
	w.write(change)
	w.same("one Write that replaced %d documents", len(change.Docs))
}
