package rag

import (
	"context"
	"errors"
	"fmt"

	"github.com/quarry-go/quarry/rag/assemble"
	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/token"
	"github.com/quarry-go/quarry/store"
)

// Retrieve finds passages for a question. All of its searches see one state of
// the store, where the store can show one.
//
// Errors wrap [ErrInvalid] for a question without text and for a negative K,
// and store.ErrFilter for a malformed filter.
func (k *KB) Retrieve(ctx context.Context, q Question) (*Result, error) {
	ctx, done := k.start(ctx, Op{Name: OpRetrieve, Items: q.Want()})
	r, err := k.retrieve(ctx, q)
	if err != nil {
		done(Outcome{Err: err})
		return nil, fmt.Errorf("rag: retrieve: %w", err)
	}
	done(Outcome{Items: len(r.Hits), InputTokens: r.Usage.EmbedTokens})
	return r, nil
}

func (k *KB) retrieve(ctx context.Context, q Question) (*Result, error) {
	switch {
	case k.err != nil:
		return nil, k.err
	case q.Text == "" && len(q.Like) == 0:
		return nil, fmt.Errorf("%w: the question has no text", ErrInvalid)
	case q.K < 0:
		return nil, fmt.Errorf("%w: K is %d", ErrInvalid, q.K)
	}
	if err := store.CheckFilter(q.Filter); err != nil {
		return nil, err
	}
	view := k.store
	if s, ok := store.As[store.Snapshotter](view); ok {
		v, release, err := s.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		view = v
	}
	r, err := k.opts.Retriever(view, k.embedder()).Retrieve(ctx, q)
	if err == nil && r == nil {
		err = errors.New("the retriever gave neither result nor error")
	}
	return r, err
}

// Evidence finds passages for a question and assembles them into a context for
// any language model. It calls no model but the embedder. Where nothing
// relevant was found the evidence is Empty, and that is no error. The error is
// one of Retrieve, or wraps assemble.ErrBudget where the budget, or what the
// Model's window leaves, has no room for the question and a passage.
func (k *KB) Evidence(ctx context.Context, q Question) (*Evidence, error) {
	r, err := k.Retrieve(ctx, q)
	if err != nil {
		return nil, err
	}
	return k.assemble(ctx, q, r.Hits)
}

func (k *KB) assemble(ctx context.Context, q Question, hits []Hit) (*Evidence, error) {
	_, done := k.start(ctx, Op{Name: OpAssemble, Items: len(hits)})
	o := k.opts.Context
	o.Budget = k.budget(q)
	ev, err := assemble.Assemble(q.Text, hits, &o)
	if err != nil {
		done(Outcome{Err: err})
		return nil, fmt.Errorf("rag: %w", err)
	}
	done(Outcome{Items: len(ev.Passages), InputTokens: ev.Manifest.Tokens})
	return ev, nil
}

// defaultReserve is what is left of a model's window for its answer, in
// tokens, where MaxAnswer does not say.
const defaultReserve = 1024

// budget returns what the evidence may cost: what the options say, else what
// the model's window leaves beside system message, history and answer, at most
// the default.
func (k *KB) budget(q Question) int {
	o := k.opts.Context
	d, ok := llm.As[llm.Describer](k.opts.Model)
	if !ok || d.Model().Window == 0 {
		return o.Budget
	}
	c := o.Counter
	if c == nil {
		c = token.Bytes{}
	}
	left := d.Model().Window - k.opts.MaxAnswer
	if k.opts.MaxAnswer == 0 {
		left -= defaultReserve
	}
	for _, m := range k.messages(q) {
		left -= c.Count(m.Text) + perMessage
	}
	want := o.Budget
	if want == 0 {
		want = assemble.DefaultBudget
	}
	return max(1, min(want, left))
}

// perMessage is what a chat template adds to a message, in tokens, at most.
const perMessage = 8

// defaultSystem tells a model what it is to do with passages.
const defaultSystem = "You answer questions from passages of documents that the user gives you. " +
	"Use nothing but the passages, cite them by number as in [1], and say so when they do not hold the answer."

// messages returns what comes before the question: system message and history.
func (k *KB) messages(q Question) []Message {
	system := k.opts.System
	if system == "" {
		system = defaultSystem
	}
	return append([]Message{{Role: llm.System, Text: system}}, q.History...)
}

// Attach returns msgs, a conversation in any client's message type, with the
// evidence and its question added as the user's next message. newMsg makes a
// message of a role, "user", and a text. It does not change msgs.
func Attach[M any](msgs []M, e *Evidence, newMsg func(role, text string) M) []M {
	return append(msgs[:len(msgs):len(msgs)], newMsg(string(llm.User), e.Prompt()))
}
