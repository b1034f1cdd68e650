package embedtest

import (
	"testing"
	"time"

	"github.com/quarry-go/quarry/embed"
)

// Options says what [Run] cannot find out by itself. Nil means the defaults.
type Options struct {
	// Hung is an Embedder as the tested one whose service takes a request and
	// never answers. Nil leaves out the rule that needs it.
	Hung embed.Embedder
	// TooLong is a text over the model's limit. Empty leaves out the rule
	// that needs it.
	TooLong string
	// Tolerance is how far two vectors of the same text may differ in each
	// number. Zero asks for equal bits; a service that adds up in varying
	// order needs more.
	Tolerance float64
	// Batch is the number of texts in the largest request, 100 if zero.
	Batch int
	// Patience is how long a call may take, a minute if zero.
	Patience time.Duration
}

// Run tests that e keeps the contract of [embed.Embedder]. It makes about
// fifty calls with some three hundred short texts, and needs an e of which
// different texts have different vectors.
func Run(t *testing.T, e embed.Embedder, o *Options) {
	t.Helper()
	k := newKit(e, o)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if r.needs != nil && !r.needs(k.Options) {
				t.Skipf("the options lack what this rule needs: %s", r.says)
			}
			if err := r.check(t.Context(), k); err != nil {
				t.Errorf("%v\nthe rule: %s", err, r.says)
			}
		})
	}
}
