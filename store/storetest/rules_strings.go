package storetest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/store"
)

var stringRules = []rule{
	{"own", "every valid string is kept as it is, wherever strings go", func(t *trial) { testStrings(t, Strings(), 1) }},
	{"naughty", "every valid string is kept as it is, wherever strings go (Big List of Naughty Strings)", testNaughty},
	{"filters", "no string in a filter is more than a value", testStringFilters},
	{"queries", "no string in a DocQuery, an After or a Get is more than a value", testStringQueries},
	{"keys", "a string is a Meta key exactly if CanonicalMeta takes it", testStringKeys},
	{"namespaces", "every valid string names a namespace of its own", testStringNamespaces},
}

func testNaughty(t *trial) {
	list, err := naughtyStrings()
	if err != nil {
		t.Skipf("the list is not here: %v", err)
	}
	bad := func(s string) bool { return !utf8.ValidString(s) || strings.Contains(s, "\x00") }
	list = slices.DeleteFunc(list, bad)
	testStrings(t, list, 6)
	testKeys(t, list)
	if t.info().Features.Lexical {
		s := t.empty()
		s.put(t.random(3)...)
		for _, text := range list {
			s.search(store.Query{Text: text, K: 1})
		}
	}
}

// fits reports whether s may be an ID in the store, and three times in Meta,
// where JSON makes up to six bytes of one.
func (t *trial) fits(s string) bool {
	l := t.info().Limits
	return s != "" && (l.IDBytes == 0 || len(s) <= l.IDBytes) && (l.MetaBytes == 0 || 18*len(s) < l.MetaBytes)
}

// stringChunk returns a chunk and a record with s in every place.
func (t *trial) stringChunk(s string) (store.Chunk, store.Doc) {
	c := t.chunk(s, s, s)
	c.Source, c.Version, c.Prefix, c.EmbedKey = s, s, s, s
	c.Origin = store.Origin{URI: s, Title: s, Lang: s, Principals: []string{s}}
	c.Marks = []store.Mark{{Kind: s, Label: s, Anchor: s}}
	c.Meta = map[string]any{"lang": s, "tags": []string{s, "", s}}
	if limit := t.info().Limits.TextBytes; limit > 0 && 2*len(s) > limit {
		c.Prefix = ""
	}
	return c, store.Doc{ID: s, Source: s, Ref: s, RefVersion: s, Version: s, Chunks: 1, Origin: c.Origin}
}

// stringFilters returns filters that only the chunk of s passes.
func stringFilters(s string) []store.Filter {
	return []store.Filter{
		store.IDs(s), store.Docs(s), store.Sources(s), store.Readable(s), store.Eq("lang", s), store.And(store.Contains("tags", s), store.In("lang", s)),
	}
}

// filledBy returns a namespace with a chunk and a record of each string.
func (t *trial) filledBy(list []string) *twin {
	w := t.beside()
	change := store.Change{}
	for _, s := range list {
		if !t.fits(s) {
			continue
		}
		c, d := t.stringChunk(s)
		change.Upsert, change.Docs = append(change.Upsert, c), append(change.Docs, d)
	}
	change.Space = t.upsert(change.Upsert...).Space
	w.write(change)
	return w
}

// testStrings writes a chunk of each string, and asks one in n filters for each.
func testStrings(t *trial, list []string, n int) {
	w := t.filledBy(list)
	if !w.same("a Write of %d chunks and records that are strings throughout", len(list)) {
		return
	}
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !t.fits(s) })
	slices.Reverse(list)
	if d := diffIDs(list, chunkIDs(w.get(0, list...))); d != "" {
		t.Faultf("Get: %s", d)
	}
	for i, s := range list {
		for j, f := range stringFilters(s) {
			if (i+j)%n > 0 {
				continue
			}
			if d := diffIDs([]string{s}, chunkIDs(w.scan(store.ScanQuery{Filter: f}))); d != "" {
				t.Faultf("Scan with %s: %s", showFilter(f), d)
			}
		}
	}
	w.write(store.Change{Delete: store.IDs(list[:len(list)/2]...)})
	w.same("half of the strings were deleted by ID")
}

func testStringFilters(t *trial) {
	w := t.beside()
	w.write(t.upsert(t.random(20)...))
	for _, s := range Strings() {
		for _, f := range []store.Filter{
			store.Or(stringFilters(s)...), store.Not(store.Or(stringFilters(s)...)), store.Ne("lang", s), store.Ge("lang", s), store.Lt("any", s),
		} {
			if !w.pass(f) {
				return
			}
		}
	}
	for _, s := range Strings() {
		w.write(store.Change{Delete: store.And(stringFilters(s)...)})
	}
	w.same("Delete by each string")
}

func testStringQueries(t *trial) {
	w := t.filledBy(Strings())
	all := chunkIDs(w.scanned(store.ScanQuery{}))
	for _, s := range Strings() {
		if !t.fits(s) {
			continue
		}
		for _, q := range []store.DocQuery{{IDs: []string{s}}, {Refs: []string{s}}, {Sources: []string{s, "nosuch"}}, {IDs: []string{s}, Refs: []string{s}, Sources: []string{s}}} {
			if d := diffIDs([]string{s}, docIDs(w.docs(q))); d != "" {
				t.Faultf("Docs of %q: %s", q, d)
			}
		}
		if d := diffIDs([]string{s}, chunkIDs(w.get(0, s))); d != "" {
			t.Faultf("Get of %q: %s", s, d)
		}
		if d := diffIDs(w.behind(s, all), chunkIDs(w.scanned(store.ScanQuery{After: s}))); d != "" {
			t.Faultf("Scan after %q: %s", s, d)
		}
	}
}

func testStringKeys(t *trial) {
	testKeys(t, append(Strings(), "a", "Z9_", "select", "order", "id", "text", "vector", "__typename", "_id", "meta", strings.Repeat("k", 63)))
}

func testKeys(t *trial, keys []string) {
	strict := t.info().Schema.Strict
	b := t.bench()
	for _, s := range keys {
		if _, err := store.CanonicalMeta(map[string]any{s: "x"}); err != nil {
			b.refuse("the Meta key "+short(s), func(c *store.Chunk) { c.Meta = map[string]any{s: "x"} }, store.ErrInvalid)
			continue
		}
		if strict {
			continue
		}
		c := t.chunk("key "+s, "doc", "text")
		c.Meta = map[string]any{s: "x"}
		b.write(t.upsert(c))
		b.same("a Write with the Meta key %q", s)
		b.pass(store.Exists(s))
		b.pass(store.Eq(s, "x"))
	}
}

func testStringNamespaces(t *trial) {
	db := t.open()
	var names []string
	for _, s := range Strings() {
		if store.CheckNamespace(s) == nil {
			names = append(names, s)
		}
	}
	naughty, err := naughtyStrings()
	if err != nil {
		t.note("without the Big List of Naughty Strings: %v", err)
	}
	for i, s := range naughty {
		if i%20 == 0 && store.CheckNamespace(s) == nil && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	for i, name := range names {
		t.namespace(db, name).put(t.chunk(fmt.Sprintf("chunk %d", i), "doc", "text"))
	}
	for i, name := range names {
		if d := diffIDs([]string{fmt.Sprintf("chunk %d", i)}, chunkIDs(t.namespace(db, name).scan(store.ScanQuery{}))); d != "" {
			t.Faultf("Scan of namespace %q: %s", name, d)
		}
	}
	if d := diffIDs(slices.Sorted(slices.Values(names)), t.names(db)); d != "" {
		t.Faultf("Namespaces: %s", d)
	}
}
