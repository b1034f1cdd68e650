package langchaingo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tmc/langchaingo/embeddings"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/internal/openai"
)

// Embedder returns an [embed.Embedder] of the model m that calls e. m must
// name the model and the length of its vectors, since langchaingo tells
// neither; m's prefixes are put before the texts. An m that lacks them, and
// an e that is nil, are an error that wraps [embed.ErrInvalid].
//
// Passages go to EmbedDocuments, queries to EmbedQuery one by one. Vectors are
// checked and normalised. Usage knows no tokens, and counts the calls of e.
// langchaingo's errors are text: they are told apart by what they say, as far
// as that goes, and a rate limit has no delay.
//
// Make e with embeddings.WithStripNewLines(false): by default langchaingo
// embeds another text than the one it is given.
func Embedder(e embeddings.Embedder, m embed.Model) (embed.Embedder, error) {
	if e == nil || m.Name == "" || m.Dim < 1 {
		return nil, fmt.Errorf("langchaingo: %w: an embedder, and a model with name and dimension, are needed", embed.ErrInvalid)
	}
	return embed.Func(m, func(ctx context.Context, r embed.Request) (embed.Response, error) {
		return embedWith(ctx, e, m, r)
	}), nil
}

type vectors struct {
	resp embed.Response
	err  error
}

// embedWith calls e beside the caller, who need not wait when ctx ends.
func embedWith(ctx context.Context, e embeddings.Embedder, m embed.Model, r embed.Request) (embed.Response, error) {
	prefix := m.PassagePrefix
	if r.Kind == embed.Query {
		prefix = m.QueryPrefix
	}
	texts := slices.Clone(r.Texts) // e changes them
	for i := range texts {
		texts[i] = prefix + texts[i]
	}
	done := make(chan vectors, 1)
	go func() {
		var v vectors
		v.err = guard(func() (err error) {
			v.resp, err = call(ctx, e, r.Kind, texts)
			return err
		})
		done <- v
	}()
	select {
	case <-ctx.Done():
		return embed.Response{}, ctx.Err()
	case v := <-done:
		if v.err != nil && ctx.Err() != nil {
			return embed.Response{}, ctx.Err()
		}
		if v.err != nil {
			return embed.Response{}, fmt.Errorf("langchaingo: %s: %w", m.Name, embedError(v.err, len(texts)))
		}
		return v.resp, nil
	}
}

func call(ctx context.Context, e embeddings.Embedder, kind embed.Kind, texts []string) (embed.Response, error) {
	if kind == embed.Passage {
		v, err := e.EmbedDocuments(ctx, texts)
		return embed.Response{Vectors: v, Usage: embed.Usage{Requests: 1}}, err
	}
	var resp embed.Response
	for _, t := range texts {
		v, err := e.EmbedQuery(ctx, t)
		if err != nil {
			return embed.Response{}, err
		}
		resp.Vectors = append(resp.Vectors, v)
		resp.Usage.Requests++
	}
	return resp, nil
}

// embedError returns err as an error of package embed.
func embedError(err error, texts int) error {
	sentinel := embed.ErrResponse
	switch fault(err) {
	case openai.Invalid:
		sentinel = embed.ErrInvalid
	case openai.Unsupported:
		sentinel = errors.ErrUnsupported
	case openai.TooLong:
		sentinel = embed.ErrTooLong
	case openai.TooLarge:
		sentinel = embed.ErrTooLarge
		if texts == 1 {
			sentinel = embed.ErrTooLong
		}
	case openai.RateLimited:
		return &embed.RateLimitError{Err: err}
	case openai.Unauthorized:
		sentinel = embed.ErrUnauthorized
	case openai.Unavailable:
		sentinel = embed.ErrUnavailable
	}
	return wrap(sentinel, err)
}
