package embed_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/quarry-go/quarry/embed"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		r    embed.Request
		says string // of the error; empty for none
	}{
		{embed.Request{}, ""},
		{embed.Request{Kind: embed.Query, Texts: []string{"", "a\n\x01", "漢字"}}, ""},
		{embed.Request{Kind: 2}, "kind 2"},
		{embed.Request{Texts: []string{"a", "b\xff"}}, "text 1 of 2: not valid UTF-8"},
		{embed.Request{Texts: []string{"ab\x00c"}}, "text 0 of 1: NUL at byte 2"},
	} {
		err := c.r.Validate()
		if c.says == "" && err != nil || c.says != "" && (!errors.Is(err, embed.ErrInvalid) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v: %v, want %q", c.r, err, c.says)
		}
	}
}

func TestCheck(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		vectors [][]float32
		says    string // of the error; empty for none
	}{
		{[][]float32{{1, 0}, {.6, .8}}, ""},
		{[][]float32{{1.009, 0}, {0, -.991}}, ""},
		{[][]float32{{1, 0}}, "1 vectors for 2 texts"},
		{[][]float32{{1, 0}, {1, 0, 0}}, "vector 1 of 2 has 3 dimensions, want 2"},
		{[][]float32{{1, 0}, nil}, "vector 1 of 2 has 0 dimensions"},
		{[][]float32{{1.02, 0}, {1, 0}}, "vector 0 of 2 has length 1.02"},
		{[][]float32{{0, 0}, {1, 0}}, "length 0"},
		{[][]float32{{nan, 1}, {1, 0}}, "length NaN"},
		{[][]float32{{1, 0}, {inf, 0}}, "length +Inf"},
	} {
		err := embed.Response{Vectors: c.vectors}.Check(2, 2)
		if c.says == "" && err != nil || c.says != "" && (!errors.Is(err, embed.ErrResponse) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%v: %v, want %q", c.vectors, err, c.says)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add(float32(3), float32(-4), float32(0))
	f.Add(float32(math.MaxFloat32), float32(math.MaxFloat32), float32(1))
	f.Add(float32(math.SmallestNonzeroFloat32), float32(0), float32(0))
	f.Add(float32(0), float32(0), float32(0))
	f.Add(float32(math.NaN()), float32(1), float32(math.Inf(-1)))
	f.Fuzz(func(t *testing.T, a, b, c float32) {
		in := []float32{a, b, c}
		out := embed.Normalize(in)
		finite := !anyOf(in, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
		zero := a == 0 && b == 0 && c == 0
		switch {
		case finite && !zero:
			if err := (embed.Response{Vectors: [][]float32{out}}).Check(1, 3); err != nil {
				t.Errorf("Normalize(%v) = %v: %v", in, out, err)
			}
			for i := range in {
				if in[i] != 0 && out[i] != 0 && math.Signbit(float64(in[i])) != math.Signbit(float64(out[i])) {
					t.Errorf("Normalize(%v) = %v: a sign changed", in, out)
				}
			}
		default:
			for i := range in {
				if math.Float32bits(in[i]) != math.Float32bits(out[i]) && in[i] == in[i] {
					t.Errorf("Normalize(%v) = %v, want a copy", in, out)
				}
			}
		}
		out[0] = 7
		if math.Float32bits(in[0]) != math.Float32bits(a) {
			t.Error("the result shares memory with the argument")
		}
	})
}

func anyOf(v []float32, f func(float64) bool) bool {
	for _, x := range v {
		if f(float64(x)) {
			return true
		}
	}
	return false
}

// Two spaces are equal only if everything about the models is.
func TestSpace(t *testing.T) {
	if s := (embed.Model{}).Space(); s != "" {
		t.Errorf("the zero Model has space %q", s)
	}
	m := embed.Model{Name: "e5-small", Revision: "2", Dim: 384, MaxTokens: 512, Pooling: "mean", PassagePrefix: "passage: ", QueryPrefix: "query: ", Precision: "int8"}
	const golden = "e5-small/384/0ba2fe69a635"
	if m.Space() != golden {
		t.Errorf("space %q, want %q: stores would refuse their own vectors", m.Space(), golden)
	}
	seen := map[string]string{m.Space(): "itself"}
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		changed := m
		switch f := reflect.ValueOf(&changed).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString(f.String() + " ")
		case reflect.Int:
			f.SetInt(f.Int() + 1)
		}
		name := v.Type().Field(i).Name
		if other, ok := seen[changed.Space()]; ok {
			t.Errorf("another %s gives the same space as %s", name, other)
		}
		seen[changed.Space()] = name
	}
	a, b := embed.Model{Name: "m", PassagePrefix: `a" "b`}, embed.Model{Name: "m", PassagePrefix: "a", QueryPrefix: "b"}
	if a.Space() == b.Space() {
		t.Error("prefixes can be shifted into each other")
	}
}

func TestFunc(t *testing.T) {
	calls := 0
	var give [][]float32
	fails := errors.New("fails")
	e := embed.Func(embed.Model{Name: "m", Dim: 2}, func(_ context.Context, r embed.Request) (embed.Response, error) {
		calls++
		if r.Kind == embed.Query {
			return embed.Response{Vectors: give}, fails
		}
		return embed.Response{Vectors: give, Usage: embed.Usage{Tokens: 3, Requests: 1}}, nil
	})
	ctx := t.Context()
	give = [][]float32{{3, 4}}
	r, err := e.Embed(ctx, embed.Request{Texts: []string{"a"}})
	if err != nil || !reflect.DeepEqual(r, embed.Response{Vectors: [][]float32{{.6, .8}}, Usage: embed.Usage{Tokens: 3, Requests: 1}}) {
		t.Errorf("%v, %v", r, err)
	}
	if give[0][0] != 3 {
		t.Error("the function's own vector was changed")
	}
	if r, err = e.Embed(ctx, embed.Request{Kind: embed.Query, Texts: []string{"a"}}); !errors.Is(err, fails) || r.Vectors != nil {
		t.Errorf("%v, %v", r, err)
	}
	calls = 0
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, errNone := e.Embed(ctx, embed.Request{})
	_, errBad := e.Embed(ctx, embed.Request{Texts: []string{"\xff"}})
	_, errDone := e.Embed(cancelled, embed.Request{Texts: []string{"a"}})
	if calls != 0 || errNone != nil || !errors.Is(errBad, embed.ErrInvalid) || !errors.Is(errDone, context.Canceled) {
		t.Errorf("%d calls: %v, %v, %v", calls, errNone, errBad, errDone)
	}
	for _, give = range [][][]float32{nil, {{1, 0, 0}}, {{0, 0}}, {{1, 0}, {1, 0}}} {
		if r, err := e.Embed(ctx, embed.Request{Texts: []string{"a"}}); !errors.Is(err, embed.ErrResponse) || r.Vectors != nil {
			t.Errorf("%v: %v, %v", give, r, err)
		}
	}
}

type wrapper struct{ embed.Embedder }

func (w wrapper) Unwrap() embed.Embedder { return w.Embedder }

type batcher struct{ embed.Embedder }

func (batcher) BatchSize() int { return 7 }

func TestAs(t *testing.T) {
	type sizer interface{ BatchSize() int }
	plain := embed.Func(embed.Model{}, nil)
	if s, ok := embed.As[sizer](wrapper{wrapper{batcher{plain}}}); !ok || s.BatchSize() != 7 {
		t.Error("not found below two wrappers")
	}
	if _, ok := embed.As[sizer](wrapper{plain}); ok {
		t.Error("found where there is none")
	}
	if _, ok := embed.As[sizer](wrapper{nil}); ok {
		t.Error("found in nothing")
	}
	if _, ok := embed.As[sizer](nil); ok {
		t.Error("found in nil")
	}
}

func TestRetryAfter(t *testing.T) {
	cause := errors.New("status 429")
	err := error(&embed.RateLimitError{After: time.Minute, Err: cause})
	if !errors.Is(err, embed.ErrRateLimited) || !errors.Is(err, cause) {
		t.Errorf("%v does not wrap both", err)
	}
	if d, ok := embed.RetryAfter(errors.Join(errors.New("other"), err)); !ok || d != time.Minute {
		t.Errorf("%v, %v", d, ok)
	}
	if _, ok := embed.RetryAfter(embed.ErrRateLimited); ok {
		t.Error("a delay that nobody named")
	}
}

func TestUsageAdd(t *testing.T) {
	if got := (embed.Usage{Tokens: 1, Requests: 2}).Add(embed.Usage{Tokens: 3, Requests: 4}); got != (embed.Usage{Tokens: 4, Requests: 6}) {
		t.Errorf("%+v", got)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("plain")
	f.Add("nul \x00")
	f.Add("\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		valid := utf8.ValidString(s) && !strings.Contains(s, "\x00")
		if err := (embed.Request{Texts: []string{s}}).Validate(); (err == nil) != valid {
			t.Errorf("%q: %v", s, err)
		}
	})
}
