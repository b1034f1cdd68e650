package store_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
)

func nested(n int, in func(store.Filter) store.Filter) store.Filter {
	f := store.All()
	for range n - 1 {
		f = in(f)
	}
	return f
}

func TestCheckFilter(t *testing.T) {
	and := func(f store.Filter) store.Filter { return store.And(store.All(), f) }
	or := func(f store.Filter) store.Filter { return store.Or(f) }
	for name, f := range map[string]store.Filter{
		"nil": nil, "all": store.All(), "none": store.Or(), "empty lists": store.And(store.IDs(), store.Docs(), store.Sources(), store.In("k"), store.ContainsAny("k"), store.Readable()),
		"every value":    store.In("k", "a", 1, 1.5, true, time.Now(), int8(1), float32(1), uint64(store.MaxInt)),
		"any zone":       store.Lt("k", time.Now().In(time.FixedZone("", 3600))),
		"empty string":   store.And(store.IDs(""), store.Eq("k", ""), store.Contains("k", "")),
		"order":          store.And(store.Lt("k", "a"), store.Le("k", 1), store.Gt("k", 1.5), store.Ge("k", time.Unix(0, 0))),
		"unequal":        store.Ne("k", true),
		"backwards":      store.Ordinals(5, 2),
		"64 levels Not":  nested(64, store.Not),
		"64 levels And":  nested(64, and),
		"64 levels Or":   nested(64, or),
		"longest key":    store.Exists(strings.Repeat("k", 63)),
		"what Match can": store.Compare{Key: "k", Op: store.OpEq, Value: int64(1)},
	} {
		if err := store.CheckFilter(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		f    store.Filter
		says string // what the error must name
	}{
		"key":             {store.Eq("a b", 1), `"a b"`},
		"no key":          {store.Exists(""), "key"},
		"long key":        {store.Contains(strings.Repeat("k", 64), "a"), "64 bytes"},
		"reserved key":    {store.Ne(store.ReservedPrefix+"a", 1), "reserved"},
		"key of nothing":  {store.In("a-b"), "a-b"},
		"key of no list":  {store.ContainsAny("a.b"), "a.b"},
		"list":            {store.Eq("k", []string{"a"}), "Contains"},
		"list to order":   {store.Lt("k", []string{"a"}), "k"},
		"list in In":      {store.In("k", 1, []string{"a"}), "k"},
		"bool to order":   {store.Ge("k", false), "order"},
		"nil value":       {store.Eq("k", nil), "k"},
		"other type":      {store.Ne("k", struct{}{}), "k"},
		"2^53+1":          {store.Le("k", int64(store.MaxInt+1)), "2^53"},
		"NaN":             {store.Gt("k", math.NaN()), "NaN"},
		"infinity":        {store.In("k", math.Inf(1)), "Inf"},
		"NUL":             {store.Eq("k", "a\x00"), "NUL"},
		"NUL in an ID":    {store.IDs("a", "\x00"), "NUL"},
		"bad doc":         {store.Docs("\xff"), "UTF-8"},
		"bad source":      {store.Sources("\xff"), "UTF-8"},
		"bad principal":   {store.Readable("\xff"), "UTF-8"},
		"bad element":     {store.ContainsAny("k", "a", "\xff"), "UTF-8"},
		"operator":        {store.Compare{Key: "k", Op: "~", Value: "a"}, `"~"`},
		"not canonical":   {store.Compare{Key: "k", Op: store.OpEq, Value: 1}, "CanonicalMeta"},
		"zone":            {store.Compare{Key: "k", Op: store.OpEq, Value: time.Unix(0, 0).In(time.FixedZone("", 60))}, "CanonicalMeta"},
		"year 10000":      {store.Eq("k", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), "10000"},
		"nil in And":      {store.And(store.All(), nil), "nil"},
		"nil in Or":       {store.Or(nil), "nil"},
		"nil in Not":      {store.Not(nil), "nil"},
		"deep in And":     {store.And(store.Or(store.Not(store.Eq("k", nil)))), "k"},
		"65 levels Not":   {nested(65, store.Not), "64"},
		"65 levels And":   {nested(65, and), "64"},
		"65 levels Or":    {nested(65, or), "64"},
		"pointer":         {&store.Everything{}, "*store.Everything"},
		"another's":       {struct{ store.Filter }{store.All()}, "struct"},
		"another's inner": {store.Not(struct{ store.Filter }{store.All()}), "struct"},
	} {
		if err := store.CheckFilter(c.f); !errors.Is(err, store.ErrFilter) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error is %v, want one that wraps ErrFilter and names %s", name, err, c.says)
		}
	}
}

// Constructors make values canonical, so that equal ones make equal filters.
func TestConstructorsAreCanonical(t *testing.T) {
	noon := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	zone := noon.Add(999).In(time.FixedZone("", 3600))
	for _, c := range [][2]store.Filter{
		{store.Eq("k", 1), store.Eq("k", int64(1))},
		{store.Ne("k", uint8(1)), store.Ne("k", int64(1))},
		{store.Lt("k", float32(.5)), store.Lt("k", .5)},
		{store.Ge("k", zone), store.Ge("k", noon)},
	} {
		if c[0] != c[1] {
			t.Errorf("%#v is not %#v", c[0], c[1])
		}
	}
}
