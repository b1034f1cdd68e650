package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"unicode/utf8"
)

// A Generator answers a request with a stream of text.
//
// Generate yields the pieces of the answer in order, each valid UTF-8; their
// texts joined are the answer. The last pair without an error carries Finish.
// An error is the last pair, without text; its Delta may carry Usage and
// Model, and what came before stays valid. Nothing is asked before the
// sequence is run; leaving the loop cancels the request. A sequence can be
// run once.
//
// Errors wrap [ErrInvalid] for a request that [Request.Validate] refuses,
// [ErrTooLong], [ErrRateLimited], [ErrUnauthorized], [ErrUnavailable],
// [ErrResponse], and the context's error when it ends, and
// [errors.ErrUnsupported] for a field of Request that the Generator cannot
// honour: nothing is ignored.
//
// A Generator is safe for concurrent use. It only reads the request.
type Generator interface {
	Generate(ctx context.Context, r Request) iter.Seq2[Delta, error]
}

// Role says who speaks.
type Role string

// The roles of a conversation.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is one turn of a conversation.
type Message struct {
	Role Role
	Text string
}

// Request is what to answer, and how.
type Request struct {
	Messages    []Message // at least one
	MaxTokens   int       // of the answer; 0 leaves it to the model
	Temperature *float64  // nil leaves it to the model
	Stop        []string  // the answer ends before any of these
	Seed        *int64    // asks for the same answer again, where the model can
	// Schema is a JSON schema that the answer must satisfy; nil for free text.
	Schema json.RawMessage
}

// Validate returns an error that wraps [ErrInvalid] and names the rule that r
// breaks: no message, an unknown role, text that is not valid UTF-8, a
// negative limit, a temperature that is negative or not finite, an empty stop,
// a schema that is not JSON.
func (r Request) Validate() error {
	if len(r.Messages) == 0 {
		return fmt.Errorf("%w: no messages", ErrInvalid)
	}
	for i, m := range r.Messages {
		if m.Role != System && m.Role != User && m.Role != Assistant {
			return fmt.Errorf("%w: message %d has role %q", ErrInvalid, i, m.Role)
		}
		if !utf8.ValidString(m.Text) {
			return fmt.Errorf("%w: message %d is not valid UTF-8", ErrInvalid, i)
		}
	}
	if r.MaxTokens < 0 {
		return fmt.Errorf("%w: MaxTokens %d", ErrInvalid, r.MaxTokens)
	}
	if t := r.Temperature; t != nil && !(*t >= 0 && *t <= math.MaxFloat64) {
		return fmt.Errorf("%w: Temperature %v", ErrInvalid, *t)
	}
	for i, s := range r.Stop {
		if s == "" || !utf8.ValidString(s) {
			return fmt.Errorf("%w: stop %d is empty or not valid UTF-8", ErrInvalid, i)
		}
	}
	if r.Schema != nil && !json.Valid(r.Schema) {
		return fmt.Errorf("%w: schema is not JSON", ErrInvalid)
	}
	return nil
}

// Delta is a piece of an answer.
type Delta struct {
	Text   string // may be empty
	Finish Finish // why the answer ended; set in the last Delta alone
	Usage  *Usage // in the last Delta, where the service tells
	Model  string // the service's own id of the model that answered, where it tells
}

// Finish is why an answer ended.
type Finish string

// The reasons.
const (
	FinishStop   Finish = "stop"   // the model was done, or came to a Stop
	FinishLength Finish = "length" // MaxTokens or the model's own limit
	FinishFilter Finish = "filter" // the service withheld the rest
)

// Usage is what an answer cost, in the model's own tokens.
type Usage struct {
	InputTokens  int
	OutputTokens int
	CachedTokens int // those of InputTokens that the service had kept
}

// Add returns the sum of u and v.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.InputTokens + v.InputTokens, u.OutputTokens + v.OutputTokens, u.CachedTokens + v.CachedTokens}
}

// Func adapts a function that answers at once to a [Generator]. It gets the
// whole request and answers for all of it.
type Func func(ctx context.Context, r Request) (string, error)

// Generate calls f and yields its answer as one Delta.
func (f Func) Generate(ctx context.Context, r Request) iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		err := ctx.Err()
		if err == nil {
			err = r.Validate()
		}
		text := ""
		if err == nil {
			text, err = f(ctx, r)
		}
		if err == nil && !utf8.ValidString(text) {
			err = fmt.Errorf("%w: not valid UTF-8", ErrResponse)
		}
		if err != nil {
			yield(Delta{}, err)
			return
		}
		yield(Delta{Text: text, Finish: FinishStop}, nil)
	}
}

// Answer is a drained stream.
type Answer struct {
	Text   string
	Finish Finish
	Usage  Usage
	Model  string
}

// Collect drains a stream. With an error it returns what came before it. A
// stream that ends without a Finish and without an error wraps [ErrResponse].
func Collect(seq iter.Seq2[Delta, error]) (Answer, error) {
	var a Answer
	var b strings.Builder
	var failed error
	for d, err := range seq {
		b.WriteString(d.Text)
		if d.Finish != "" {
			a.Finish = d.Finish
		}
		if d.Usage != nil {
			a.Usage = *d.Usage
		}
		if d.Model != "" {
			a.Model = d.Model
		}
		if err != nil {
			failed = err
			break
		}
	}
	a.Text = b.String()
	if failed == nil && a.Finish == "" {
		failed = fmt.Errorf("%w: the stream ended without a reason", ErrResponse)
	}
	return a, failed
}

// A Describer is a Generator that knows its model.
type Describer interface {
	Model() Model
}

// Model describes a language model; a zero field is unknown.
type Model struct {
	Name      string
	Window    int // tokens of request and answer together
	MaxOutput int // tokens of an answer
}

// As returns the first value of type T in the chain that starts at g and goes
// on through methods Unwrap() Generator.
func As[T any](g Generator) (t T, ok bool) {
	for g != nil {
		if t, ok := g.(T); ok {
			return t, true
		}
		w, ok := g.(interface{ Unwrap() Generator })
		if !ok {
			break
		}
		g = w.Unwrap()
	}
	return t, false
}

// Errors that implementations wrap; test for them with errors.Is.
var (
	// ErrInvalid: the request breaks a rule of this package.
	ErrInvalid = errors.New("invalid request")
	// ErrTooLong: the request is over the model's window.
	ErrTooLong = errors.New("request too long for the model")
	// ErrRateLimited: the service asked to slow down; see [RetryAfter].
	ErrRateLimited = errors.New("rate limited")
	// ErrUnauthorized: the service refused the credentials.
	ErrUnauthorized = errors.New("not authorised")
	// ErrUnavailable: the service could not be reached or broke off; the
	// same request may succeed later.
	ErrUnavailable = errors.New("model unavailable")
	// ErrResponse: the service answered what no Generator may yield.
	ErrResponse = errors.New("unusable response")
)
