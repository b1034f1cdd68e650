package llmtest

import (
	"testing"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
)

// Options says what [Run] cannot find out by itself. Nil means the defaults.
type Options struct {
	// Request is what the tests ask, alone or with one field more. Its
	// answer must have at least two words. The default asks to count.
	Request *llm.Request
	// Same says that the same request always has the same answer, and
	// requests with different texts have different ones. Answers to calls at
	// the same time are then compared with those alone.
	Same bool
	// Hung is a Generator as the tested one whose service never answers, or
	// begins an answer and does not go on. Nil leaves out the rule that
	// needs it.
	Hung llm.Generator
	// Cut is a Generator as the tested one whose service breaks off in the
	// middle of an answer. Nil leaves out the rule that needs it.
	Cut llm.Generator
	// Open returns the number of requests that the services of all these
	// Generators are busy with. Without it, leaving a loop is only known to
	// return.
	Open func() int
	// Patience is how long a call may take, a minute if zero.
	Patience time.Duration
}

// Run tests that g keeps the contract of [llm.Generator]. It asks for about
// thirty answers.
func Run(t *testing.T, g llm.Generator, o *Options) {
	t.Helper()
	k := newKit(g, o)
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
