package retrieve

import (
	"context"
	"fmt"
	"time"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/store"
)

// Text returns a [Ranker] that searches s for the words of the question. A
// question that shares no word with a passage in scope has an empty result
// and a note in its trace. Errors wrap [errors.ErrUnsupported] where s does
// not search words.
func Text(s store.Store) Ranker { return &text{s} }

type text struct{ store store.Store }

func (t *text) Retrieve(ctx context.Context, q Question) (*Result, error) {
	return t.search(ctx, q, store.FieldsRead)
}

func (t *text) Rank(ctx context.Context, q Question) (*Result, error) {
	q.K = limit(t.store, q)
	return t.search(ctx, q, store.FieldsNone)
}

func (t *text) Fill(ctx context.Context, q Question, hits []store.Hit) ([]store.Hit, error) {
	return Fill(ctx, t.store, q, hits)
}

func (t *text) search(ctx context.Context, q Question, f store.Fields) (*Result, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	begin := time.Now()
	hits, err := t.store.Search(ctx, store.Query{Text: q.Text, K: q.Want(), Filter: q.Scope(), Fields: f})
	if err != nil {
		return nil, fmt.Errorf("retrieve: text: %w", err)
	}
	step := Step{Name: "text", Hits: len(hits), Duration: time.Since(begin)}
	if len(hits) == 0 {
		step.Note = "no passage in scope has a word of the question"
	}
	return &Result{Hits: hits, Trace: Trace{step}}, nil
}

// Vector returns a [Ranker] that searches s for the vector that e gives the
// question. Errors wrap those of e and s: store.ErrSpace where s holds vectors
// of another model, [errors.ErrUnsupported] where it holds none at all.
func Vector(s store.Store, e embed.Embedder) Ranker { return &vector{s, e} }

type vector struct {
	store    store.Store
	embedder embed.Embedder
}

func (v *vector) Retrieve(ctx context.Context, q Question) (*Result, error) {
	return v.search(ctx, q, store.FieldsRead)
}

func (v *vector) Rank(ctx context.Context, q Question) (*Result, error) {
	q.K = limit(v.store, q)
	return v.search(ctx, q, store.FieldsNone)
}

func (v *vector) Fill(ctx context.Context, q Question, hits []store.Hit) ([]store.Hit, error) {
	return Fill(ctx, v.store, q, hits)
}

func (v *vector) search(ctx context.Context, q Question, f store.Fields) (*Result, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	model := v.embedder.Model()
	begin := time.Now()
	resp, err := v.embedder.Embed(ctx, embed.Request{Kind: embed.Query, Texts: []string{q.Text}})
	if err == nil {
		err = resp.Check(1, model.Dim)
	}
	if err != nil {
		return nil, fmt.Errorf("retrieve: embed the question: %w", err)
	}
	embedded := time.Now()
	hits, err := v.store.Search(ctx, store.Query{
		Vector: resp.Vectors[0], Space: model.Space(), K: q.Want(), Filter: q.Scope(), Fields: f,
	})
	if err != nil {
		return nil, fmt.Errorf("retrieve: vector: %w", err)
	}
	return &Result{
		Hits: hits,
		Trace: Trace{
			{Name: "embed", Duration: embedded.Sub(begin)},
			{Name: "vector", Hits: len(hits), Duration: time.Since(embedded)},
		},
		Usage: Usage{EmbedTokens: resp.Usage.Tokens},
	}, nil
}

// limit returns how many hits of s a ranker asks for.
func limit(s store.Store, q Question) int {
	k := q.Want()
	if most := s.Info().Limits.K; most > 0 {
		k = min(k, most)
	}
	return k
}

// Hybrid returns the retriever that a knowledge base uses unless told
// otherwise: Text(s) where e is nil, and the fusion of Text(s) and
// Vector(s, e), in this order, where it is not. Where s does not search words,
// it is Vector(s, e) alone, and every trace says so.
func Hybrid(s store.Store, e embed.Embedder, o *FuseOptions) Ranker {
	switch {
	case e == nil:
		return Text(s)
	case !s.Info().Features.Lexical:
		return &noted{Vector(s, e), "the store does not search words"}
	}
	return Fuse(o, Text(s), Vector(s, e))
}

// noted adds a note to the last step of every result.
type noted struct {
	Ranker
	note string
}

func (n *noted) Retrieve(ctx context.Context, q Question) (*Result, error) {
	return n.add(n.Ranker.Retrieve(ctx, q))
}

func (n *noted) Rank(ctx context.Context, q Question) (*Result, error) {
	return n.add(n.Ranker.Rank(ctx, q))
}

func (n *noted) add(r *Result, err error) (*Result, error) {
	if err == nil && len(r.Trace) > 0 {
		r.Trace[len(r.Trace)-1].Note = n.note
	}
	return r, err
}
