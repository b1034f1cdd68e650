package storetest

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/quarry-go/quarry/store"
)

var refuseRules = []rule{
	{"chunks", "a Change with an invalid chunk is refused with ErrInvalid, and nothing of it is written", testRefuseChunks},
	{"meta", "a Change with Meta that CanonicalMeta would not make is refused with ErrInvalid, and nothing of it is written", testRefuseMeta},
	{"records", "a Change with an invalid record is refused with ErrInvalid, and nothing of it is written", testRefuseRecords},
	{"vectors", "a Change with an invalid vector, or vectors without Space, is refused with ErrInvalid, and nothing of it is written", testRefuseVectors},
	{"space", "vectors of another space or length than those stored are refused with ErrSpace, and nothing is written", testRefuseSpace},
	{"filters", "a filter that CheckFilter refuses is ErrFilter, in Write, Search and Scan, and nothing is written", testRefuseFilters},
	{"queries", "a query that Validate refuses is ErrInvalid", testRefuseQueries},
	{"limits", "what is over a declared limit is refused with ErrTooLarge, what is at it is kept", testRefuseLimits},
	{"schema", "Meta that breaks the declared Schema is refused with ErrInvalid", testRefuseSchema},
}

// A bench has a namespace with something in it, and asserts that refused
// changes leave it alone.
type bench struct{ *twin }

func (t *trial) bench() bench {
	b := bench{t.beside()}
	c := t.upsert(t.chunk("old", "old doc", "old text"))
	c.Docs = []store.Doc{record("old doc", 1)}
	b.write(c)
	return b
}

// refuse has the middle one of three chunks spoilt, in a Change that would
// delete and write records too.
func (b bench) refuse(what string, spoil func(*store.Chunk), want ...error) {
	t := b.t
	bad := t.chunk("bad", "new doc", "bad text")
	spoil(&bad)
	c := t.upsert(t.chunk("good", "new doc", "good text"), bad, t.chunk("good too", "new doc", "more"))
	c.Delete = store.All()
	c.Docs = []store.Doc{record("new doc", 3)}
	b.refuseChange(what, c, want...)
}

func (b bench) refuseChange(what string, c store.Change, want ...error) {
	b.t.at("Write with %s", what)
	done, err := b.Write(b.t.ctx, c)
	b.t.refused("Write with "+what, err, want...)
	if err != nil && done != (store.Changed{}) {
		b.t.Faultf("Write with %s returned %+v beside its error", what, done)
	}
	b.settle()
	if !b.same("a refused Write with %s", what) {
		b.t.Fatalf("the rest of the rule needs the namespace as it was")
	}
}

func testRefuseChunks(t *trial) {
	b := t.bench()
	const nul, bad = "a\x00b", "a\xffb"
	for what, spoil := range inOrder(map[string]func(*store.Chunk){
		"no ID":                      func(c *store.Chunk) { c.ID = "" },
		"no DocID":                   func(c *store.Chunk) { c.DocID = "" },
		"a negative ordinal":         func(c *store.Chunk) { c.Ordinal = -1 },
		"a negative start":           func(c *store.Chunk) { c.Start, c.End = -1, len(c.Text)-1 },
		"a span not as its text":     func(c *store.Chunk) { c.End++ },
		"NUL in the ID":              func(c *store.Chunk) { c.ID = nul },
		"an ID in invalid UTF-8":     func(c *store.Chunk) { c.ID = bad },
		"NUL in the DocID":           func(c *store.Chunk) { c.DocID = nul },
		"a DocID in invalid UTF-8":   func(c *store.Chunk) { c.DocID = bad },
		"NUL in the Source":          func(c *store.Chunk) { c.Source = nul },
		"NUL in the Version":         func(c *store.Chunk) { c.Version = nul },
		"NUL in the Text":            func(c *store.Chunk) { c.Text, c.End = nul, len(nul) },
		"Text in invalid UTF-8":      func(c *store.Chunk) { c.Text, c.End = bad, len(bad) },
		"half a surrogate":           func(c *store.Chunk) { c.Text, c.End = "\xed\xa0\x80", 3 },
		"NUL in the Prefix":          func(c *store.Chunk) { c.Prefix = nul },
		"a Prefix in invalid UTF-8":  func(c *store.Chunk) { c.Prefix = bad },
		"NUL in the EmbedKey":        func(c *store.Chunk) { c.EmbedKey = nul },
		"NUL in the URI":             func(c *store.Chunk) { c.Origin.URI = nul },
		"a Title in invalid UTF-8":   func(c *store.Chunk) { c.Origin.Title = bad },
		"NUL in the Lang":            func(c *store.Chunk) { c.Origin.Lang = nul },
		"NUL in a principal":         func(c *store.Chunk) { c.Origin.Principals = []string{"ann", nul} },
		"an unknown Trust":           func(c *store.Chunk) { c.Origin.Trust = store.Internal + 1 },
		"a Modified in nanoseconds":  func(c *store.Chunk) { c.Origin.Modified = time.Unix(1, 1).UTC() },
		"a Modified in another zone": func(c *store.Chunk) { c.Origin.Modified = time.Unix(1, 0).In(time.FixedZone("", 3600)) },
		"a mark that ends early":     func(c *store.Chunk) { c.Marks = []store.Mark{{Kind: "page", Start: 2, End: 1}} },
		"NUL in a mark":              func(c *store.Chunk) { c.Marks = []store.Mark{{Kind: "page", Label: nul}} },
	}) {
		b.refuse(what, spoil, store.ErrInvalid)
	}
}

func testRefuseMeta(t *trial) {
	b := t.bench()
	meta := func(k string, v any) func(*store.Chunk) {
		return func(c *store.Chunk) { c.Meta = map[string]any{"lang": "en", k: v} }
	}
	for _, key := range []string{"", "1a", "_a", "a-b", "a.b", "a b", "a\"b", "é", "a\x00", "quarry_x", strings.Repeat("k", 64), "a') OR 1=1 --"} {
		b.refuse("the Meta key "+short(key), meta(key, "x"), store.ErrInvalid)
	}
	for _, v := range []any{
		nil, 1, int32(1), uint64(1), float32(1), math.NaN(), math.Inf(1), math.Inf(-1),
		int64(store.MaxInt + 1), int64(math.MinInt64), "a\x00b", "a\xffb",
		time.Unix(0, 1).UTC(), time.Unix(0, 0).In(time.FixedZone("", 3600)), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		[]string(nil), []string{"a", "\x00"}, []any{"a"}, []int64{1}, map[string]any{"a": "b"}, struct{}{}, []byte("a"),
	} {
		b.refuse("the Meta value "+short(v), meta("any", v), store.ErrInvalid)
	}
}

func testRefuseRecords(t *trial) {
	b := t.bench()
	for what, spoil := range inOrder(map[string]func(*store.Doc){
		"no ID":                  func(d *store.Doc) { d.ID = "" },
		"a negative count":       func(d *store.Doc) { d.Chunks = -1 },
		"NUL in the ID":          func(d *store.Doc) { d.ID = "a\x00" },
		"a Ref in invalid UTF-8": func(d *store.Doc) { d.Ref = "\xff" },
		"NUL in the RefVersion":  func(d *store.Doc) { d.RefVersion = "\x00" },
		"an unknown Trust":       func(d *store.Doc) { d.Origin.Trust = 9 },
	}) {
		bad := record("bad", 1)
		spoil(&bad)
		c := t.upsert(t.chunk("good", "new doc", "text"))
		c.Delete = store.All()
		c.Docs = []store.Doc{record("new doc", 1), bad, record("another", 1)}
		b.refuseChange("a record with "+what, c, store.ErrInvalid)
	}
}

func testRefuseVectors(t *trial) {
	t.needVectors()
	b := t.bench()
	_, dim := t.space()
	axis := func(x ...float32) []float32 {
		v := make([]float32, dim)
		copy(v, x)
		return v
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for what, v := range inOrder(map[string][]float32{
		"no dimensions": {}, "NaN": axis(nan), "an infinity": axis(inf), "length 0": axis(), "length 2": axis(2), "length .9": axis(.9),
	}) {
		b.refuse("a vector of "+what, func(c *store.Chunk) { c.Vector = v }, store.ErrInvalid)
	}
	b.refuse("vectors of two lengths", func(c *store.Chunk) { c.Vector = RandomVector(t.rand, dim+1) }, store.ErrInvalid, store.ErrSpace)
	c := t.upsert(t.chunk("new", "doc", "text"))
	c.Space, c.Delete = "", store.All()
	b.refuseChange("vectors but no Space", c, store.ErrInvalid)
	c.Space = "a\x00"
	b.refuseChange("NUL in Space", c, store.ErrInvalid)
}

func testRefuseSpace(t *trial) {
	t.needVectors()
	b := t.bench()
	space, dim := t.space()
	other := t.upsert(t.chunk("new", "doc", "text"))
	other.Space, other.Delete = space+" of another model", store.All()
	longer := t.upsert(t.chunk("new", "doc", "text"))
	longer.Upsert[0].Vector, longer.Delete = RandomVector(t.rand, dim+1), store.All()
	b.refuseChange("vectors of another Space", other, store.ErrSpace)
	b.refuseChange("vectors of another length", longer, store.ErrSpace, store.ErrTooLarge)
	for what, q := range inOrder(map[string]store.Query{
		"another Space":  {Vector: t.vector(), Space: other.Space, K: 1},
		"another length": {Vector: RandomVector(t.rand, dim+1), K: 1},
	}) {
		t.at("Search with a vector of %s", what)
		_, err := b.Search(t.ctx, q)
		t.refused("Search with a vector of "+what, err, store.ErrSpace)
	}
	if hits := b.search(store.Query{Vector: t.vector(), Space: space, K: 1}); len(hits) != 1 {
		t.Faultf("Search with a vector of the right Space found %d, want 1", len(hits))
	}
	b.write(store.Change{Delete: store.All()})
	b.refuseChange("vectors of another Space, after all were deleted", other, store.ErrSpace)
	other.Upsert[0].Vector = nil
	b.write(other)
	b.same("a Change that names another Space but has no vector")
}

// malformed are filters that CheckFilter refuses.
func malformed() map[string]store.Filter {
	deep := store.All()
	for range 64 {
		deep = store.Not(deep)
	}
	return map[string]store.Filter{
		"a bad key":                    store.Eq("a\" OR 1=1", "x"),
		"an empty key":                 store.Exists(""),
		"a reserved key":               store.Contains(store.ReservedPrefix+"x", "x"),
		"a bad key in In of nothing":   store.In("a-b"),
		"a list to compare":            store.Eq("tags", []string{"a"}),
		"a list in In":                 store.In("tags", "a", []string{"a"}),
		"an order of booleans":         store.Lt("draft", true),
		"nil as a value":               store.Eq("lang", nil),
		"a value of unknown type":      store.Ne("lang", struct{}{}),
		"an integer over 2^53":         store.Ge("year", int64(store.MaxInt+1)),
		"NaN":                          store.Eq("price", math.NaN()),
		"an unknown comparison":        store.Compare{Key: "lang", Op: "LIKE", Value: "x"},
		"an int that is not canonical": store.Compare{Key: "year", Op: store.OpEq, Value: 1},
		"NUL in a string":              store.Eq("lang", "a\x00"),
		"invalid UTF-8 in an ID":       store.IDs("a\xff"),
		"NUL in a source":              store.Sources("\x00"),
		"nil in And":                   store.And(store.All(), nil),
		"nil in Or":                    store.Or(nil),
		"Not of nil":                   store.Not(nil),
		"a pointer to a condition":     &store.Everything{},
		"a condition of another's":     struct{ store.Filter }{store.All()},
		"65 levels":                    deep,
		"a bad key inside Not and And": store.Not(store.And(store.Exists("a b"))),
	}
}

func testRefuseFilters(t *trial) {
	b := t.bench()
	for what, f := range inOrder(malformed()) {
		c := t.upsert(t.chunk("new", "new doc", "text"))
		c.Delete = f
		c.Docs = []store.Doc{record("new doc", 1)}
		b.refuseChange("a Delete with "+what, c, store.ErrFilter)
		for _, q := range t.queries(b.shelf) {
			q.Filter = f
			t.at("Search with a filter with %s", what)
			_, err := b.Search(t.ctx, q)
			t.refused("Search with a filter with "+what, err, store.ErrFilter)
		}
		t.at("Scan with a filter with %s", what)
		chunks, err := drain(b.Scan(t.ctx, store.ScanQuery{Filter: f}))
		t.refused("Scan with a filter with "+what, err, store.ErrFilter)
		if len(chunks) > 0 {
			t.Faultf("Scan with a filter with %s yielded %d chunks before its error", what, len(chunks))
		}
	}
}

func testRefuseQueries(t *trial) {
	b := t.bench()
	bad := map[string]store.Query{
		"neither Vector nor Text": {K: 1},
		"both Vector and Text":    {Vector: RandomVector(t.rand, 8), Text: "a", K: 1},
		"an empty Vector":         {Vector: []float32{}, K: 1},
	}
	for _, q := range t.queries(b.shelf) {
		zero, negative, fields := q, q, q
		zero.K, negative.K, fields.Fields = 0, -1, store.FieldsAll+1
		kind := " by text"
		if q.Vector != nil {
			kind = " by vector"
			long, nan := q, q
			long.Vector, nan.Vector = make([]float32, len(q.Vector)), make([]float32, len(q.Vector))
			long.Vector[0], nan.Vector[0] = 2, float32(math.NaN())
			bad["a vector that is no unit vector"], bad["a vector with NaN"] = long, nan
		} else {
			utf8 := q
			utf8.Text = "a\xff"
			bad["Text in invalid UTF-8"] = utf8
		}
		bad["K 0"+kind], bad["K -1"+kind], bad["unknown Fields"+kind] = zero, negative, fields
	}
	for what, q := range inOrder(bad) {
		t.at("Search with %s", what)
		hits, err := b.Search(t.ctx, q)
		t.refused("Search with "+what, err, store.ErrInvalid)
		if len(hits) > 0 {
			t.Faultf("Search with %s returned %d hits beside its error", what, len(hits))
		}
	}
}

// largest is the greatest limit that the kit goes up to.
const largest = 1 << 22

func testRefuseLimits(t *trial) {
	b := t.bench()
	l := b.Info().Limits
	if l == (store.Limits{}) {
		t.Skipf("Info declares no limits")
	}
	check := func(what string, limit int, set func(c *store.Chunk, n int)) {
		if limit == 0 || limit > largest {
			return
		}
		b.refuse(what+" over the limit", func(c *store.Chunk) { set(c, limit+1) }, store.ErrTooLarge)
		c := t.chunk("at the limit", "doc", "text")
		set(&c, limit)
		b.write(t.upsert(c))
		b.same("a chunk with %s at the limit of %d", what, limit)
	}
	check("text", l.TextBytes, func(c *store.Chunk, n int) {
		c.Prefix = "Prefix"
		c.Text = strings.Repeat("x ", n)[:n-len(c.Prefix)]
		c.End = len(c.Text)
	})
	check("an ID", l.IDBytes, func(c *store.Chunk, n int) { c.ID = strings.Repeat("i", n) })
	check("a DocID", l.IDBytes, func(c *store.Chunk, n int) { c.DocID = strings.Repeat("i", n) })
	check("Meta", l.MetaBytes, func(c *store.Chunk, n int) {
		c.Meta = map[string]any{"lang": ""}
		rest, err := json.Marshal(c.Meta)
		if err != nil {
			t.Fatalf("json: %v", err)
		}
		c.Meta["lang"] = strings.Repeat("m", max(0, n-len(rest)))
	})
	check("the name of a source", l.IDBytes, func(c *store.Chunk, n int) { c.Source = strings.Repeat("s", n) })
	if n := l.IDBytes; n > 0 && n <= largest {
		long, ref, source := record(strings.Repeat("i", n+1), 0), record("bad", 0), record("bad", 0)
		ref.Ref, source.Source = long.ID, long.ID
		for what, bad := range inOrder(map[string]store.Doc{"ID": long, "Ref": ref, "source": source}) {
			c := store.Change{Delete: store.All(), Docs: []store.Doc{record("new", 0), bad}}
			b.refuseChange("a record whose "+what+" is over the limit", c, store.ErrTooLarge)
		}
	}
	if _, dim := t.space(); dim > 0 && l.Dim > 0 && l.Dim < largest {
		b.refuse("a vector over the limit", func(c *store.Chunk) { c.Vector = RandomVector(t.rand, l.Dim+1) }, store.ErrTooLarge, store.ErrSpace)
	}
	if l.K > 0 {
		for _, q := range t.queries(b.shelf) {
			q.K = l.K
			b.search(q)
			q.K++
			_, err := b.Search(t.ctx, q)
			t.refused("Search with K over the limit", err, store.ErrTooLarge)
		}
	}
}

func testRefuseSchema(t *trial) {
	schema := t.info().Schema
	if len(schema.Fields) == 0 && !schema.Strict {
		t.Skipf("Info declares no Schema")
	}
	b := t.bench()
	for _, f := range schema.Fields {
		var wrong any = "a string"
		if f.Kind == store.KindString {
			wrong = int64(1)
		}
		b.refuse(short(wrong)+" for the declared "+string(f.Kind)+" "+f.Key, func(c *store.Chunk) { c.Meta = map[string]any{f.Key: wrong} }, store.ErrInvalid)
	}
	c := t.chunk("new", "doc", "text")
	c.Meta = map[string]any{"not_declared": "x"}
	if schema.Strict {
		b.refuse("an undeclared key", func(c *store.Chunk) { c.Meta = map[string]any{"not_declared": "x"} }, store.ErrInvalid)
	} else {
		b.write(t.upsert(c))
		b.same("a Write with an undeclared key")
	}
}
