package embed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Func returns an [Embedder] of the given model that calls f, and checks both
// sides: the request before, and count, length and norm of the vectors after.
// f must be safe for concurrent use. Vectors that are finite and not of unit
// length are normalised; a zero vector is an error that wraps [ErrResponse].
func Func(m Model, f func(ctx context.Context, r Request) (Response, error)) Embedder {
	return &function{m, f}
}

type function struct {
	model Model
	f     func(context.Context, Request) (Response, error)
}

func (e *function) Model() Model { return e.model }

func (e *function) Embed(ctx context.Context, r Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		return Response{}, err
	}
	if err := r.Validate(); err != nil {
		return Response{}, err
	}
	if len(r.Texts) == 0 {
		return Response{}, nil
	}
	resp, err := e.f(ctx, r)
	if err != nil {
		return Response{}, err
	}
	out := make([][]float32, len(resp.Vectors))
	for i, v := range resp.Vectors {
		out[i] = Normalize(v)
	}
	resp.Vectors = out
	if err := resp.Check(len(r.Texts), e.model.Dim); err != nil {
		return Response{}, err
	}
	return resp, nil
}

// Normalize returns v scaled to unit length, or a copy of v where that cannot
// be done: it is all zero or holds a number that is not finite.
func Normalize(v []float32) []float32 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	scale := 1.0
	if sum > 0 && !math.IsInf(sum, 0) {
		scale = 1 / math.Sqrt(sum)
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) * scale)
	}
	return out
}

// As returns the first value of type T in the chain that starts at e and goes
// on through methods Unwrap() Embedder.
func As[T any](e Embedder) (t T, ok bool) {
	for e != nil {
		if t, ok := e.(T); ok {
			return t, true
		}
		w, ok := e.(interface{ Unwrap() Embedder })
		if !ok {
			break
		}
		e = w.Unwrap()
	}
	return t, false
}

func checkText(t string) error {
	if !utf8.ValidString(t) {
		return errors.New("not valid UTF-8")
	}
	if i := strings.IndexByte(t, 0); i >= 0 {
		return fmt.Errorf("NUL at byte %d", i)
	}
	return nil
}
