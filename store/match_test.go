package store_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// The meaning of each condition, by example.
func TestMatch(t *testing.T) {
	noon := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	public := &store.Chunk{
		ID: "chunk", DocID: "doc", Source: "source", Ordinal: 3,
		Meta: map[string]any{
			"s": "b", "empty": "", "yes": true, "no": false, "int": int64(2), "big": int64(store.MaxInt), "float": 2.5, "whole": 2.0, "zero": math.Copysign(0, -1),
			"noon": noon, "list": []string{"a", "b"}, "none": []string{},
		},
	}
	private := &store.Chunk{Origin: store.Origin{Principals: []string{"ann", "ops"}}}
	for _, c := range []struct {
		f    store.Filter
		c    *store.Chunk
		want bool
	}{
		{nil, public, true}, {store.All(), public, true}, {store.And(), public, true}, {store.Or(), public, false},
		{store.IDs("x", "chunk"), public, true}, {store.IDs("doc"), public, false}, {store.IDs(), public, false}, {store.IDs("Chunk"), public, false},
		{store.Docs("doc"), public, true}, {store.Docs("chunk"), public, false}, {store.Docs(), public, false},
		{store.Sources("source"), public, true}, {store.Sources("sour"), public, false}, {store.Sources(), public, false},
		{store.Ordinals(3, 3), public, true}, {store.Ordinals(0, 2), public, false}, {store.Ordinals(4, 9), public, false}, {store.Ordinals(4, 2), public, false},
		{store.Readable(), public, true}, {store.Readable("bob"), public, true}, {store.Readable(), private, false}, {store.Readable("bob"), private, false},
		{store.Readable("bob", "ops"), private, true}, {store.Readable("Ann"), private, false},

		{store.Eq("s", "b"), public, true}, {store.Eq("s", "B"), public, false}, {store.Eq("s", ""), public, false}, {store.Eq("empty", ""), public, true}, {store.Eq("absent", ""), public, false},
		{store.Eq("yes", true), public, true}, {store.Eq("yes", false), public, false}, {store.Eq("no", 0), public, false}, {store.Eq("yes", "true"), public, false},
		{store.Eq("int", 2), public, true}, {store.Eq("int", 2.0), public, true}, {store.Eq("whole", 2), public, true}, {store.Eq("int", "2"), public, false}, {store.Eq("int", 2.5), public, false},
		{store.Eq("zero", 0), public, true}, {store.Eq("zero", 0.0), public, true}, {store.Lt("zero", 0), public, false},
		{store.Eq("big", float64(store.MaxInt)), public, true}, {store.Lt("big", float64(store.MaxInt+2)), public, true}, {store.Eq("big", int64(store.MaxInt-1)), public, false},
		{store.Eq("noon", noon.In(time.FixedZone("", 3600))), public, true}, {store.Eq("noon", noon.Add(time.Microsecond)), public, false}, {store.Eq("noon", noon.Format(time.RFC3339)), public, false},
		{store.Eq("list", "a"), public, false}, {store.In("list", "a"), public, false}, {store.Ne("list", "a"), public, true},

		{store.Ne("s", "a"), public, true}, {store.Ne("s", "b"), public, false}, {store.Ne("s", 1), public, true}, {store.Ne("absent", 1), public, false},
		{store.Not(store.Eq("absent", 1)), public, true}, {store.Not(store.Ne("absent", 1)), public, true},

		{store.Lt("s", "c"), public, true}, {store.Lt("s", "b"), public, false}, {store.Lt("s", "a~"), public, false}, {store.Gt("s", "Z"), public, true}, {store.Gt("s", "é"), public, false},
		{store.Lt("int", 2.5), public, true}, {store.Ge("float", 2), public, true}, {store.Le("int", 2), public, true}, {store.Gt("int", 2), public, false}, {store.Lt("int", "3"), public, false}, {store.Ge("int", "1"), public, false},
		{store.Lt("noon", noon.Add(time.Microsecond)), public, true}, {store.Ge("noon", noon), public, true}, {store.Gt("noon", 0), public, false}, {store.Lt("absent", 1), public, false},
		{store.Gt("list", "a"), public, false}, {store.Ge("yes", 0), public, false},

		{store.In("s", "a", "b"), public, true}, {store.In("s"), public, false}, {store.In("int", "2", 2.0), public, true}, {store.In("absent", ""), public, false}, {store.In("yes", true), public, true},
		{store.Exists("none"), public, true}, {store.Exists("empty"), public, true}, {store.Exists("no"), public, true}, {store.Exists("absent"), public, false}, {store.Exists("S"), public, false},
		{store.Contains("list", "b"), public, true}, {store.Contains("list", "ab"), public, false}, {store.Contains("none", ""), public, false}, {store.Contains("s", "b"), public, false}, {store.Contains("absent", "a"), public, false},
		{store.ContainsAny("list", "x", "a"), public, true}, {store.ContainsAny("list"), public, false},
	} {
		if got := store.Match(c.f, c.c); got != c.want {
			t.Errorf("%#v: got %v, want %v", c.f, got, c.want)
		}
	}
}

// laws that hold for any filters f and g and any chunk.
func TestMatchLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	chunks := storetest.RandomChunks(r, 60, 0)
	passed := 0
	for range 2000 {
		f, g, h := storetest.RandomFilter(r), storetest.RandomFilter(r), storetest.RandomFilter(r)
		for _, filter := range []store.Filter{f, g, h} {
			if err := store.CheckFilter(filter); err != nil {
				t.Fatalf("a random filter is malformed: %v: %#v", err, filter)
			}
		}
		c := &chunks[r.IntN(len(chunks))]
		if store.Match(f, c) {
			passed++
		}
		for _, law := range []struct {
			name string
			a, b store.Filter
		}{
			{"f or not f", store.Or(f, store.Not(f)), store.All()},
			{"f and not f", store.And(f, store.Not(f)), store.Or()},
			{"double negation", store.Not(store.Not(f)), f},
			{"De Morgan, and", store.Not(store.And(f, g)), store.Or(store.Not(f), store.Not(g))},
			{"De Morgan, or", store.Not(store.Or(f, g)), store.And(store.Not(f), store.Not(g))},
			{"order of and", store.And(f, g), store.And(g, f)},
			{"order of or", store.Or(f, g), store.Or(g, f)},
			{"nesting of and", store.And(f, g, h), store.And(f, store.And(g, h))},
			{"nesting of or", store.Or(f, g, h), store.Or(store.Or(f, g), h)},
			{"distribution", store.And(f, store.Or(g, h)), store.Or(store.And(f, g), store.And(f, h))},
			{"absorption", store.Or(f, store.And(f, g)), f},
			{"all", store.And(f, store.All()), f},
			{"none", store.Or(f, store.Or()), f},
		} {
			if store.Match(law.a, c) != store.Match(law.b, c) {
				t.Errorf("%s fails for f %#v, g %#v, h %#v on %#v", law.name, f, g, h, c)
			}
		}
	}
	if passed < 300 || passed > 1700 {
		t.Errorf("random filters pass %d of 2000 chunks, want some and not most", passed)
	}
}

// laws of the conditions on Meta, for any key and values.
func TestCompareLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	chunks := storetest.RandomChunks(r, 60, 0)
	values := []any{"absent"} // and one of each that a chunk has
	for _, c := range chunks {
		for _, v := range c.Meta {
			if _, list := v.([]string); !list {
				values = append(values, v)
			}
		}
	}
	for range 5000 {
		c := &chunks[r.IntN(len(chunks))]
		key := []string{"lang", "draft", "year", "price", "seen", "tags", "any", "Other_9", "absent"}[r.IntN(9)]
		v, w := values[r.IntN(len(values))], values[r.IntN(len(values))]
		laws := map[string][2]store.Filter{
			"Ne":                {store.Ne(key, v), store.And(store.Exists(key), store.Not(store.Eq(key, v)))},
			"In":                {store.In(key, v, w), store.Or(store.Eq(key, v), store.Eq(key, w))},
			"In of nothing":     {store.In(key), store.Or()},
			"Eq needs the key":  {store.Eq(key, v), store.And(store.Eq(key, v), store.Exists(key))},
			"ContainsAny":       {store.ContainsAny(key, "a", "b"), store.Or(store.Contains(key, "a"), store.Contains(key, "b"))},
			"a list is a value": {store.Contains(key, "a"), store.And(store.Exists(key), store.Contains(key, "a"))},
		}
		if _, b := v.(bool); !b {
			less, equal, greater := store.Lt(key, v), store.Eq(key, v), store.Gt(key, v)
			laws["Le"] = [2]store.Filter{store.Le(key, v), store.Or(less, equal)}
			laws["Ge"] = [2]store.Filter{store.Ge(key, v), store.Or(greater, equal)}
			laws["at most one"] = [2]store.Filter{store.Or(store.And(less, equal), store.And(less, greater), store.And(equal, greater)), store.Or()}
			// Of one kind means that one of the three holds.
			laws["order or none"] = [2]store.Filter{store.Or(less, equal, greater), store.Or(store.Le(key, v), store.Ge(key, v))}
		}
		for name, law := range laws {
			if store.Match(law[0], c) != store.Match(law[1], c) {
				t.Errorf("%s fails for key %s, values %#v and %#v on %#v", name, key, v, w, c.Meta[key])
			}
		}
	}
}
