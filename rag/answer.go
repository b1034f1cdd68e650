package rag

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/quarry-go/quarry/rag/cite"
	"github.com/quarry-go/quarry/rag/llm"
)

// An Answer is what a model said to a question, and how far its citations hold.
type Answer struct {
	Text     string
	Evidence *Evidence // what it was given
	// Citations are the markers in Text, checked against the passages.
	Citations []Cited
	// Uncited holds the sentences of Text that cite nothing, as byte ranges.
	Uncited [][2]int
	// Abstained reports that nothing relevant was found and the model was not
	// asked; Text is empty then.
	Abstained bool
	Finish    llm.Finish
	Usage     llm.Usage
	Model     string // the service's own id of the model
}

// Cited is a citation in an answer.
type Cited struct {
	cite.Citation
	Passage *Passage  // nil where the number is unknown
	Place   *Citation // where the passage comes from; nil where the number is unknown
}

// An Event is a step of an answer that is under way. One field is set.
type Event struct {
	Evidence *Evidence // first: what was found
	Text     string    // then: the answer, piece by piece
	Citation *Cited    // then: each citation, checked
	Done     *Answer   // last: the whole
}

// Ask answers a question: Stream, drained. With an error it returns what there
// is of the answer, or nil if there is nothing.
func (k *KB) Ask(ctx context.Context, q Question) (*Answer, error) {
	var a *Answer
	for e, err := range k.Stream(ctx, q) {
		if err != nil {
			return a, err
		}
		if e.Done != nil {
			a = e.Done
		}
	}
	return a, nil
}

// Stream answers a question step by step. Where nothing relevant was found it
// abstains: the model is not asked. After an error of the model, Done comes
// with what there is of the answer, and then the error. Leaving the loop
// cancels the request.
//
// Errors wrap [ErrNoModel] where the knowledge base has no Model, those of
// Evidence, and those of package llm.
func (k *KB) Stream(ctx context.Context, q Question) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if k.opts.Model == nil {
			yield(Event{}, fmt.Errorf("rag: ask: %w", ErrNoModel))
			return
		}
		ev, err := k.Evidence(ctx, q)
		if err != nil {
			yield(Event{}, err)
			return
		}
		if !yield(Event{Evidence: ev}, nil) {
			return
		}
		if ev.Empty() {
			yield(Event{Done: &Answer{Evidence: ev, Abstained: true}}, nil)
			return
		}
		a := &Answer{Evidence: ev}
		var text strings.Builder
		var failed error
		req := llm.Request{
			Messages:  Attach(k.messages(q), ev, func(role, text string) Message { return Message{Role: llm.Role(role), Text: text} }),
			MaxTokens: k.opts.MaxAnswer,
		}
		for d, err := range k.generate(ctx, req) {
			text.WriteString(d.Text)
			a.note(d)
			if d.Text != "" && !yield(Event{Text: d.Text}, nil) {
				return
			}
			failed = err
		}
		a.Text = text.String()
		a.verify()
		for i := range a.Citations {
			if !yield(Event{Citation: &a.Citations[i]}, nil) {
				return
			}
		}
		if failed == nil && a.Finish == "" {
			failed = fmt.Errorf("%w: the answer ended without a reason", llm.ErrResponse)
		}
		if yield(Event{Done: a}, nil) && failed != nil {
			yield(Event{}, fmt.Errorf("rag: ask: %w", failed))
		}
	}
}

// note takes what a piece of the stream says about the answer.
func (a *Answer) note(d llm.Delta) {
	if d.Finish != "" {
		a.Finish = d.Finish
	}
	if d.Usage != nil {
		a.Usage = *d.Usage
	}
	if d.Model != "" {
		a.Model = d.Model
	}
}

// verify checks the citations in a.Text.
func (a *Answer) verify() {
	var sources []cite.Source
	for _, p := range a.Evidence.Passages {
		sources = append(sources, cite.Source{Number: p.Number, Text: p.Text, Start: p.Start})
	}
	r := cite.Verify(a.Text, sources)
	a.Uncited = r.Uncited
	for _, c := range r.Citations {
		cited := Cited{Citation: c}
		if c.Verdict != cite.Unknown {
			cited.Passage = &a.Evidence.Passages[c.Number-1]
			cited.Place = &a.Evidence.Citations[c.Number-1]
		}
		a.Citations = append(a.Citations, cited)
	}
}
