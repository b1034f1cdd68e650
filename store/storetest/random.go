package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/quarry-go/quarry/store"
)

// Schema declares some of the Meta keys that the kit uses, for stores that
// need columns. The value of a declared key always has the declared kind; the
// kit uses undeclared keys too, of mixed kinds, unless the store's own Schema
// is Strict.
func Schema() store.Schema {
	return store.Schema{Fields: []store.Field{
		{Key: "lang", Kind: store.KindString},
		{Key: "draft", Kind: store.KindBool},
		{Key: "year", Kind: store.KindInt},
		{Key: "price", Kind: store.KindFloat},
		{Key: "seen", Kind: store.KindTime},
		{Key: "tags", Kind: store.KindList},
	}}
}

// undeclared are keys that Schema leaves out; absent is one no chunk has.
var undeclared = []string{"any", "Other_9"}

const absent = "absent"

// The values that random chunks and random filters share, so that filters hit.
// They lie where stores go wrong: at the border of exact integers, apart by
// one microsecond, alike but for case or for the form of an accent.
var (
	someStrings = []string{"", "a", "A", "b", "ab", "é", "e\u0301", "10", "9", "1", "true", "x y", `say "hi"`, `back\slash`, "O'Brien", "100%", "a_b", "\U0001F600", "null"}
	someInts    = []int64{0, 1, -1, 2, 9, 10, 2024, store.MaxInt, store.MaxInt - 1, -store.MaxInt}
	someFloats  = []float64{0, math.Copysign(0, -1), 1, 1.5, -2.5, .1, 10, store.MaxInt, store.MaxInt + 2, 1e300, 5e-324}
	someTimes   = []time.Time{
		time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		time.Date(2024, 2, 29, 12, 0, 0, 1000, time.UTC),
		time.Date(2024, 2, 29, 7, 0, 0, 0, time.FixedZone("", -5*3600)),
		time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	someWords      = []string{"quixnar", "velbort", "zandril", "morfeth", "plukka", "dwimmo"}
	someSources    = []string{"handbook", "Handbook", "wiki", "mail/2024"}
	somePrincipals = []string{"ann", "bob", "group:ops", "Ann"}
)

// commonWord is in the text of every random chunk, so that a text query for it
// finds them all.
const commonWord = "quarrystone"

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// sample returns n different elements of list.
func sample[T any](r *rand.Rand, list []T, n int) []T {
	out := make([]T, 0, n)
	for _, i := range r.Perm(len(list))[:n] {
		out = append(out, list[i])
	}
	return out
}

// some returns up to n different elements of list.
func some[T any](r *rand.Rand, list []T, n int) []T { return sample(r, list, r.IntN(n+1)) }

// few returns 1 to n, and now and then 0.
func few(r *rand.Rand, n int) int {
	if r.IntN(8) == 0 {
		return 0
	}
	return 1 + r.IntN(n)
}

// RandomVector returns a unit vector, its direction uniform.
func RandomVector(r *rand.Rand, dim int) []float32 {
	x := make([]float64, dim)
	sum := 0.0
	for sum == 0 {
		for i := range x {
			x[i] = r.NormFloat64()
			sum += x[i] * x[i]
		}
	}
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(x[i] / math.Sqrt(sum))
	}
	return v
}

// randomValue returns a value of any kind, canonical.
func randomValue(r *rand.Rand) any {
	kinds := []store.Kind{store.KindString, store.KindBool, store.KindInt, store.KindFloat, store.KindTime, store.KindList}
	return valueOf(r, pick(r, kinds))
}

func valueOf(r *rand.Rand, k store.Kind) any {
	switch k {
	case store.KindString:
		return pick(r, someStrings)
	case store.KindBool:
		return r.IntN(2) == 0
	case store.KindInt:
		return pick(r, someInts)
	case store.KindFloat:
		return pick(r, someFloats)
	case store.KindTime:
		return pick(r, someTimes).UTC()
	}
	return some(r, someStrings, 3)
}

// RandomMeta returns metadata of every kind, each key there or not; nil rather
// than empty.
func RandomMeta(r *rand.Rand) map[string]any {
	m := map[string]any{}
	for _, f := range Schema().Fields {
		if r.IntN(2) == 0 {
			m[f.Key] = valueOf(r, f.Kind)
		}
	}
	for _, k := range undeclared {
		if r.IntN(2) == 0 {
			m[k] = randomValue(r)
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// RandomChunks returns n valid chunks of about n/2 documents, with distinct
// IDs, one Version a document and ordinals without gaps. One chunk in eight has
// no vector; none has if dim is 0. Equal states of r give equal chunks.
func RandomChunks(r *rand.Rand, n, dim int) []store.Chunk {
	chunks := make([]store.Chunk, 0, n)
	for doc := 0; len(chunks) < n; doc++ {
		id := fmt.Sprintf("%s%d", pick(r, []string{"doc", "Doc", "_doc", "döc"}), doc)
		chunks = append(chunks, randomDocument(r, id, min(1+r.IntN(3), n-len(chunks)), dim)...)
	}
	return chunks
}

// randomDocument returns the chunks of one document.
func randomDocument(r *rand.Rand, id string, n, dim int) []store.Chunk {
	origin := randomOrigin(r, id)
	source, version := pick(r, someSources), fmt.Sprintf("v%d", r.Uint32())
	chunks := make([]store.Chunk, n)
	start := 0
	for i := range chunks {
		text := commonWord + " " + strings.Join(some(r, someWords, 4), " ")
		c := store.Chunk{
			ID: fmt.Sprintf("%s#%d", id, i), DocID: id, Source: source, Ordinal: i, Version: version,
			Text: text, Start: start, End: start + len(text),
			Prefix: pick(r, []string{"", "Part of " + id, "Ein Präfix"}),
			Origin: origin.Clone(), EmbedKey: fmt.Sprintf("key%d", r.Uint32()), Meta: RandomMeta(r),
		}
		if r.IntN(2) == 0 {
			c.Marks = []store.Mark{
				{Kind: "page", Start: max(0, start-10), End: c.End + 10, Label: fmt.Sprint(i + 1), Anchor: fmt.Sprintf("page=%d", i+1)},
				{Kind: "heading", Start: start, End: start + 3, Label: "Überschrift", Anchor: "u", Level: 2},
			}
		}
		if dim > 0 && r.IntN(8) > 0 {
			c.Vector = RandomVector(r, dim)
		}
		chunks[i] = c
		start = c.End
	}
	return chunks
}

func randomOrigin(r *rand.Rand, id string) store.Origin {
	o := store.Origin{URI: "file:///" + id, Title: "Title of " + id, Lang: pick(r, []string{"", "en", "zh-Hant"}), Trust: store.Trust(r.IntN(3))}
	if r.IntN(2) == 0 {
		o.Modified = pick(r, someTimes[:4]).UTC()
	}
	if r.IntN(2) == 0 {
		o.Principals = some(r, somePrincipals, 2)
	}
	return o
}

// RecordsOf returns the record of each document that has a chunk in chunks, in
// order of ID.
func RecordsOf(chunks []store.Chunk) []store.Doc {
	byID := map[string]*store.Doc{}
	for i := range chunks {
		c := &chunks[i]
		d := byID[c.DocID]
		if d == nil {
			d = &store.Doc{ID: c.DocID, Source: c.Source, Ref: "ref/" + c.DocID, RefVersion: "r" + c.Version, Version: c.Version, Origin: c.Origin.Clone()}
			byID[c.DocID] = d
		}
		d.Chunks++
	}
	docs := make([]store.Doc, 0, len(byID))
	for _, d := range byID {
		docs = append(docs, *d)
	}
	slices.SortFunc(docs, func(a, b store.Doc) int { return strings.Compare(a.ID, b.ID) })
	return docs
}

// RandomFilter returns a well-formed filter, a tree of up to four levels with
// every kind of node and value, that refers to what RandomChunks makes. Equal
// states of r give equal filters.
func RandomFilter(r *rand.Rand) store.Filter { return randomFilter(r, 3) }

func randomFilter(r *rand.Rand, depth int) store.Filter {
	if depth > 0 {
		switch r.IntN(6) {
		case 0:
			return store.And(randomFilters(r, depth-1)...)
		case 1:
			return store.Or(randomFilters(r, depth-1)...)
		case 2:
			return store.Not(randomFilter(r, depth-1))
		}
	}
	return randomCondition(r)
}

func randomFilters(r *rand.Rand, depth int) []store.Filter {
	fs := make([]store.Filter, few(r, 3))
	for i := range fs {
		fs[i] = randomFilter(r, depth)
	}
	return fs
}

func randomCondition(r *rand.Rand) store.Filter {
	key := randomKey(r)
	switch r.IntN(14) {
	case 0:
		return store.All()
	case 1:
		return store.IDs(randomIDs(r, "#0", "#1")...)
	case 2:
		return store.Docs(randomIDs(r, "")...)
	case 3:
		return store.Sources(sample(r, append([]string{"nosuch", ""}, someSources...), few(r, 3))...)
	case 4:
		return store.Ordinals(r.IntN(4)-1, r.IntN(4)-1)
	case 5:
		return store.Readable(sample(r, append([]string{"nobody", ""}, somePrincipals...), few(r, 3))...)
	case 6:
		return store.Exists(key)
	case 7:
		return store.Contains(key, pick(r, someStrings))
	case 8:
		return store.ContainsAny(key, sample(r, someStrings, few(r, 3))...)
	case 9:
		vs := make([]any, few(r, 4))
		for i := range vs {
			vs[i] = randomOperand(r, key, true)
		}
		return store.In(key, vs...)
	case 10:
		return store.Ne(key, randomOperand(r, key, true))
	case 11:
		return store.Eq(key, randomOperand(r, key, true))
	}
	order := []func(string, any) store.Filter{store.Lt, store.Le, store.Gt, store.Ge}
	return pick(r, order)(key, randomOperand(r, key, false))
}

func randomKey(r *rand.Rand) string {
	keys := append([]string{absent}, undeclared...)
	for _, f := range Schema().Fields {
		keys = append(keys, f.Key)
	}
	return pick(r, keys)
}

// randomOperand returns something to compare key with: mostly of its own kind,
// if it has one, now and then of another.
func randomOperand(r *rand.Rand, key string, bools bool) any {
	for {
		v := randomValue(r)
		for _, f := range Schema().Fields {
			if f.Key == key && r.IntN(4) > 0 {
				v = valueOf(r, f.Kind)
			}
		}
		switch w := v.(type) {
		case []string:
			v = pick(r, someStrings)
		case bool:
			if !bools {
				continue
			}
		case time.Time:
			if r.IntN(2) == 0 { // another zone, and less than a microsecond more
				v = w.In(time.FixedZone("", 3600)).Add(time.Duration(r.IntN(1000)))
			}
		case int64:
			if r.IntN(4) == 0 && w == int64(int32(w)) {
				v = int32(w)
			}
		}
		return v
	}
}

func randomIDs(r *rand.Rand, suffixes ...string) []string {
	ids := make([]string, 0, 8)
	for range few(r, 8) {
		ids = append(ids, fmt.Sprintf("%s%d%s", pick(r, []string{"doc", "Doc", "_doc", "döc"}), r.IntN(20), pick(r, append([]string{""}, suffixes...))))
	}
	return ids
}
