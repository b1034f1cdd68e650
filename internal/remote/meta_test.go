package remote

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

func TestMeta(t *testing.T) {
	metas := []map[string]any{
		nil,
		{"zero": 0.0, "whole": 5.0, "int": int64(5), "big": 1e300, "past": float64(1 << 53), "most": int64(1 << 53), "least": int64(-1 << 53), "tiny": 5e-324, "tenth": .1},
		{"empty": "", "list": []string{}, "quote": "\"\\\n\x7f\x01é\u2028😀", "time": time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "late": time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
	}
	for _, s := range storetest.Strings() {
		metas = append(metas, map[string]any{"s": s, "l": []string{s, ""}})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		metas = append(metas, storetest.RandomMeta(r))
	}
	for _, m := range metas {
		encoded := AppendMeta(nil, m)
		if !json.Valid(encoded) {
			t.Fatalf("%q is no JSON", encoded)
		}
		got, err := DecodeMeta(encoded)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%#v came back as %#v, %v", m, got, err)
		}
	}
}

func FuzzDecodeMeta(f *testing.F) {
	for _, s := range []string{"", "{}", `{"a":1}`, `{"a":{"time":1}}`, `{"a":[1]}`, `{"a":1e999}`, `[]`, `{"a":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeMeta(b)
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		again, err := DecodeMeta(AppendMeta(nil, m))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%#v came back as %#v, %v", m, again, err)
		}
	})
}
