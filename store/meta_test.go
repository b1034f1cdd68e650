package store_test

import (
	"errors"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
)

func TestCanonicalMeta(t *testing.T) {
	zone := time.FixedZone("", -5*3600)
	for _, c := range []struct{ in, want any }{
		{"text", "text"}, {"", ""}, {true, true},
		{7, int64(7)}, {int8(-7), int64(-7)}, {int16(7), int64(7)}, {int32(7), int64(7)}, {int64(7), int64(7)},
		{uint(7), int64(7)}, {uint8(7), int64(7)}, {uint16(7), int64(7)}, {uint32(7), int64(7)}, {uint64(7), int64(7)},
		{int64(store.MaxInt), int64(store.MaxInt)}, {int64(-store.MaxInt), int64(-store.MaxInt)}, {uint64(store.MaxInt), int64(store.MaxInt)},
		{float32(1.5), 1.5}, {1.0, 1.0}, {math.MaxFloat64, math.MaxFloat64}, {5e-324, 5e-324},
		{time.Date(2024, 2, 29, 7, 0, 0, 1999, zone), time.Date(2024, 2, 29, 12, 0, 0, 1000, time.UTC)},
		{time.Time{}, time.Time{}},
		{[]string{"b", "a", "b"}, []string{"b", "a", "b"}}, {[]string{}, []string{}}, {[]string(nil), []string{}},
	} {
		got, err := store.CanonicalMeta(map[string]any{"k": c.in})
		if err != nil || !reflect.DeepEqual(got, map[string]any{"k": c.want}) {
			t.Errorf("%T %v: got %#v, %v, want %#v", c.in, c.in, got, err, c.want)
		}
	}
	for _, m := range []map[string]any{nil, {}} {
		if got, err := store.CanonicalMeta(m); got != nil || err != nil {
			t.Errorf("%#v: got %#v, %v, want nil", m, got, err)
		}
	}
}

func TestCanonicalMetaCopies(t *testing.T) {
	list := []string{"a"}
	in := map[string]any{"k": list}
	got, err := store.CanonicalMeta(in)
	if err != nil {
		t.Fatal(err)
	}
	list[0], in["other"] = "b", 1
	if !reflect.DeepEqual(got, map[string]any{"k": []string{"a"}}) {
		t.Errorf("the result changed with its argument: %v", got)
	}
}

func TestCanonicalMetaRefuses(t *testing.T) {
	type text string
	for _, v := range []any{
		nil, int64(store.MaxInt + 1), int64(-store.MaxInt - 1), uint64(math.MaxUint64), uint64(store.MaxInt + 1), int64(math.MinInt64),
		math.NaN(), math.Inf(1), float32(math.Inf(-1)), "a\x00", "\xff", []string{"a", "\xff"}, []string{"\x00"},
		time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -3600)), // in UTC the year 10000
		[]any{"a"}, []int{1}, map[string]any{}, struct{}{}, text("a"), new(string), 1i, time.Second,
	} {
		if m, err := store.CanonicalMeta(map[string]any{"k": v}); !errors.Is(err, store.ErrInvalid) || m != nil || !strings.Contains(err.Error(), "k") {
			t.Errorf("%T %v: got %v, %v, want an error that names the key", v, v, m, err)
		}
	}
}

// keyRule is the contract's rule for keys, written another way.
var keyRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)

func FuzzMeta(f *testing.F) {
	for _, k := range []string{"", "a", "Z_9", "_a", "1a", "a-b", "é", "quarry_", "quarry_x", "quarry", strings.Repeat("k", 63), strings.Repeat("k", 64), "a\n"} {
		f.Add(k, "value")
	}
	f.Add("k", "a\x00b")
	f.Add("k", "\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, k, v string) {
		meta, err := store.CanonicalMeta(map[string]any{k: v})
		goodKey := keyRule.MatchString(k) && !strings.HasPrefix(k, store.ReservedPrefix)
		goodValue := strings.ToValidUTF8(v, "") == v && !strings.Contains(v, "\x00")
		if (err == nil) != (goodKey && goodValue) {
			t.Fatalf("key %q, value %q: %v", k, v, err)
		}
		change := store.Change{Upsert: []store.Chunk{{ID: "c", DocID: "d", Meta: map[string]any{k: v}}}}
		if (change.Validate() == nil) != (err == nil) {
			t.Errorf("CanonicalMeta says %v, Validate %v", err, change.Validate())
		}
		if (store.CheckFilter(store.Eq(k, v)) == nil) != (err == nil) {
			t.Errorf("CanonicalMeta says %v, CheckFilter %v", err, store.CheckFilter(store.Eq(k, v)))
		}
		if err == nil && !store.Match(store.Eq(k, v), &store.Chunk{Meta: meta}) {
			t.Errorf("%q does not equal itself", v)
		}
	})
}
