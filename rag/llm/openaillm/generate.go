package openaillm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"strings"
	"time"

	"github.com/quarry-go/quarry/internal/openai"
	"github.com/quarry-go/quarry/internal/sse"
	"github.com/quarry-go/quarry/rag/llm"
)

// Limits of what is read, far above any real answer.
const (
	maxEvent  = 1 << 20
	maxAnswer = 16 << 20
)

var (
	errLeft   = errors.New("the caller left")
	errSilent = errors.New("silent")
)

// Generate streams the answer to r. Nothing is sent before the sequence is run.
//
// That an answer satisfies r.Schema is up to the service, which is asked to be
// strict; an answer that is not even JSON ends in an error that wraps
// [llm.ErrResponse]. So does a stream that ends without a reason, whereas one
// that is cut is [llm.ErrUnavailable].
func (g *Generator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		var a answer
		err := g.generate(ctx, r, &a, func(d llm.Delta) error {
			if !yield(d, nil) {
				return errLeft
			}
			return nil
		})
		if err != nil && err != errLeft {
			yield(llm.Delta{Usage: a.usage, Model: a.model}, fmt.Errorf("openaillm: %s: %w", g.model.Name, err))
		}
	}
}

func (g *Generator) generate(ctx context.Context, r llm.Request, a *answer, emit func(llm.Delta) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	if g.err != nil {
		return g.err
	}
	body, err := g.body(r)
	if err != nil {
		return fmt.Errorf("%w: %w", llm.ErrInvalid, err)
	}
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(g.timeout, func() { cancel(errSilent) })
	defer silence.Stop()

	resp, err := g.client.Post(limited, "chat/completions", body)
	silence.Stop()
	if err == nil {
		defer resp.Body.Close()
		a.keep = r.Schema != nil
		patient := &patientReader{resp.Body, silence, g.timeout}
		switch kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind {
		case "text/html":
			err = fmt.Errorf("%w: a web page", llm.ErrResponse)
		case "application/json":
			err = g.whole(limited, patient, a, emit)
		default:
			err = g.stream(limited, patient, a, emit)
		}
	}
	switch {
	case err == nil:
		return a.end(emit)
	case err == errLeft:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case context.Cause(limited) == errSilent:
		return fmt.Errorf("%w: no sign of life for %v", llm.ErrUnavailable, g.timeout)
	}
	return typed(err)
}

// stream reads an answer of server-sent events. The protocol ends it with an
// event [DONE]; after the reason for its end any other way will do.
func (g *Generator) stream(ctx context.Context, r io.Reader, a *answer, emit func(llm.Delta) error) error {
	events := sse.NewReader(r, maxEvent)
	for {
		e, err := events.Next()
		if strings.TrimSpace(e.Data) == "[DONE]" {
			return nil
		}
		switch {
		case err == nil:
		case a.finish != "":
			return nil
		case errors.Is(err, sse.ErrTooLong):
			return fmt.Errorf("%w: %w", llm.ErrResponse, err)
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			return fmt.Errorf("%w: the stream broke off", llm.ErrUnavailable)
		default:
			return g.client.Failed(ctx, err)
		}
		if e.Data == "" {
			continue
		}
		if e.Name == "error" {
			return g.failure([]byte(e.Data))
		}
		if err := g.piece([]byte(e.Data), a, emit); err != nil {
			return err
		}
	}
}

// whole reads an answer that was not streamed.
func (g *Generator) whole(ctx context.Context, r io.Reader, a *answer, emit func(llm.Delta) error) error {
	data, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err != nil {
		return g.client.Failed(ctx, err)
	}
	if len(data) > maxAnswer {
		return fmt.Errorf("%w: over %d bytes", llm.ErrResponse, maxAnswer)
	}
	return g.piece(data, a, emit)
}

// piece takes a JSON object of the answer.
func (g *Generator) piece(data []byte, a *answer, emit func(llm.Delta) error) error {
	c, err := decode(data)
	if err != nil {
		return err
	}
	if len(c.Error) > 0 && string(c.Error) != "null" {
		return g.failure(data)
	}
	text, err := a.add(c)
	if text != "" {
		if err := emit(llm.Delta{Text: text, Model: a.model}); err != nil {
			return err
		}
	}
	return err
}

// failure is the error that a service reports within an answer.
func (g *Generator) failure(data []byte) error {
	err := g.client.BodyError(data)
	if e, ok := errors.AsType[*openai.Error](err); ok && e.Fault == openai.Unusable {
		e.Fault = openai.Unavailable // it gave up, for a reason of its own
	}
	return err
}

// A patientReader lets the timer run while it waits for the service, and not
// while the caller thinks about what was read.
type patientReader struct {
	io.Reader
	silence *time.Timer
	timeout time.Duration
}

func (r *patientReader) Read(p []byte) (int, error) {
	r.silence.Reset(r.timeout)
	defer r.silence.Stop()
	return r.Reader.Read(p)
}

// typed returns err as an error of package llm.
func typed(err error) error {
	e, ok := errors.AsType[*openai.Error](err)
	if !ok {
		return err
	}
	sentinel := llm.ErrResponse
	switch e.Fault {
	case openai.Invalid:
		sentinel = llm.ErrInvalid
	case openai.Unsupported:
		sentinel = errors.ErrUnsupported
	case openai.TooLong, openai.TooLarge:
		sentinel = llm.ErrTooLong
	case openai.RateLimited:
		return &llm.RateLimitError{After: e.After, Err: err}
	case openai.Unauthorized:
		sentinel = llm.ErrUnauthorized
	case openai.Unavailable:
		sentinel = llm.ErrUnavailable
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
