package embedtest

import (
	"context"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/quarry-go/quarry/embed"
)

// A Fake is an [embed.Embedder] for tests. Its vectors know which words two
// texts share and nothing else: no synonyms, no word order, no meaning. Make
// one with [Words].
type Fake struct {
	// Before is called with each request that keeps the rules, before it is
	// answered; its error is the answer. Nil lets every request pass. Set it
	// before the first call.
	Before func(ctx context.Context, r embed.Request) error

	dim   int
	mu    sync.Mutex
	calls int
	texts []string
}

// Words returns an [embed.Embedder] of dim dimensions, 64 if dim is not
// positive. The vector of a text is the sum of a fixed pseudo-random vector
// for each of its words, compared without case, scaled to unit length: texts
// of the same words have the same vector, texts without a common word are
// nearly orthogonal if dim is large. Both kinds of text are treated alike.
// The vectors are the same on every machine.
func Words(dim int) *Fake {
	if dim <= 0 {
		dim = 64
	}
	return &Fake{dim: dim}
}

// Model names the space "words" of the Fake's dimension.
func (f *Fake) Model() embed.Model {
	return embed.Model{Name: "words", Revision: "1", Dim: f.dim}
}

// Embed returns the vectors of r. Usage counts words, and one request.
func (f *Fake) Embed(ctx context.Context, r embed.Request) (embed.Response, error) {
	if err := ctx.Err(); err != nil {
		return embed.Response{}, err
	}
	if err := r.Validate(); err != nil {
		return embed.Response{}, err
	}
	if len(r.Texts) == 0 {
		return embed.Response{}, nil
	}
	f.mu.Lock()
	f.calls++
	f.texts = append(f.texts, r.Texts...)
	f.mu.Unlock()
	if f.Before != nil {
		if err := f.Before(ctx, r); err != nil {
			return embed.Response{}, err
		}
	}
	resp := embed.Response{Usage: embed.Usage{Requests: 1}}
	for _, t := range r.Texts {
		words := strings.FieldsFunc(strings.ToLower(t), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsNumber(c) })
		resp.Vectors = append(resp.Vectors, f.vector(words))
		resp.Usage.Tokens += len(words)
	}
	return resp, nil
}

// vector sorts words, so that the sum does not depend on their order.
func (f *Fake) vector(words []string) []float32 {
	slices.Sort(words)
	if len(words) == 0 {
		words = []string{""}
	}
	v := make([]float32, f.dim)
	for _, w := range words {
		h := fnv.New64a()
		h.Write([]byte(w))
		state := h.Sum64()
		for i := range v {
			// SplitMix64 (Steele, Lea and Flood 2014).
			state += 0x9e3779b97f4a7c15
			z := (state ^ state>>30) * 0xbf58476d1ce4e5b9
			z = (z ^ z>>27) * 0x94d049bb133111eb
			v[i] += float32(int32((z^z>>31)>>32)) / (1 << 31)
		}
	}
	return embed.Normalize(v)
}

// Calls returns how many requests with texts the Fake has got.
func (f *Fake) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Texts returns the texts of all requests that the Fake has got, in order.
func (f *Fake) Texts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.texts)
}
