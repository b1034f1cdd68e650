package embedtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/quarry-go/quarry/embed"
)

// A kit is one Embedder under test.
type kit struct {
	Options
	e embed.Embedder
}

func newKit(e embed.Embedder, o *Options) *kit {
	k := &kit{e: e}
	if o != nil {
		k.Options = *o
	}
	k.Batch = cmp.Or(k.Batch, 100)
	k.Patience = cmp.Or(k.Patience, time.Minute)
	return k
}

var errLate = errors.New("has not returned in time")

// call runs e.Embed with a copy of the texts. A panic, and a call that
// outlasts the patience, are errors.
func (k *kit) call(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
	r.Texts = slices.Clone(r.Texts)
	return k.callWith(ctx, e, r)
}

// callWith is call without the copy.
func (k *kit) callWith(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
	type result struct {
		resp embed.Response
		err  error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{err: fmt.Errorf("panic: %v", p)}
			}
		}()
		resp, err := e.Embed(ctx, r)
		done <- result{resp, err}
	}()
	timer := time.NewTimer(k.Patience)
	defer timer.Stop()
	select {
	case got := <-done:
		return got.resp, got.err
	case <-timer.C:
		return embed.Response{}, fmt.Errorf("Embed %w (%v)", errLate, k.Patience)
	}
}

// embed returns the vectors of texts, which must be as many.
func (k *kit) embed(ctx context.Context, kind embed.Kind, texts ...string) ([][]float32, error) {
	resp, err := k.call(ctx, k.e, embed.Request{Kind: kind, Texts: texts})
	if err != nil {
		return nil, fmt.Errorf("texts %q: %w", brief(texts), err)
	}
	if len(resp.Vectors) != len(texts) {
		return nil, fmt.Errorf("%d vectors for the %d texts %q", len(resp.Vectors), len(texts), brief(texts))
	}
	return resp.Vectors, nil
}

// alone returns a copy of the vector of each text as a request of its own gives it.
func (k *kit) alone(ctx context.Context, kind embed.Kind, texts ...string) ([][]float32, error) {
	var out [][]float32
	for _, t := range texts {
		v, err := k.embed(ctx, kind, t)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.Clone(v[0]))
	}
	return out, nil
}

// same says in what a and b differ, if they do.
func (k *kit) same(a, b []float32) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d numbers and %d", len(a), len(b))
	}
	for i := range a {
		if math.Float32bits(a[i]) == math.Float32bits(b[i]) {
			continue
		}
		if d := math.Abs(float64(a[i]) - float64(b[i])); !(d <= k.Tolerance) {
			return fmt.Errorf("number %d is %v and %v", i, a[i], b[i])
		}
	}
	return nil
}

// sameAll is same for lists of vectors, of which each belongs to a text.
func (k *kit) sameAll(texts []string, a, b [][]float32) error {
	for i := range a {
		if err := k.same(a[i], b[i]); err != nil {
			return fmt.Errorf("text %q: %w", texts[i], err)
		}
	}
	return nil
}

// nearest returns the index of the vector in vs with the smallest Euclidean
// distance to v, the first of equals.
func nearest(v []float32, vs [][]float32) int {
	best, at := math.Inf(1), -1
	for i, w := range vs {
		sum := 0.0
		for j := range min(len(v), len(w)) {
			d := float64(v[j]) - float64(w[j])
			sum += d * d
		}
		if sum < best {
			best, at = sum, i
		}
	}
	return at
}

func brief(texts []string) []string {
	if len(texts) > 3 {
		return append(slices.Clone(texts[:3]), "...")
	}
	return texts
}
