package embed

import (
	"context"
	"fmt"
	"math"
)

// An Embedder turns texts into vectors.
//
// It is safe for concurrent use. Arguments are only read, and not kept after
// the call; the caller owns the response.
type Embedder interface {
	// Embed returns one vector a text, in the order of the texts: finite
	// numbers, of unit length, all of the length Model().Dim, and the same
	// for the same text and kind whatever its neighbours. No texts give no
	// vectors. It is all or nothing: on an error there are no vectors.
	//
	// Errors wrap [ErrInvalid] for a text that is not valid UTF-8 or holds a
	// NUL, and for an unknown kind, [ErrTooLong] for a text over the model's
	// limit, [ErrTooLarge], [ErrRateLimited], [ErrUnauthorized],
	// [ErrUnavailable] and [ErrResponse], and the context's error when it
	// ends.
	Embed(ctx context.Context, r Request) (Response, error)
	// Model names the vector space. It makes no call and gives the same
	// answer for the life of the Embedder.
	Model() Model
}

// Kind is what a text is embedded as. Many models embed a question and the
// passage that answers it differently.
type Kind uint8

// The kinds of text.
const (
	Passage Kind = iota // a text to be found
	Query               // a question to find it by
)

// Request is the texts of one call.
type Request struct {
	Kind  Kind
	Texts []string
}

// Validate returns an error that wraps [ErrInvalid] and names the text unless
// r keeps the rules of [Embedder].
func (r Request) Validate() error {
	if r.Kind != Passage && r.Kind != Query {
		return fmt.Errorf("%w: kind %d", ErrInvalid, r.Kind)
	}
	for i, t := range r.Texts {
		if err := checkText(t); err != nil {
			return fmt.Errorf("%w: text %d of %d: %w", ErrInvalid, i, len(r.Texts), err)
		}
	}
	return nil
}

// Response is the answer to a [Request].
type Response struct {
	Vectors [][]float32 // len(Vectors) == len(Texts)
	Usage   Usage
}

// Check returns an error that wraps [ErrResponse] unless r holds n vectors,
// each of dim finite numbers and of unit length within a hundredth.
func (r Response) Check(n, dim int) error {
	if len(r.Vectors) != n {
		return fmt.Errorf("%w: %d vectors for %d texts", ErrResponse, len(r.Vectors), n)
	}
	for i, v := range r.Vectors {
		if len(v) != dim {
			return fmt.Errorf("%w: vector %d of %d has %d dimensions, want %d", ErrResponse, i, n, len(v), dim)
		}
		sum := 0.0
		for _, x := range v {
			sum += float64(x) * float64(x)
		}
		if l := math.Sqrt(sum); !(math.Abs(l-1) <= 1e-2) { // NaN and Inf too
			return fmt.Errorf("%w: vector %d of %d has length %.4g, want 1", ErrResponse, i, n, l)
		}
	}
	return nil
}

// Usage is what a call cost.
type Usage struct {
	Tokens   int // 0 if the service does not say
	Requests int // calls to the service, retries included
}

// Add returns the sum of u and v.
func (u Usage) Add(v Usage) Usage {
	return Usage{Tokens: u.Tokens + v.Tokens, Requests: u.Requests + v.Requests}
}
