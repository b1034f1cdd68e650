package storetest

import (
	"fmt"
	"math"
	"slices"

	"github.com/quarry-go/quarry/store"
)

var filterRules = []rule{
	{"absent", "a condition on a Meta key that the chunk lacks is false, Ne too", testAbsent},
	{"not", "Not is the complement: what f does not pass", testNot},
	{"compare", "values compare within their kind, as Match says, and are never equal to those of another", testCompare},
	{"lists", "Contains and ContainsAny look for whole elements of a list; In for equal values; with none they pass nothing", testLists},
	{"own-fields", "IDs, Docs, Sources, Ordinals and Readable look at the chunk's own fields", testOwnFields},
	{"logic", "And passes what all pass, with none every chunk; Or what one passes, with none nothing", testLogic},
	{"deep", "a filter may nest 64 deep", testDeep},
	{"wide", "a filter may name a thousand IDs", testWide},
	{"random", "Search and Scan pass exactly what Match passes, for any filter", testRandomFilters},
	{"delete", "Delete removes exactly what Match passes, for any filter", testRandomDeletes},
}

// pass compares with the model what f passes, in Scan and in every kind of
// search. It reports whether they agree.
func (w *twin) pass(f store.Filter) bool {
	want, err := drain(w.model.Scan(w.t.ctx, store.ScanQuery{Filter: f}))
	if err != nil {
		w.t.Fatalf("reference: Scan with %s: %v", showFilter(f), err)
	}
	ok := true
	if d := diffIDs(chunkIDs(want), chunkIDs(w.scan(store.ScanQuery{Filter: f}))); d != "" {
		w.t.Faultf("Scan with %s: %s", showFilter(f), d)
		ok = false
	}
	for _, q := range w.t.queries(w.shelf) {
		q.Filter = f
		want := slices.Sorted(slices.Values(hitIDs(w.found(q))))
		q.K = len(want) + 3
		got := slices.Sorted(slices.Values(hitIDs(w.search(q))))
		if q.Vector != nil && !q.Exact { // an approximate search may miss some, but adds none
			want = slices.DeleteFunc(want, func(id string) bool { return !slices.Contains(got, id) })
		}
		if d := diffIDs(want, got); d != "" {
			w.t.Faultf("Search for %s: %s", showQuery(q), d)
			ok = false
		}
	}
	return ok
}

// corpus fills a namespace with one chunk for each value, under key, and one
// without the key, whose ID is absent.
func (t *trial) corpus(key string, values ...any) *twin {
	w := t.beside()
	var chunks []store.Chunk
	for i, v := range values {
		c := t.chunk(fmt.Sprintf("%03d %.30v", i, v), "doc", commonWord)
		c.Meta = map[string]any{key: v}
		chunks = append(chunks, c)
	}
	w.write(t.upsert(append(chunks, t.chunk(absent, "doc", commonWord))...))
	return w
}

// everyValue returns one value of each kind and content that random chunks have.
func everyValue(kinds ...store.Kind) []any {
	var vs []any
	for _, k := range kinds {
		switch k {
		case store.KindString:
			vs = append(vs, anys(someStrings)...)
		case store.KindBool:
			vs = append(vs, true, false)
		case store.KindInt:
			vs = append(vs, anys(someInts)...)
		case store.KindFloat:
			vs = append(vs, anys(someFloats)...)
		case store.KindTime:
			for _, x := range someTimes {
				vs = append(vs, x.UTC())
			}
		case store.KindList:
			vs = append(vs, []string{}, []string{"a"}, []string{"a", "b"}, []string{""}, []string{"ab"})
		}
	}
	return vs
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}

var (
	scalarKinds = []store.Kind{store.KindString, store.KindBool, store.KindInt, store.KindFloat, store.KindTime}
	everyKind   = append(slices.Clone(scalarKinds), store.KindList)
)

// columns returns keys to test filters on, each with the values it may hold.
func (t *trial) columns() map[string][]any {
	schema := t.info().Schema
	cols := map[string][]any{}
	if !schema.Strict {
		cols["any"] = everyValue(everyKind...)
	}
	for _, f := range schema.Fields {
		cols[f.Key] = everyValue(f.Kind)
	}
	return cols
}

func testAbsent(t *trial) {
	for key, values := range inOrder(t.columns()) {
		w := t.corpus(key, values...)
		for _, f := range []store.Filter{
			store.Ne(key, "a"), store.Ne(key, 1), store.Ne(key, true), store.Ne(key, someTimes[0]), store.Eq(key, ""), store.Eq(key, 0), store.Eq(key, false),
			store.Lt(key, "~"), store.Ge(key, ""), store.Le(key, 0), store.Gt(key, -1), store.Lt(key, someTimes[5]), store.In(key, "", 0, false),
			store.Contains(key, ""), store.ContainsAny(key, "", "a"), store.Exists(key), store.Exists(absent), store.Ne(absent, "a"),
			store.Not(store.Exists(key)), store.Not(store.Ne(key, "a")), store.Not(store.Ne(absent, 1)),
		} {
			w.pass(f)
		}
	}
}

func testNot(t *trial) {
	for key, values := range inOrder(t.columns()) {
		w := t.corpus(key, values...)
		for _, f := range []store.Filter{
			store.All(), store.Or(), store.And(), store.Exists(key), store.Eq(key, "a"), store.Ne(key, "a"), store.Lt(key, 1), store.Ge(key, 1), store.Gt(key, "a"),
			store.In(key, "a", 1, true), store.In(key), store.ContainsAny(key, "a"), store.ContainsAny(key), store.IDs(absent), store.IDs(),
			store.Ordinals(0, 0), store.Readable("ann"), store.And(store.Exists(key), store.Ge(key, 1)), store.Or(store.Ge(key, 1), store.Lt(key, "b")),
			store.Not(store.Eq(key, "a")), store.Not(store.Not(store.Lt(key, 1))), store.And(store.Not(store.Eq(key, "a")), store.Not(store.Eq(key, 1))),
		} {
			w.pass(store.Not(f))
		}
	}
}

func testCompare(t *trial) {
	for key, values := range inOrder(t.columns()) {
		w := t.corpus(key, values...)
		for _, v := range everyValue(scalarKinds...) {
			fs := []store.Filter{store.Eq(key, v), store.Ne(key, v)}
			if _, is := v.(bool); !is {
				fs = append(fs, store.Lt(key, v), store.Le(key, v), store.Gt(key, v), store.Ge(key, v))
			}
			for _, f := range fs {
				w.pass(f)
			}
		}
		for _, v := range someTimes { // with its zone
			w.pass(store.Eq(key, v))
			w.pass(store.Lt(key, v))
		}
	}
}

func testLists(t *trial) {
	for key, values := range inOrder(t.columns()) {
		w := t.corpus(key, values...)
		for _, f := range []store.Filter{
			store.Contains(key, "a"), store.Contains(key, "b"), store.Contains(key, ""), store.Contains(key, "A"), store.Contains(key, "nosuch"),
			store.ContainsAny(key), store.ContainsAny(key, "a", "nosuch"), store.ContainsAny(key, "ab", ""),
			store.In(key), store.In(key, "a"), store.In(key, "a", "A", "nosuch"), store.In(key, 1, 1.5, "1", true), store.In(key, someTimes[0], someTimes[3]),
			store.In(key, 0.0, int64(store.MaxInt)),
		} {
			w.pass(f)
		}
	}
}

func testOwnFields(t *trial) {
	w := t.beside()
	chunks := t.random(60)
	w.write(t.upsert(chunks...))
	a, b := chunks[10], chunks[40]
	for _, f := range []store.Filter{
		store.IDs(), store.IDs(""), store.IDs(a.ID), store.IDs(a.ID, b.ID, "nosuch", a.ID), store.IDs(a.DocID),
		store.Docs(), store.Docs(a.DocID), store.Docs(a.DocID, b.DocID, "nosuch"), store.Docs(a.ID),
		store.Sources(), store.Sources("handbook"), store.Sources("Handbook", "wiki"), store.Sources("mail"), store.Sources("mail/2024"),
		store.Ordinals(0, 0), store.Ordinals(1, 2), store.Ordinals(2, 1), store.Ordinals(-5, 0), store.Ordinals(1, math.MaxInt), store.Ordinals(7, 9),
		store.Readable(), store.Readable("ann"), store.Readable("Ann", "bob"), store.Readable("nobody"), store.Readable(""), store.Readable("group:ops"),
		store.And(store.Docs(a.DocID), store.Ordinals(a.Ordinal, a.Ordinal)),
	} {
		w.pass(f)
	}
}

func testLogic(t *trial) {
	w := t.beside()
	w.write(t.upsert(t.random(60)...))
	x, y, z := store.Exists("lang"), store.Eq("draft", true), store.Ge("year", 2)
	for _, f := range []store.Filter{
		nil, store.All(), store.And(), store.Or(), store.And(x), store.Or(x), store.And(x, y), store.Or(x, y), store.And(x, y, z), store.Or(x, y, z),
		store.And(x, store.Or(y, z)), store.Or(x, store.And(y, z)), store.And(store.Or(), x), store.Or(store.All(), x), store.And(x, store.And()),
		store.Or(store.And(), x), store.Not(store.And(x, y)), store.Not(store.Or(x, y)), store.And(x, store.Not(x)), store.Or(x, store.Not(x)),
		store.And(store.All(), store.All()), store.And(store.Not(store.All()), x), store.Not(store.Not(store.All())),
	} {
		w.pass(f)
	}
}

func testDeep(t *trial) {
	w := t.beside()
	w.write(t.upsert(t.random(20)...))
	not, and, or := store.Exists("lang"), store.Exists("lang"), store.Exists("lang")
	for i := range 63 {
		not = store.Not(not)
		and = store.And(and, store.Ne("year", i))
		or = store.Or(store.Eq("year", i), or)
	}
	for _, f := range []store.Filter{not, and, or} {
		w.pass(f)
	}
}

func testWide(t *trial) {
	w := t.beside()
	chunks := t.random(20)
	w.write(t.upsert(chunks...))
	ids, any := make([]string, 1000), make([]store.Filter, 300)
	for i := range ids {
		ids[i] = fmt.Sprintf("nosuch %d", i)
	}
	for i := range any {
		any[i] = store.Eq("year", i)
	}
	ids[500], ids[999] = chunks[3].ID, chunks[7].ID
	for _, f := range []store.Filter{
		store.IDs(ids...), store.Docs(ids...), store.Not(store.IDs(ids...)), store.ContainsAny("tags", ids...), store.In("lang", anys(ids)...), store.Or(any...),
	} {
		w.pass(f)
	}
	w.write(store.Change{Delete: store.IDs(ids...)})
	w.same("Delete of a thousand IDs, two of which were there")
}

// pairsACorpus is how many random filters are asked of one random corpus.
const pairsACorpus = 25

func testRandomFilters(t *trial) {
	for done := 0; done < t.h.Filters; done += pairsACorpus {
		w := t.beside()
		w.write(t.upsert(t.random(40)...))
		for range min(pairsACorpus, t.h.Filters-done) {
			w.pass(RandomFilter(t.rand))
		}
	}
	t.note("%d random filters", t.h.Filters)
}

func testRandomDeletes(t *trial) {
	for range 1 + t.h.Filters/pairsACorpus {
		w := t.beside()
		chunks := t.random(40)
		all := t.upsert(chunks...)
		all.Docs = RecordsOf(chunks)
		for range 3 {
			w.write(all)
			f := RandomFilter(t.rand)
			w.write(store.Change{Delete: f})
			if !w.same("Delete %s", showFilter(f)) {
				break
			}
		}
	}
}
