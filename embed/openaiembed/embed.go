package openaiembed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/internal/openai"
)

// Embed sends r in as many HTTP requests as Options asks for. On an error the
// Response still says what the requests before it cost.
func (e *Embedder) Embed(ctx context.Context, r embed.Request) (embed.Response, error) {
	if err := ctx.Err(); err != nil {
		return embed.Response{}, err
	}
	if err := r.Validate(); err != nil {
		return embed.Response{}, err
	}
	if e.err != nil {
		return embed.Response{}, e.wrap(e.err)
	}
	prefix := e.model.PassagePrefix
	if r.Kind == embed.Query {
		prefix = e.model.QueryPrefix
	}
	texts := make([]string, len(r.Texts))
	for i, t := range r.Texts {
		texts[i] = prefix + t
	}
	resp := embed.Response{Vectors: make([][]float32, 0, len(texts))}
	for start := 0; start < len(texts); {
		end := e.batch(texts, start)
		part, err := e.request(ctx, r.Kind, texts[start:end])
		resp.Usage = resp.Usage.Add(part.Usage)
		if err != nil {
			if end-start < len(texts) {
				err = fmt.Errorf("texts %d to %d of %d: %w", start, end-1, len(texts), err)
			}
			return embed.Response{Usage: resp.Usage}, e.wrap(err)
		}
		resp.Vectors = append(resp.Vectors, part.Vectors...)
		start = end
	}
	return resp, nil
}

func (e *Embedder) wrap(err error) error {
	return fmt.Errorf("openaiembed: %s: %w", e.model.Name, err)
}

// batch returns the end of the batch that begins at start.
func (e *Embedder) batch(texts []string, start int) int {
	end, size := start+1, len(texts[start])
	for end < len(texts) && end-start < e.batchTexts && size+len(texts[end]) <= e.batchBytes {
		size += len(texts[end])
		end++
	}
	return end
}

// request makes one HTTP request.
func (e *Embedder) request(ctx context.Context, kind embed.Kind, texts []string) (embed.Response, error) {
	body, err := e.body(kind, texts)
	if err != nil {
		return embed.Response{}, fmt.Errorf("%w: %w", embed.ErrInvalid, err)
	}
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	answer, err := e.post(limited, body, len(texts))
	if err != nil {
		switch {
		case ctx.Err() != nil:
			err = ctx.Err()
		case errors.Is(err, context.DeadlineExceeded): // limited's
			err = fmt.Errorf("%w: no answer within %v", embed.ErrUnavailable, e.timeout)
		}
		return embed.Response{Usage: embed.Usage{Requests: 1}}, typed(err, len(texts))
	}
	resp, err := e.read(answer, len(texts))
	resp.Usage.Requests = 1
	return resp, typed(err, len(texts))
}

// post returns the body of the answer, which is no longer than vectors for n
// texts can be.
func (e *Embedder) post(ctx context.Context, body []byte, n int) ([]byte, error) {
	resp, err := e.client.Post(ctx, "embeddings", body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	// A number on a line of its own, indented, takes 40 bytes.
	limit := int64(64<<10) + int64(n)*int64(e.model.Dim)*40
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, e.client.Failed(ctx, err)
	}
	if int64(len(answer)) > limit {
		return nil, fmt.Errorf("%w: over %d bytes for %d vectors of %d numbers", embed.ErrResponse, limit, n, e.model.Dim)
	}
	return answer, nil
}

// read decodes and checks an answer for n texts.
func (e *Embedder) read(answer []byte, n int) (embed.Response, error) {
	var a struct {
		Data []struct {
			Index     *int
			Embedding vector
		}
		Usage struct {
			Prompt int `json:"prompt_tokens"`
			Total  int `json:"total_tokens"`
		}
		Error json.RawMessage
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return embed.Response{}, fmt.Errorf("%w: %w", embed.ErrResponse, err)
	}
	if len(a.Error) > 0 && string(a.Error) != "null" {
		return embed.Response{}, e.client.BodyError(answer)
	}
	resp := embed.Response{Usage: embed.Usage{Tokens: max(0, a.Usage.Prompt, a.Usage.Total)}}
	if len(a.Data) != n {
		return resp, fmt.Errorf("%w: %d vectors for %d texts", embed.ErrResponse, len(a.Data), n)
	}
	vectors := make([][]float32, n)
	for i, d := range a.Data {
		at := i // where no item has an index, the order of the answer counts
		if (d.Index == nil) != (a.Data[0].Index == nil) {
			return resp, fmt.Errorf("%w: only some vectors have an index", embed.ErrResponse)
		}
		if d.Index != nil {
			at = *d.Index
		}
		if at < 0 || at >= n || vectors[at] != nil {
			return resp, fmt.Errorf("%w: index %d twice or out of range for %d texts", embed.ErrResponse, at, n)
		}
		vectors[at] = embed.Normalize(d.Embedding)
	}
	checked := embed.Response{Vectors: vectors, Usage: resp.Usage}
	if err := checked.Check(n, e.model.Dim); err != nil {
		return resp, err
	}
	return checked, nil
}

// typed returns err as an error of package embed.
func typed(err error, texts int) error {
	e, ok := errors.AsType[*openai.Error](err)
	if !ok {
		return err
	}
	sentinel := embed.ErrResponse
	switch e.Fault {
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
		return &embed.RateLimitError{After: e.After, Err: err}
	case openai.Unauthorized:
		sentinel = embed.ErrUnauthorized
	case openai.Unavailable:
		sentinel = embed.ErrUnavailable
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
