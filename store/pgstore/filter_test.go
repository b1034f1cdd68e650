package pgstore

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// No value of a filter is in its SQL: the same words come out whatever the
// values are, and there is a parameter for each placeholder.
func TestFilterValues(t *testing.T) {
	placeholder := regexp.MustCompile(`\$\d+`)
	r := rand.New(rand.NewPCG(1, 3))
	for range 2000 {
		f := storetest.RandomFilter(r)
		var a arguments
		sql := chunkRow.where(f, &a)
		seen := map[string]bool{}
		for _, p := range placeholder.FindAllString(sql, -1) {
			seen[p] = true
		}
		if len(seen) != len(a) {
			t.Fatalf("%d placeholders, %d values: %s", len(seen), len(a), sql)
		}
		rest := placeholder.ReplaceAllString(sql, "")
		for _, word := range regexp.MustCompile(`[A-Za-z_]+|'[^']*'`).FindAllString(rest, -1) {
			if !strings.Contains(" id doc source ordinal principals meta ANY text BETWEEN bigint AND OR NOT true false coalesce jsonb_typeof 'array' 'string' 'object' 'number' 'time' jsonb CASE WHEN THEN ELSE END numeric COLLATE C '{}' ", " "+word+" ") {
				t.Fatalf("%q is in the SQL of %v: %s", word, f, sql)
			}
		}
	}
}

func FuzzFilterValues(f *testing.F) {
	f.Add("'; DROP TABLE quarry; --", "key")
	f.Fuzz(func(t *testing.T, value, key string) {
		filter := store.And(store.Eq(key, value), store.Lt(key, value), store.In(key, value), store.Contains(key, value),
			store.IDs(value), store.Docs(value), store.Sources(value), store.Readable(value), store.Exists(key))
		var a, b arguments
		if got, want := chunkRow.where(filter, &a), chunkRow.where(store.And(store.Eq("k", "v"), store.Lt("k", "v"), store.In("k", "v"), store.Contains("k", "v"),
			store.IDs("v"), store.Docs("v"), store.Sources("v"), store.Readable("v"), store.Exists("k")), &b); got != want {
			t.Fatalf("%s\n%s", got, want)
		}
	})
}

func TestNames(t *testing.T) {
	for table, want := range map[string]string{
		"":                      `"quarry"`,
		"passages":              `"passages"`,
		"app.passages":          `"app"."passages"`,
		`a"; DROP TABLE`:        `"a""; DROP TABLE"`,
		"a.b.c":                 "",
		".b":                    "",
		"a.":                    "",
		"nul\x00":               "",
		fmt.Sprintf("%041d", 0): "",
	} {
		n, err := (&Options{Table: table}).names()
		if n.chunks != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", table, n.chunks, err)
		}
	}
}
