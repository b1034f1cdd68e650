package rag

import (
	"context"
	"iter"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/rag/llm"
)

// An Observer is told when an operation starts and how it ends: counts and
// sizes, never text, vectors or keys.
//
// Start returns the context for what the operation does, and a function that
// is called once when it has ended, on any goroutine. Both are on the path of
// every operation and must not block. An Observer is safe for concurrent use.
type Observer interface {
	Start(ctx context.Context, op Op) (context.Context, func(Outcome))
}

// Op is an operation that starts.
type Op struct {
	Name      OpName
	Namespace string
	Source    string // of a sync
	Model     string // of an embedding or an answer
	Items     int    // texts to embed, chunks to write, passages wanted
}

// OpName names an operation.
type OpName string

// The operations.
const (
	OpSync     OpName = "sync"
	OpEmbed    OpName = "embed"
	OpWrite    OpName = "write"
	OpRetrieve OpName = "retrieve"
	OpAssemble OpName = "assemble"
	OpGenerate OpName = "generate"
)

// Outcome is how an operation ended.
type Outcome struct {
	Err          error
	Items        int // documents synced, vectors made, chunks written, passages found
	InputTokens  int
	OutputTokens int
}

// start tells the observer, if there is one.
func (k *KB) start(ctx context.Context, op Op) (context.Context, func(Outcome)) {
	if k.opts.Observer == nil {
		return ctx, func(Outcome) {}
	}
	op.Namespace = k.name
	return k.opts.Observer.Start(ctx, op)
}

// embedder returns the knowledge base's embedder, observed and checked, or nil.
func (k *KB) embedder() embed.Embedder {
	if k.opts.Embedder == nil {
		return nil
	}
	return observedEmbedder{k.opts.Embedder, k}
}

type observedEmbedder struct {
	embed.Embedder
	kb *KB
}

func (e observedEmbedder) Unwrap() embed.Embedder { return e.Embedder }

func (e observedEmbedder) Embed(ctx context.Context, r embed.Request) (embed.Response, error) {
	ctx, done := e.kb.start(ctx, Op{Name: OpEmbed, Model: e.Model().Name, Items: len(r.Texts)})
	resp, err := e.Embedder.Embed(ctx, r)
	if err == nil {
		err = resp.Check(len(r.Texts), e.Model().Dim)
	}
	done(Outcome{Err: err, Items: len(resp.Vectors), InputTokens: resp.Usage.Tokens})
	if err != nil {
		return embed.Response{}, err
	}
	return resp, nil
}

// generate streams the model's answer, observed.
func (k *KB) generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		name := ""
		if d, ok := llm.As[llm.Describer](k.opts.Model); ok {
			name = d.Model().Name
		}
		ctx, done := k.start(ctx, Op{Name: OpGenerate, Model: name, Items: len(r.Messages)})
		var out Outcome
		defer func() { done(out) }()
		for d, err := range k.opts.Model.Generate(ctx, r) {
			out.Err = err
			if d.Usage != nil {
				out.InputTokens, out.OutputTokens = d.Usage.InputTokens, d.Usage.OutputTokens
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}
