package embedtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quarry-go/quarry/embed"
)

// A wrong embedder does what its embed says with a right one.
type wrong struct {
	embed.Embedder
	embed func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error)
	model func(m embed.Model) embed.Model
}

func (w wrong) Embed(ctx context.Context, r embed.Request) (embed.Response, error) {
	if w.embed == nil {
		return w.Embedder.Embed(ctx, r)
	}
	return w.embed(ctx, w.Embedder, r)
}

func (w wrong) Model() embed.Model {
	if w.model == nil {
		return w.Embedder.Model()
	}
	return w.model(w.Embedder.Model())
}

// after changes right responses.
func after(f func(r embed.Request, resp *embed.Response)) func(context.Context, embed.Embedder, embed.Request) (embed.Response, error) {
	return func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
		resp, err := e.Embed(ctx, r)
		if err == nil {
			f(r, &resp)
		}
		return resp, err
	}
}

// before changes the texts, or what else the request holds.
func before(f func(r *embed.Request)) func(context.Context, embed.Embedder, embed.Request) (embed.Response, error) {
	return func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
		f(&r)
		return e.Embed(ctx, r)
	}
}

// swallow turns a failure of the right embedder into success.
func swallow(target error) func(context.Context, embed.Embedder, embed.Request) (embed.Response, error) {
	return func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
		resp, err := e.Embed(ctx, r)
		if !errors.Is(err, target) {
			return resp, err
		}
		for i := range r.Texts {
			r.Texts[i] = strings.ToValidUTF8(strings.ReplaceAll(r.Texts[i], "\x00", ""), "")
		}
		return e.Embed(context.WithoutCancel(ctx), r)
	}
}

type embedFunc = func(context.Context, embed.Embedder, embed.Request) (embed.Response, error)

// A breach is a wrong embedder with the rule that must be the first to refuse it.
type breach struct {
	what  string
	rule  string
	embed embedFunc
	model func(embed.Model) embed.Model
	opts  Options
}

func breaches() []breach {
	return []breach{
		{what: "has no dimension", rule: "model", model: func(m embed.Model) embed.Model { m.Dim = 0; return m }},
		{what: "changes its model", rule: "model", model: func() func(embed.Model) embed.Model {
			var calls atomic.Int64
			return func(m embed.Model) embed.Model {
				if calls.Add(1) > 2 {
					m.Revision = "2"
				}
				return m
			}
		}()},
		{what: "drops the last vector", rule: "count", embed: after(func(_ embed.Request, resp *embed.Response) {
			if n := len(resp.Vectors); n > 1 {
				resp.Vectors = resp.Vectors[:n-1]
			}
		})},
		{what: "answers equal texts once", rule: "count", embed: before(func(r *embed.Request) {
			texts := slices.Clone(r.Texts)
			slices.Sort(texts)
			if u := slices.Compact(texts); len(u) < len(r.Texts) {
				r.Texts = u
			}
		})},
		{what: "shortens vectors", rule: "dimension", embed: after(func(_ embed.Request, resp *embed.Response) {
			for i, v := range resp.Vectors {
				resp.Vectors[i] = embed.Normalize(v[:len(v)-1])
			}
		})},
		{what: "does not normalise", rule: "unit", embed: after(func(_ embed.Request, resp *embed.Response) {
			for _, v := range resp.Vectors {
				for i := range v {
					v[i] *= 3
				}
			}
		})},
		{what: "gives NaN", rule: "unit", embed: after(func(r embed.Request, resp *embed.Response) {
			if len(resp.Vectors) > 2 {
				resp.Vectors[2][0] = float32(math.NaN())
			}
		})},
		{what: "reverses", rule: "order", embed: after(func(_ embed.Request, resp *embed.Response) { slices.Reverse(resp.Vectors) })},
		{what: "embeds everything as one vector", rule: "order", embed: after(func(_ embed.Request, resp *embed.Response) {
			for _, v := range resp.Vectors {
				clear(v)
				v[0] = 1
			}
		})},
		{what: "drifts", rule: "repeat", embed: func() embedFunc {
			var calls atomic.Int64
			return after(func(_ embed.Request, resp *embed.Response) {
				for i, v := range resp.Vectors {
					v[0] += float32(calls.Add(1)) / 1e5
					resp.Vectors[i] = embed.Normalize(v)
				}
			})
		}()},
		{what: "pads to the longest text", rule: "neighbours", embed: after(func(r embed.Request, resp *embed.Response) {
			longest := 0
			for _, t := range r.Texts {
				longest = max(longest, len(t))
			}
			for i, v := range resp.Vectors {
				v[0] += float32(longest-len(r.Texts[i])) / 1e5
				resp.Vectors[i] = embed.Normalize(v)
			}
		})},
		{what: "joins its batches in the wrong order", rule: "neighbours", embed: after(func(_ embed.Request, resp *embed.Response) {
			if n := len(resp.Vectors); n > 64 {
				resp.Vectors = slices.Concat(resp.Vectors[64:], resp.Vectors[:64])
			}
		})},
		{what: "panics on queries", rule: "dimension", embed: before(func(r *embed.Request) {
			if r.Kind == embed.Query && len(r.Texts) > 2 {
				panic("queries")
			}
		})},
		{what: "takes any kind", rule: "kinds", embed: before(func(r *embed.Request) { r.Kind %= 2 })},
		{what: "forgets the query prefix", rule: "prefixes", model: func(m embed.Model) embed.Model { m.QueryPrefix = "query: "; return m }},
		{what: "puts another prefix", rule: "prefixes", model: func(m embed.Model) embed.Model { m.QueryPrefix = "query: "; return m },
			embed: before(func(r *embed.Request) {
				r.Texts = slices.Clone(r.Texts)
				for i := range r.Texts {
					if r.Kind == embed.Query {
						r.Texts[i] = "question: " + r.Texts[i]
					}
				}
			})},
		{what: "fails without texts", rule: "none", embed: func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
			if len(r.Texts) == 0 {
				return embed.Response{}, embed.ErrInvalid
			}
			return e.Embed(ctx, r)
		}},
		{what: "repairs bad text", rule: "invalid", embed: swallow(embed.ErrInvalid)},
		{what: "cuts at a NUL", rule: "invalid", embed: before(func(r *embed.Request) {
			r.Texts = slices.Clone(r.Texts)
			for i := range r.Texts {
				r.Texts[i], _, _ = strings.Cut(r.Texts[i], "\x00")
			}
		})},
		{what: "gives zero for no words", rule: "scripts", embed: after(func(r embed.Request, resp *embed.Response) {
			for i, t := range r.Texts {
				if strings.TrimSpace(t) == "" {
					clear(resp.Vectors[i])
				}
			}
		})},
		{what: "has errors of its own", rule: "scripts", embed: func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
			if slices.Contains(r.Texts, "") {
				return embed.Response{}, errors.New("empty text")
			}
			return e.Embed(ctx, r)
		}},
		{what: "ignores the context", rule: "context", embed: func(_ context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
			return e.Embed(context.Background(), r)
		}},
		{what: "hides the context's error", rule: "context", embed: func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
			resp, err := e.Embed(ctx, r)
			if ctx.Err() != nil {
				err = fmt.Errorf("%w: %v", embed.ErrUnavailable, err)
			}
			return resp, err
		}},
		{what: "gives half an answer", rule: "nothing", embed: func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
			resp, err := e.Embed(ctx, r)
			if err != nil && len(r.Texts) > 1 {
				half, _ := e.Embed(context.WithoutCancel(ctx), embed.Request{Texts: r.Texts[:1]})
				return half, err
			}
			return resp, err
		}},
		{what: "counts down", rule: "usage", embed: after(func(_ embed.Request, resp *embed.Response) { resp.Usage.Tokens = -1 })},
		{what: "strips newlines in place", rule: "reads", embed: before(func(r *embed.Request) {
			for i, t := range r.Texts {
				r.Texts[i] = strings.ReplaceAll(t, "\n", " ")
			}
		})},
		{what: "remembers the last request by its slice", rule: "keeps", embed: func() embedFunc {
			var mu sync.Mutex
			var texts []string
			var last embed.Response
			return func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				if r.Kind == embed.Passage && len(texts) > 0 && slices.Equal(texts, r.Texts) && ctx.Err() == nil {
					return copied(last), nil
				}
				resp, err := e.Embed(ctx, r)
				if err == nil && r.Kind == embed.Passage {
					texts, last = r.Texts, copied(resp)
				}
				return resp, err
			}
		}()},
		{what: "hands out its cache", rule: "owned", embed: func() embedFunc {
			var cache sync.Map
			return after(func(r embed.Request, resp *embed.Response) {
				for i, t := range r.Texts {
					v, _ := cache.LoadOrStore(t, resp.Vectors[i])
					resp.Vectors[i] = v.([]float32)
				}
			})
		}()},
		{what: "gives neighbouring vectors with room to append", rule: "owned", embed: after(func(_ embed.Request, resp *embed.Response) {
			var all []float32
			for _, v := range resp.Vectors {
				all = append(all, v...)
			}
			at := 0
			for i, v := range resp.Vectors {
				resp.Vectors[i] = all[at : at+len(v)]
				at += len(v)
			}
		})},
		{what: "shares a buffer between calls", rule: "concurrent", embed: func() embedFunc {
			var mu sync.Mutex
			var buffer []string
			return func(ctx context.Context, e embed.Embedder, r embed.Request) (embed.Response, error) {
				mu.Lock()
				buffer = slices.Clone(r.Texts)
				mu.Unlock()
				for range 100 {
					runtime.Gosched()
				}
				mu.Lock()
				r.Texts = buffer
				mu.Unlock()
				return e.Embed(ctx, r)
			}
		}()},
		{what: "waits for its service for ever", rule: "hung", opts: Options{
			Hung:     wrong{Embedder: Words(8), embed: func(context.Context, embed.Embedder, embed.Request) (embed.Response, error) { select {} }},
			Patience: time.Second,
		}},
		{what: "blames its service for the deadline", rule: "hung", opts: Options{
			Hung: wrong{Embedder: Words(8), embed: func(ctx context.Context, _ embed.Embedder, _ embed.Request) (embed.Response, error) {
				<-ctx.Done()
				return embed.Response{}, embed.ErrUnavailable
			}},
		}},
		{what: "cuts long texts", rule: "long", opts: Options{TooLong: strings.Repeat("long ", 1000)}},
	}
}

func copied(r embed.Response) embed.Response {
	r.Vectors = slices.Clone(r.Vectors)
	for i, v := range r.Vectors {
		r.Vectors[i] = slices.Clone(v)
	}
	return r
}

// firstBroken returns the name of the first rule that k's embedder breaks.
func firstBroken(ctx context.Context, k *kit) (string, error) {
	for _, r := range rules {
		if r.needs != nil && !r.needs(k.Options) {
			continue
		}
		if err := r.check(ctx, k); err != nil {
			return r.name, err
		}
	}
	return "", nil
}

func TestWrongEmbeddersAreRefused(t *testing.T) {
	for _, w := range breaches() {
		t.Run(w.what, func(t *testing.T) {
			k := newKit(wrong{Words(64), w.embed, w.model}, &w.opts)
			name, err := firstBroken(t.Context(), k)
			if name != w.rule {
				t.Errorf("broken rule %q (%v), want %q", name, err, w.rule)
			}
		})
	}
}

// Every rule of the kit must be one that can be broken.
func TestEveryRuleHasAWrongEmbedder(t *testing.T) {
	for _, r := range rules {
		broken := false
		for _, w := range breaches() {
			broken = broken || w.rule == r.name
		}
		if !broken {
			t.Errorf("no embedder breaks the rule %q first", r.name)
		}
	}
}

func TestWordsKeepTheContract(t *testing.T) {
	hung := Words(8)
	hung.Before = func(ctx context.Context, _ embed.Request) error {
		<-ctx.Done()
		return ctx.Err()
	}
	Run(t, Words(64), &Options{Hung: hung})
	one := Words(1) // as few numbers as there can be: too few to tell texts apart
	if r, err := one.Embed(t.Context(), embed.Request{Texts: samples}); err != nil || r.Check(len(samples), 1) != nil {
		t.Errorf("one dimension: %v, %v", r.Vectors, err)
	}
}

func TestFuncKeepsTheContract(t *testing.T) {
	w := Words(64)
	m := w.Model()
	m.QueryPrefix = "query: "
	Run(t, embed.Func(m, func(ctx context.Context, r embed.Request) (embed.Response, error) {
		r.Texts = slices.Clone(r.Texts)
		for i, text := range r.Texts {
			if r.Kind == embed.Query {
				r.Texts[i] = m.QueryPrefix + text
			}
			if len(text) > 10000 {
				return embed.Response{}, embed.ErrTooLong
			}
		}
		return w.Embed(ctx, r)
	}), &Options{TooLong: strings.Repeat("long ", 3000), Batch: 20})
}
