package llmtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
)

// A kit is one Generator under test.
type kit struct {
	Options
	g llm.Generator
}

// wrapper hides optional interfaces from a type assertion; llm.As finds them.
type wrapper struct{ llm.Generator }

func (w wrapper) Unwrap() llm.Generator { return w.Generator }

func newKit(g llm.Generator, o *Options) *kit {
	k := &kit{g: wrapper{g}}
	if o != nil {
		k.Options = *o
	}
	if k.Request == nil {
		k.Request = &llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Count from one to ten, in words."}}}
	}
	k.Patience = cmp.Or(k.Patience, time.Minute)
	return k
}

// request returns a copy of the request to ask.
func (k *kit) request() llm.Request { return clone(*k.Request) }

// A stream is what a sequence yielded.
type stream struct {
	deltas  []llm.Delta
	err     error
	atError llm.Delta // beside err
	after   int       // pairs after the error
	late    int       // pairs after the loop was left
}

func (s *stream) text() string {
	var b strings.Builder
	for _, d := range s.deltas {
		b.WriteString(d.Text)
	}
	return b.String()
}

func (s *stream) last() llm.Delta {
	if len(s.deltas) == 0 {
		return llm.Delta{}
	}
	return s.deltas[len(s.deltas)-1]
}

var errLate = errors.New("has not returned in time")

// run runs g's sequence for r until it ends, or leaves it after a pair for
// which leave is true. A panic, and a sequence that outlasts the patience, are
// errors; what the sequence yields as an error is in the stream.
func (k *kit) run(ctx context.Context, g llm.Generator, r llm.Request, leave func(llm.Delta) bool) (*stream, error) {
	s := &stream{}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		left := false
		g.Generate(ctx, r)(func(d llm.Delta, err error) bool {
			switch {
			case left:
				s.late++
			case s.err != nil:
				s.after++
			case err != nil:
				s.err, s.atError = err, d
			default:
				s.deltas = append(s.deltas, d)
				left = leave != nil && leave(d)
			}
			return !left
		})
		done <- nil
	}()
	timer := time.NewTimer(k.Patience)
	defer timer.Stop()
	select {
	case err := <-done:
		return s, err
	case <-timer.C:
		return &stream{}, fmt.Errorf("the sequence %w (%v)", errLate, k.Patience)
	}
}

// ask returns the whole stream of a request that must be answered.
func (k *kit) ask(ctx context.Context, r llm.Request) (*stream, error) {
	s, err := k.run(ctx, k.g, r, nil)
	if err == nil {
		err = s.err
	}
	return s, err
}

// quiet waits until no request is under way.
func (k *kit) quiet() error {
	if k.Open == nil {
		return nil
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(k.Patience); time.Now().Before(end); <-tick.C {
		if k.Open() == 0 {
			return nil
		}
	}
	return fmt.Errorf("%d requests are still under way after %v", k.Open(), k.Patience)
}

// variant returns the request with another text.
func (k *kit) variant(i int) llm.Request {
	r := k.request()
	r.Messages = slices.Clone(r.Messages)
	m := &r.Messages[len(r.Messages)-1]
	m.Text = fmt.Sprintf("%s Begin with %d.", m.Text, i)
	return r
}
