package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
)

// A Scripted is an [llm.Generator] for tests that says what it is told to, and
// remembers what it was asked. Make one with [Say], [Script] or [Answer].
type Scripted struct {
	reply func(call int, r llm.Request) Reply

	mu       sync.Mutex
	requests []llm.Request
	left     int
}

// A Reply is one answer of a [Scripted] model. Its zero value is an empty
// answer that stops.
type Reply struct {
	Pieces []string   // the texts of the Deltas, in order
	Err    error      // after the pieces, in place of Finish
	Hang   bool       // after the pieces, wait until the context ends, and give its error
	Finish llm.Finish // "" is llm.FinishStop
	Usage  *llm.Usage // nil counts the words of the messages and of the pieces
	Model  string     // "" is "scripted"
}

// Text returns a reply of one piece.
func Text(s string) Reply { return Reply{Pieces: []string{s}} }

// Words returns a reply that streams s word by word.
func Words(s string) Reply { return Reply{Pieces: strings.SplitAfter(s, " ")} }

// RateLimited returns a reply that fails before its first piece with an
// [llm.RateLimitError] that names the given delay.
func RateLimited(after time.Duration) Reply {
	return Reply{Err: &llm.RateLimitError{After: after, Err: errors.New("as scripted")}}
}

// Say returns a model that gives the answers in turn, one a call, each in one
// piece. A call more fails with an error that wraps [llm.ErrUnavailable].
func Say(answers ...string) *Scripted {
	replies := make([]Reply, len(answers))
	for i, a := range answers {
		replies[i] = Text(a)
	}
	return Script(replies...)
}

// Script returns a model that gives the replies in turn, one a call. A call
// more fails with an error that wraps [llm.ErrUnavailable].
func Script(replies ...Reply) *Scripted {
	return Answer(func(call int, r llm.Request) Reply {
		if call >= len(replies) {
			return Reply{Err: fmt.Errorf("%w: call %d of a script of %d", llm.ErrUnavailable, call+1, len(replies))}
		}
		return replies[call]
	})
}

// Answer returns a model that replies to its call number call, from 0, as
// reply says. Calls at the same time call reply at the same time.
func Answer(reply func(call int, r llm.Request) Reply) *Scripted {
	return &Scripted{reply: reply}
}

// Generate streams the next reply. It checks and records the request, and
// otherwise takes no notice of its fields: to honour Stop or MaxTokens is up
// to the script. Pieces are yielded as they are, even where no Generator may,
// so that a test can see what its code makes of them.
func (s *Scripted) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		err := ctx.Err()
		if err == nil {
			err = r.Validate()
		}
		if err != nil {
			yield(llm.Delta{}, err)
			return
		}
		s.mu.Lock()
		call := len(s.requests)
		s.requests = append(s.requests, clone(r))
		s.mu.Unlock()

		p := s.reply(call, r)
		if p.Model == "" {
			p.Model = "scripted"
		}
		for _, text := range p.Pieces {
			if err := ctx.Err(); err != nil {
				yield(llm.Delta{}, err)
				return
			}
			if !yield(llm.Delta{Text: text, Model: p.Model}, nil) {
				s.mu.Lock()
				s.left++
				s.mu.Unlock()
				return
			}
		}
		if p.Hang {
			<-ctx.Done()
		}
		if err := ctx.Err(); err != nil {
			yield(llm.Delta{}, err)
			return
		}
		if p.Err != nil {
			yield(llm.Delta{}, p.Err)
			return
		}
		if p.Finish == "" {
			p.Finish = llm.FinishStop
		}
		usage := count(r, p.Pieces)
		if p.Usage != nil {
			*usage = *p.Usage
		}
		yield(llm.Delta{Finish: p.Finish, Usage: usage, Model: p.Model}, nil)
	}
}

// Requests returns copies of the requests so far, in order.
func (s *Scripted) Requests() []llm.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]llm.Request, len(s.requests))
	for i, r := range s.requests {
		out[i] = clone(r)
	}
	return out
}

// Left returns how many answers were left before their end by the caller's loop.
func (s *Scripted) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

func count(r llm.Request, pieces []string) *llm.Usage {
	u := llm.Usage{OutputTokens: len(strings.Fields(strings.Join(pieces, "")))}
	for _, m := range r.Messages {
		u.InputTokens += len(strings.Fields(m.Text))
	}
	return &u
}

func clone(r llm.Request) llm.Request {
	r.Messages = slices.Clone(r.Messages)
	r.Stop = slices.Clone(r.Stop)
	r.Schema = json.RawMessage(slices.Clone(r.Schema))
	if r.Temperature != nil {
		r.Temperature = new(*r.Temperature)
	}
	if r.Seed != nil {
		r.Seed = new(*r.Seed)
	}
	return r
}
