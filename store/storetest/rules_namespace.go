package storetest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

var namespaceRules = []rule{
	{"names", "a name that CheckNamespace refuses is ErrInvalid", testBadNames},
	{"listing", "Namespaces yields the names of the namespaces that hold something, sorted by bytes", testListing},
	{"handle", "a handle does no I/O: a namespace exists from its first successful Write on, not before", testHandle},
	{"look-alikes", "names that differ in a byte name different namespaces", testLookAlikes},
	{"isolation", "a Store cannot reach another namespace by any read, whatever its filter", testIsolation},
	{"tenants", "whatever is asked of one of many namespaces, nothing of another is seen", testTenants},
	{"isolated-writes", "a Write changes no other namespace", testIsolatedWrites},
	{"drop", "Drop removes a namespace and all that it holds, and no other", testDrop},
	{"drop-missing", "dropping a namespace that does not exist is no error", testDropMissing},
}

func testBadNames(t *trial) {
	db := t.shared()
	for _, name := range []string{"", "a\x00", "\x00", "a\xff", strings.Repeat("n", store.MaxNamespace+1), "\xed\xa0\x80"} {
		if _, err := db.Namespace(name); !errors.Is(err, store.ErrInvalid) {
			t.Faultf("Namespace(%s): error is %v, want one that wraps %q", short(name), err, store.ErrInvalid)
		}
		t.refused("Drop("+short(name)+")", db.Drop(t.ctx, name), store.ErrInvalid)
	}
	long := strings.Repeat("é", store.MaxNamespace/2)
	s := t.namespace(db, long)
	s.put(t.chunk("a", "doc", "text"))
	if n := len(s.scan(store.ScanQuery{})); n != 1 {
		t.Faultf("a namespace with a name of %d bytes holds %d chunks, want 1", len(long), n)
	}
	if err := db.Drop(t.ctx, long); err != nil {
		t.Faultf("Drop: %v", err)
	}
}

func testListing(t *trial) {
	db := t.open()
	if got := t.names(db); len(got) > 0 {
		t.Faultf("a fresh DB lists %q", got)
	}
	for i, name := range mixed() {
		s := t.namespace(db, name)
		if i%2 == 0 {
			s.put(t.chunk("a", "doc", "text"))
		} else {
			s.write(store.Change{Docs: []store.Doc{record("doc", 0)}})
		}
	}
	want := slices.Compact(slices.Sorted(slices.Values(mixed())))
	if d := diffIDs(want, t.names(db)); d != "" {
		t.Faultf("Namespaces: %s", d)
	}
	var left []string
	for i, name := range want {
		if i%3 > 0 {
			left = append(left, name)
		} else if err := db.Drop(t.ctx, name); err != nil {
			t.Faultf("Drop(%q): %v", name, err)
		}
	}
	t.namespace(db, left[0]).settle()
	if d := diffIDs(left, t.names(db)); d != "" {
		t.Faultf("Namespaces after one in three was dropped: %s", d)
	}
}

func testHandle(t *trial) {
	db := t.open()
	s := t.namespace(db, "never written")
	s.get(0, "a")
	s.scan(store.ScanQuery{})
	s.docs(store.DocQuery{})
	for _, q := range t.queries(s) {
		s.search(q)
	}
	if _, err := s.Write(t.ctx, store.Change{Upsert: []store.Chunk{{}}}); err == nil {
		t.Faultf("Write of an empty chunk succeeds")
	}
	if got := t.names(db); len(got) > 0 {
		t.Faultf("Namespaces yields %q after reads and a refused Write", got)
	}
	s.put(t.chunk("a", "doc", "text"))
	if d := diffIDs([]string{"never written"}, t.names(db)); d != "" {
		t.Faultf("Namespaces after the first Write: %s", d)
	}
}

// alike are names that stores confuse: by case, by form, by pattern, by
// tokens, by path.
func alike() []string {
	return []string{
		"acme", "Acme", "ACME", "acme ", " acme", "acme-1", "acme_1", "acme 1", "acme.1", "acme1", "acme/1", "acme-1/x", "acme%", "acme*", "acme?", "a_me",
		"caf\u00e9", "cafe\u0301", "cafe", "straße", "STRASSE", "..", ".", "../acme", "acme/../acme", "acme\\1", "con", "nul", "acme\n", "acme'", "acme\"", "default", "_default", "__default__", "null", "public",
		"ａｃｍｅ", "аcme",
	}
}

// tenants fills one namespace of db for each name, all with the same IDs, and
// texts and metadata that name the tenant.
func (t *trial) tenants(db store.DB, names []string) map[string]*shelf {
	shelves := map[string]*shelf{}
	v := t.vector()
	for i, name := range names {
		s := t.namespace(db, name)
		var chunks []store.Chunk
		for j := range 3 {
			c := t.chunk(fmt.Sprintf("c%d", j), "doc", fmt.Sprintf("%s canary%d", commonWord, i))
			c.Vector, c.Ordinal, c.Version = v, j, name
			c.Meta = map[string]any{"lang": name, "tags": []string{name}}
			chunks = append(chunks, c)
		}
		change := t.upsert(chunks...)
		own := t.chunk(fmt.Sprintf("own%d", i), fmt.Sprintf("own doc %d", i), commonWord)
		own.Version = name
		change.Upsert = append(change.Upsert, own)
		change.Docs = []store.Doc{record("doc", 3), record(own.DocID, 1)}
		change.Docs[0].Version, change.Docs[1].Version = name, name
		s.write(change)
		shelves[name] = s
	}
	return shelves
}

// crossings reads a namespace by every path with the filter and reports what
// of another is seen. Every chunk and record of it has the name as its Version.
func (s *shelf) crossings(name string, f store.Filter) {
	check := func(path string, id, version string) {
		if version != name {
			s.t.Faultf("%s with %s in namespace %q returns %q of namespace %q", path, showFilter(f), name, id, version)
		}
	}
	for _, c := range s.scan(store.ScanQuery{Filter: f}) {
		check("Scan", c.ID, c.Version)
	}
	for _, q := range s.t.queries(s) {
		q.Filter, q.K = f, 50
		for _, h := range s.search(q) {
			check("Search", h.Chunk.ID, h.Chunk.Version)
		}
	}
}

func testLookAlikes(t *trial) {
	db := t.open()
	for name, s := range inOrder(t.tenants(db, alike())) {
		if n := len(s.scan(store.ScanQuery{})); n != 4 {
			t.Faultf("namespace %q holds %d chunks, want its own 4", name, n)
		}
		s.crossings(name, nil)
	}
}

func testIsolation(t *trial) {
	db := t.open()
	names := []string{"tenant one", "tenant two", "tenant' OR '1'='1", `tenant") || ("`, "tenant%"}
	shelves := t.tenants(db, names)
	all := append([]string{"", "*", "%", `" or "1"=="1`, `') OR ns LIKE '%`, "own0", "own1", "own2", "doc", "own doc 1"}, names...)
	hostile := []store.Filter{
		nil, store.All(), store.And(), store.Not(store.Or()), store.Not(store.IDs()), store.Or(store.All(), store.Sources("nosuch")),
		store.Or(store.All(), store.Not(store.All())), store.Not(store.And(store.Not(store.All()))), store.Or(store.Not(store.Exists("lang")), store.Exists("lang")),
		store.IDs(all...), store.Docs(all...), store.Not(store.Sources(all...)), store.In("lang", anys(all)...), store.ContainsAny("tags", all...),
		store.Not(store.Eq("lang", "tenant one")), store.Ne("lang", "x"), store.Ge("lang", ""), store.Readable(all...), store.Ordinals(math.MinInt, math.MaxInt),
	}
	for name, s := range inOrder(shelves) {
		for _, f := range hostile {
			s.crossings(name, f)
		}
		for range 50 {
			s.crossings(name, store.Or(RandomFilter(t.rand), store.Eq("lang", pick(t.rand, names))))
		}
		for _, c := range s.get(store.FieldsAll, "c0", "c1", "c2", "own0", "own1", "own2", "own3", "own4") {
			if c.Version != name {
				t.Faultf("Get in namespace %q returns %q of %q", name, c.ID, c.Version)
			}
		}
		for _, q := range []store.DocQuery{{}, {IDs: all}, {Sources: []string{"source"}}, {Refs: []string{"ref/doc", "ref/own doc 0", "ref/own doc 1"}}} {
			for _, d := range s.docs(q) {
				if d.Version != name {
					t.Faultf("Docs in namespace %q yields %q of %q", name, d.ID, d.Version)
				}
			}
		}
		if !s.Info().Features.Lexical {
			continue
		}
		for i := range names {
			for _, h := range s.search(store.Query{Text: fmt.Sprintf("canary%d", i), K: 50}) {
				if h.Chunk.Version != name {
					t.Faultf("Search for the text of namespace %q in %q finds %q", h.Chunk.Version, name, h.Chunk.ID)
				}
			}
		}
	}
}

// testTenants asks each of many namespaces at random, with filters and strings
// that try to reach others.
func testTenants(t *trial) {
	db := t.open()
	names := alike()
	for i := len(names); i < 20 || t.h.Queries >= 5000 && i < 200; i++ {
		names = append(names, fmt.Sprintf("tenant %d", i))
	}
	shelves := t.tenants(db, names)
	hostile := append(Strings(), names...)
	for range t.h.Queries {
		name := pick(t.rand, names)
		s := shelves[name]
		check := func(path, id, version string) {
			if version != name {
				t.Faultf("%s in namespace %q returns %q of namespace %q", path, name, id, version)
			}
		}
		word := pick(t.rand, hostile)
		other := pick(t.rand, names)
		f := pick(t.rand, append(stringFilters(word), RandomFilter(t.rand)))
		f = store.Or(f, pick(t.rand, []store.Filter{store.All(), store.Eq("lang", other), store.Not(store.Eq("lang", name)), store.Contains("tags", other), store.Sources(word)}))
		path := fmt.Sprintf("with %s", showFilter(f))
		switch t.rand.IntN(4) {
		case 0:
			for _, c := range s.scan(store.ScanQuery{Filter: f, After: pick(t.rand, []string{"", "c1", word})}) {
				check("Scan "+path, c.ID, c.Version)
			}
		case 1:
			for _, c := range s.get(store.FieldsNone, "c0", word, "own0", "own7", other) {
				check("Get", c.ID, c.Version)
			}
		case 2:
			for _, d := range s.docs(pick(t.rand, []store.DocQuery{{}, {IDs: []string{"doc", word, "own doc 1"}}, {Sources: []string{"source", word}}, {Refs: []string{"ref/doc", word}}})) {
				check("Docs", d.ID, d.Version)
			}
		case 3:
			for _, q := range t.queries(s) {
				if q.Filter = f; q.Text != "" {
					q.Text = pick(t.rand, []string{commonWord, word + " " + commonWord, fmt.Sprintf("canary%d", t.rand.IntN(len(names)))})
				}
				for _, h := range s.search(q) {
					check("Search "+path, h.Chunk.ID, h.Chunk.Version)
				}
			}
		}
	}
}

func testIsolatedWrites(t *trial) {
	db := t.shared()
	a, b := t.twin(t.namespace(db, t.fresh())), t.twin(t.namespace(db, t.fresh()))
	chunks := t.random(20)
	change := t.upsert(chunks...)
	change.Docs = RecordsOf(chunks)
	a.write(change)
	b.write(change)
	other := cloneChange(change)
	for i := range other.Upsert {
		other.Upsert[i].Version = "of b"
	}
	other.Delete = store.All()
	b.write(other)
	a.same("another namespace replaced the same IDs")
	b.write(store.Change{Delete: store.Or(store.All(), store.Sources("handbook"))})
	a.same("another namespace deleted everything")
	b.same("Delete All")
}

func testDrop(t *trial) {
	db := t.open()
	a, b := t.twin(t.namespace(db, "a")), t.twin(t.namespace(db, "b"))
	chunks := t.random(20)
	change := t.upsert(chunks...)
	change.Docs = RecordsOf(chunks)
	a.write(change)
	b.write(change)
	t.at("Drop")
	if err := db.Drop(t.ctx, "a"); err != nil {
		t.Fatalf("Drop: %v", err)
	}
	a.settle()
	b.same("another namespace was dropped")
	for what, s := range inOrder(map[string]*shelf{"the old handle": a.shelf, "a new handle": t.namespace(db, "a")}) {
		n := len(s.scan(store.ScanQuery{})) + len(s.docs(store.DocQuery{})) + len(s.get(0, chunkIDs(chunks)...))
		for _, q := range t.queries(s) {
			n += len(s.search(q))
		}
		if n > 0 {
			t.Faultf("%s on a dropped namespace finds %d chunks and records", what, n)
		}
	}
	again := t.twin(a.shelf)
	again.write(t.upsert(chunks[:3]...))
	again.same("a dropped namespace was written again")
	for _, q := range t.queries(a.shelf) {
		if d := diffIDs(slices.Sorted(slices.Values(hitIDs(again.found(q)))), slices.Sorted(slices.Values(hitIDs(a.search(q))))); d != "" {
			t.Faultf("Search for %s after a dropped namespace was written again: %s", showQuery(q), d)
		}
	}
}

func testDropMissing(t *trial) {
	db := t.shared()
	for range 2 {
		if err := db.Drop(t.ctx, t.fresh()); err != nil {
			t.Faultf("Drop: %v", err)
		}
	}
}
