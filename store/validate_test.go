package store_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
)

func valid() store.Chunk {
	return store.Chunk{
		ID: "chunk", DocID: "doc", Source: "source", Ordinal: 1, Version: "v", Text: "text", Start: 10, End: 14, Prefix: "prefix",
		Origin: store.Origin{URI: "uri", Title: "title", Lang: "en", Modified: time.Unix(1, 1000).UTC(), Trust: store.Internal, Principals: []string{"ann"}},
		Marks:  []store.Mark{{Kind: "page", Start: 0, End: 100, Label: "1", Anchor: "page=1"}}, EmbedKey: "key", Vector: []float32{0, 1},
		Meta: map[string]any{"k": "v"},
	}
}

func TestValidateChange(t *testing.T) {
	bare := store.Chunk{ID: "bare", DocID: "doc"}
	for name, c := range map[string]store.Change{
		"nothing":           {},
		"a full chunk":      {Upsert: []store.Chunk{valid()}, Space: "space"},
		"a bare chunk":      {Upsert: []store.Chunk{bare}},
		"doubles":           {Upsert: []store.Chunk{bare, bare}, Docs: []store.Doc{{ID: "a"}, {ID: "a"}}},
		"some with vectors": {Upsert: []store.Chunk{bare, valid()}, Space: "space"},
		"space alone":       {Space: "space"},
		"all":               {Delete: store.All()},
	} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	for name, spoil := range map[string]func(*store.Chunk){
		"no ID":                 func(c *store.Chunk) { c.ID = "" },
		"no DocID":              func(c *store.Chunk) { c.DocID = "" },
		"ordinal":               func(c *store.Chunk) { c.Ordinal = -1 },
		"start":                 func(c *store.Chunk) { c.Start, c.End = -4, 0 },
		"short span":            func(c *store.Chunk) { c.End-- },
		"long span":             func(c *store.Chunk) { c.End++ },
		"source":                func(c *store.Chunk) { c.Source = "\x00" },
		"version":               func(c *store.Chunk) { c.Version = "\xff" },
		"text":                  func(c *store.Chunk) { c.Text = "te\xfft" },
		"prefix":                func(c *store.Chunk) { c.Prefix = "\x00" },
		"embed key":             func(c *store.Chunk) { c.EmbedKey = "\xff" },
		"URI":                   func(c *store.Chunk) { c.Origin.URI = "\xff" },
		"title":                 func(c *store.Chunk) { c.Origin.Title = "\x00" },
		"lang":                  func(c *store.Chunk) { c.Origin.Lang = "\xff" },
		"principal":             func(c *store.Chunk) { c.Origin.Principals = []string{"ann", "\xff"} },
		"trust":                 func(c *store.Chunk) { c.Origin.Trust = store.Internal + 1 },
		"nanoseconds":           func(c *store.Chunk) { c.Origin.Modified = time.Unix(1, 1).UTC() },
		"zone":                  func(c *store.Chunk) { c.Origin.Modified = time.Unix(1, 0).In(time.FixedZone("", 60)) },
		"zero in a zone":        func(c *store.Chunk) { c.Origin.Modified = time.Time{}.In(time.FixedZone("", 60)) },
		"year 10000":            func(c *store.Chunk) { c.Origin.Modified = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"mark that starts":      func(c *store.Chunk) { c.Marks[0].Start = -1 },
		"mark that ends":        func(c *store.Chunk) { c.Marks[0].End = -1 },
		"mark's kind":           func(c *store.Chunk) { c.Marks[0].Kind = "\xff" },
		"mark's label":          func(c *store.Chunk) { c.Marks[0].Label = "\x00" },
		"mark's anchor":         func(c *store.Chunk) { c.Marks[0].Anchor = "\xff" },
		"key":                   func(c *store.Chunk) { c.Meta = map[string]any{"a b": "v"} },
		"value":                 func(c *store.Chunk) { c.Meta = map[string]any{"k": 1} },
		"nil list":              func(c *store.Chunk) { c.Meta = map[string]any{"k": []string(nil)} },
		"vector of nothing":     func(c *store.Chunk) { c.Vector = []float32{} },
		"vector that is long":   func(c *store.Chunk) { c.Vector = []float32{1, 1} },
		"vector that is no one": func(c *store.Chunk) { c.Vector = []float32{float32(math.NaN()), 1} },
	} {
		bad := valid()
		spoil(&bad)
		c := store.Change{Upsert: []store.Chunk{valid(), bad}, Space: "space"}
		if err := c.Validate(); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: error is %v, want one that wraps ErrInvalid", name, err)
		} else if !strings.Contains(err.Error(), "1 of 2") {
			t.Errorf("%s: %q does not say which chunk", name, err)
		}
	}

	for name, d := range map[string]store.Doc{
		"no ID": {}, "chunks": {ID: "a", Chunks: -1}, "ref": {ID: "a", Ref: "\xff"}, "ref version": {ID: "a", RefVersion: "\x00"},
		"source": {ID: "a", Source: "\xff"}, "version": {ID: "a", Version: "\xff"}, "origin": {ID: "a", Origin: store.Origin{Trust: 9}},
	} {
		c := store.Change{Docs: []store.Doc{{ID: "good"}, d}}
		if err := c.Validate(); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("record, %s: error is %v, want one that wraps ErrInvalid", name, err)
		}
	}

	long := valid()
	long.Vector = []float32{0, 0, 1}
	for name, c := range map[string]struct {
		c    store.Change
		want []error
	}{
		"vectors of two lengths": {store.Change{Upsert: []store.Chunk{valid(), bare, long}, Space: "space"}, []error{store.ErrInvalid, store.ErrSpace}},
		"no space":               {store.Change{Upsert: []store.Chunk{bare, valid()}}, []error{store.ErrInvalid}},
		"bad space":              {store.Change{Space: "\x00"}, []error{store.ErrInvalid}},
		"bad filter":             {store.Change{Delete: store.Not(nil)}, []error{store.ErrFilter}},
	} {
		for _, want := range c.want {
			if err := c.c.Validate(); !errors.Is(err, want) {
				t.Errorf("%s: error is %v, want one that wraps %v", name, err, want)
			}
		}
	}
}

func TestValidateQuery(t *testing.T) {
	for name, q := range map[string]store.Query{
		"text":       {Text: "words", K: 1},
		"any text":   {Text: "a\x00b", K: 1},
		"vector":     {Vector: []float32{1}, K: math.MaxInt, Space: "space", Exact: true},
		"everything": {Text: "words", K: 1, Filter: store.All(), Fields: store.FieldsAll},
	} {
		if err := q.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		q    store.Query
		want error
	}{
		"neither":        {store.Query{K: 1}, store.ErrInvalid},
		"both":           {store.Query{Text: "a", Vector: []float32{1}, K: 1}, store.ErrInvalid},
		"no dimensions":  {store.Query{Vector: []float32{}, K: 1}, store.ErrInvalid},
		"no unit vector": {store.Query{Vector: []float32{.5}, K: 1}, store.ErrInvalid},
		"infinite":       {store.Query{Vector: []float32{float32(math.Inf(1))}, K: 1}, store.ErrInvalid},
		"K 0":            {store.Query{Text: "a"}, store.ErrInvalid},
		"K -1":           {store.Query{Text: "a", K: -1}, store.ErrInvalid},
		"bad UTF-8":      {store.Query{Text: "\xff", K: 1}, store.ErrInvalid},
		"fields":         {store.Query{Text: "a", K: 1, Fields: store.FieldsAll + 1}, store.ErrInvalid},
		"filter":         {store.Query{Text: "a", K: 1, Filter: store.And(nil)}, store.ErrFilter},
	} {
		if err := c.q.Validate(); !errors.Is(err, c.want) {
			t.Errorf("%s: error is %v, want one that wraps %v", name, err, c.want)
		}
	}
}

func TestCheckVector(t *testing.T) {
	for _, c := range []struct {
		v    []float32
		good bool
	}{
		{[]float32{1}, true}, {[]float32{-1}, true}, {[]float32{.6, .8}, true}, {[]float32{1.009}, true}, {[]float32{.991}, true},
		{nil, false}, {[]float32{}, false}, {[]float32{0}, false}, {[]float32{1.011}, false}, {[]float32{.989}, false}, {[]float32{1, 1}, false},
		{[]float32{float32(math.NaN())}, false}, {[]float32{1, float32(math.Inf(-1))}, false},
	} {
		if err := store.CheckVector(c.v); (err == nil) != c.good {
			t.Errorf("%v: %v", c.v, err)
		}
	}
}

func TestCheckNamespace(t *testing.T) {
	for _, name := range []string{"a", " ", "tenant/1", "名前", "a\nb", strings.Repeat("n", store.MaxNamespace)} {
		if err := store.CheckNamespace(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "\x00", "a\x00", "\xff", strings.Repeat("n", store.MaxNamespace+1)} {
		if err := store.CheckNamespace(name); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: error is %v, want one that wraps ErrInvalid", name, err)
		}
	}
}

func TestCanonicalTime(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for _, c := range []struct{ in, want time.Time }{
		{time.Time{}, time.Time{}},
		{time.Time{}.In(zone), time.Time{}},
		{time.Date(2024, 1, 1, 1, 0, 0, 1999, zone), time.Date(2024, 1, 1, 0, 0, 0, 1000, time.UTC)},
		{time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)},
	} {
		got := store.CanonicalTime(c.in)
		if got != c.want {
			t.Errorf("%v: got %v, want %v", c.in, got, c.want)
		}
		chunk := store.Chunk{ID: "c", DocID: "d", Origin: store.Origin{Modified: got}}
		if err := (&store.Change{Upsert: []store.Chunk{chunk}}).Validate(); err != nil {
			t.Errorf("%v: %v", c.in, err)
		}
	}
}

func TestSchema(t *testing.T) {
	schema := store.Schema{Fields: []store.Field{
		{Key: "s", Kind: store.KindString}, {Key: "b", Kind: store.KindBool}, {Key: "i", Kind: store.KindInt},
		{Key: "f", Kind: store.KindFloat}, {Key: "t", Kind: store.KindTime}, {Key: "l", Kind: store.KindList},
	}}
	if err := schema.Validate(); err != nil {
		t.Fatal(err)
	}
	good := map[string]any{"s": "a", "b": true, "i": int64(1), "f": 1.0, "t": time.Unix(0, 0).UTC(), "l": []string{}}
	for _, meta := range []map[string]any{nil, {}, good, {"s": "a"}} {
		if err := schema.Check(meta); err != nil {
			t.Errorf("%v: %v", meta, err)
		}
	}
	for k := range good {
		for other, v := range good {
			if err := schema.Check(map[string]any{k: v}); (err == nil) != (k == other) || err != nil && !errors.Is(err, store.ErrInvalid) {
				t.Errorf("%T for the field %s: %v", v, k, err)
			}
		}
	}
	strict := store.Schema{Fields: schema.Fields, Strict: true}
	for _, c := range []struct {
		s    store.Schema
		good bool
	}{{schema, true}, {strict, false}, {store.Schema{}, true}, {store.Schema{Strict: true}, false}} {
		if err := c.s.Check(map[string]any{"other": "a"}); (err == nil) != c.good {
			t.Errorf("an undeclared key, Strict %v: %v", c.s.Strict, err)
		}
	}
	for name, fields := range map[string][]store.Field{
		"key": {{Key: "a b", Kind: store.KindInt}}, "no key": {{Kind: store.KindInt}}, "reserved": {{Key: store.ReservedPrefix + "x", Kind: store.KindInt}},
		"kind": {{Key: "a", Kind: "date"}}, "no kind": {{Key: "a"}}, "twice": {{Key: "a", Kind: store.KindInt}, {Key: "b", Kind: store.KindInt}, {Key: "a", Kind: store.KindInt}},
	} {
		if err := (store.Schema{Fields: fields}).Validate(); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: error is %v, want one that wraps ErrInvalid", name, err)
		}
	}
}
