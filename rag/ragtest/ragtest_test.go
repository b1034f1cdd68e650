package ragtest

import (
	"context"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/rag/token"
	"github.com/quarry-go/quarry/store"
)

func docs() []loaders.Document {
	text := "# Tea\n\nGreen tea is brewed at 80 degrees.\n\n## Storage\n\nTea keeps for a year.\n"
	return []loaders.Document{
		{ID: "empty"}, {ID: "blank", Text: " \n\t"}, {ID: "short", Text: "One line."},
		{ID: "wide", Text: strings.Repeat("日本語のテキストです。👩\u200d👧", 60)},
		{ID: "spans", Title: "Drinks", Text: text, Spans: []loaders.Span{
			{Kind: loaders.Page, Start: 0, End: len(text), Label: "1"},
			{Kind: loaders.Heading, Start: 0, End: 5, Label: "Tea", Level: 1, Anchor: "tea"},
			{Kind: loaders.Heading, Start: 44, End: 54, Label: "Storage", Level: 2, Anchor: "storage"},
		}},
		{ID: "long", Text: strings.Repeat("A sentence of some length stands here. ", 200)},
	}
}

func packer(t *testing.T) chunk.Chunker {
	t.Helper()
	p, err := chunk.New(&chunk.Options{Size: 120, Overlap: 20})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestChunkers(t *testing.T) {
	if err := Chunker(t.Context(), packer(t), docs()...); err != nil {
		t.Error(err)
	}
}

// searched returns a store with passages, and questions that find some.
func searched(t *testing.T) (store.Store, []retrieve.Question) {
	t.Helper()
	kb, err := rag.Memory(&rag.Options{Embedder: embedtest.Words(32)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kb.Close() })
	for i, text := range []string{"Green tea is brewed at 80 degrees.", "Black tea is brewed at 95 degrees.", "Green tea keeps for a year.", "Coffee is no tea."} {
		d := rag.Document{ID: string(rune('a' + i)), Text: text, Meta: map[string]any{"n": i}}
		if i == 2 {
			d.Principals = []string{"staff"}
		}
		if _, err := kb.Put(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	return kb.Store(), []retrieve.Question{
		{Text: "green tea"}, {Text: "tea", K: 2}, {Text: "tea", Filter: store.Lt("n", 2)}, {Text: "tea", Principals: []string{"guest"}},
	}
}

func TestRetrievers(t *testing.T) {
	s, qs := searched(t)
	e := embedtest.Words(32)
	for name, r := range map[string]retrieve.Retriever{
		"text":        retrieve.Text(s),
		"vector":      retrieve.Vector(s, e),
		"hybrid":      retrieve.Hybrid(s, e, nil),
		"hybrid text": retrieve.Hybrid(s, nil, nil),
		"fuse":        retrieve.Fuse(nil, retrieve.Text(s), retrieve.Vector(s, e)),
	} {
		if err := Retriever(t.Context(), r, qs...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCounters(t *testing.T) {
	for _, c := range []token.Counter{token.Bytes{}, token.Estimate{}, chunk.Runes{}, token.Func(func(s string) int { return len(strings.Fields(s)) })} {
		if err := Counter(c); err != nil {
			t.Errorf("%T: %v", c, err)
		}
	}
}

// shortest ranks shorter texts first.
type shortest struct{}

func (shortest) Rerank(ctx context.Context, r retrieve.RerankRequest) (retrieve.RerankResponse, error) {
	if err := ctx.Err(); err != nil {
		return retrieve.RerankResponse{}, err
	}
	var ranks []retrieve.RerankRank
	for i, t := range r.Texts {
		ranks = append(ranks, retrieve.RerankRank{Index: i, Score: -float64(len(t))})
	}
	slices.SortFunc(ranks, func(a, b retrieve.RerankRank) int { return len(r.Texts[a.Index]) - len(r.Texts[b.Index]) })
	if r.K > 0 && len(ranks) > r.K {
		ranks = ranks[:r.K]
	}
	return retrieve.RerankResponse{Ranks: ranks}, nil
}

type counting struct{ started, ended atomic.Int64 }

func (c *counting) Start(ctx context.Context, _ rag.Op) (context.Context, func(rag.Outcome)) {
	c.started.Add(1)
	return ctx, func(rag.Outcome) { c.ended.Add(1) }
}

func TestRerankerAndObserver(t *testing.T) {
	if err := Reranker(t.Context(), shortest{}); err != nil {
		t.Error(err)
	}
	o := &counting{}
	if err := Observer(t.Context(), o); err != nil || o.started.Load() != o.ended.Load() {
		t.Errorf("%v, %d started, %d ended", err, o.started.Load(), o.ended.Load())
	}
}

// A wrongChunker does what change makes of the pieces of a good one.
type wrongChunker struct {
	chunk.Chunker
	change func(d loaders.Document, ps []chunk.Piece) []chunk.Piece
	deaf   bool // ignores the context
	name   func() string
}

func (w wrongChunker) Fingerprint() string {
	if w.name != nil {
		return w.name()
	}
	return w.Chunker.Fingerprint()
}

func (w wrongChunker) Chunk(ctx context.Context, d loaders.Document) iter.Seq2[chunk.Piece, error] {
	return func(yield func(chunk.Piece, error) bool) {
		if w.deaf {
			ctx = context.WithoutCancel(ctx)
		}
		ps, err := cut(ctx, w.Chunker, d)
		if err != nil {
			yield(chunk.Piece{}, err)
			return
		}
		if w.change != nil {
			ps = w.change(d, ps)
		}
		for _, p := range ps {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// TestWrongOnesAreRejected holds the kit to its task: each implementation
// breaks a rule, and the error names it.
func TestWrongOnesAreRejected(t *testing.T) {
	good := packer(t)
	var calls atomic.Int64
	type pieces = []chunk.Piece
	for rule, w := range map[string]wrongChunker{
		"the fingerprint is constant":       {Chunker: good, name: func() string { return strings.Repeat("x", int(calls.Add(1))) }},
		"a chunker names itself":            {Chunker: good, name: func() string { return "" }},
		"a cancelled context ends the call": {Chunker: good, deaf: true},
		"equal documents are cut alike":     {Chunker: good, change: func(_ loaders.Document, ps pieces) pieces { return ps[:len(ps)-min(len(ps), int(calls.Add(1)%2))] }},
		"the document is not changed": {Chunker: good, change: func(d loaders.Document, ps pieces) pieces {
			if len(d.Spans) > 0 {
				d.Spans[0].Label = "changed"
			}
			return ps
		}},
		"a piece is a range of the text": {Chunker: good, change: func(d loaders.Document, ps pieces) pieces {
			return append(ps, chunk.Piece{Start: 0, End: len(d.Text) + 1})
		}},
		"pieces begin and end between code points": {Chunker: good, change: func(d loaders.Document, ps pieces) pieces {
			if d.ID == "wide" {
				ps[0].End++
			}
			return ps
		}},
		"pieces come in order":  {Chunker: good, change: func(_ loaders.Document, ps pieces) pieces { slices.Reverse(ps); return ps }},
		"pieces cover the text": {Chunker: good, change: func(_ loaders.Document, ps pieces) pieces { return ps[min(1, len(ps)):] }},
		"every piece can be read": {Chunker: good, change: func(d loaders.Document, ps pieces) pieces {
			if d.ID == "blank" {
				ps = pieces{{Start: 0, End: 1}}
			}
			return ps
		}},
		"a piece's marks overlap it": {Chunker: good, change: func(d loaders.Document, ps pieces) pieces {
			for i := range ps {
				ps[i].Marks = []store.Mark{{Kind: "page", Start: ps[i].End, End: ps[i].End + 1}}
			}
			return ps
		}},
	} {
		wantRule(t, rule, Chunker(t.Context(), w, docs()...))
	}

	s, qs := searched(t)
	text := retrieve.Text(s)
	change := func(f func(q retrieve.Question, r *retrieve.Result) *retrieve.Result) retrieve.Retriever {
		return retrieve.Func(func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
			r, err := text.Retrieve(ctx, q)
			if err != nil {
				return nil, err
			}
			return f(q, r), nil
		})
	}
	for rule, r := range map[string]retrieve.Retriever{
		"every passage passes the filter": retrieve.Func(func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
			if err := store.CheckFilter(q.Filter); err != nil {
				return nil, err
			}
			q.Filter, q.Principals = nil, nil
			return text.Retrieve(ctx, q)
		}),
		"a question finds at most K passages": retrieve.Func(func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
			if q.K > 0 {
				q.K = 10
			}
			return text.Retrieve(ctx, q)
		}),
		"the best come first, ties by ID": change(func(_ retrieve.Question, r *retrieve.Result) *retrieve.Result { slices.Reverse(r.Hits); return r }),
		"each passage comes once": change(func(q retrieve.Question, r *retrieve.Result) *retrieve.Result {
			return &retrieve.Result{Hits: slices.Repeat(r.Hits[:min(1, len(r.Hits))], 2)}
		}),
		"scores are finite": change(func(_ retrieve.Question, r *retrieve.Result) *retrieve.Result {
			for i := range r.Hits {
				r.Hits[i].Score = math.Inf(1)
			}
			return r
		}),
		"passages come with their text": change(func(_ retrieve.Question, r *retrieve.Result) *retrieve.Result {
			for i := range r.Hits {
				r.Hits[i].Chunk.Text = ""
			}
			return r
		}),
		"a question that has an answer":  change(func(retrieve.Question, *retrieve.Result) *retrieve.Result { return &retrieve.Result{} }),
		"a valid question has an answer": change(func(retrieve.Question, *retrieve.Result) *retrieve.Result { return nil }),
		"a cancelled context ends": retrieve.Func(func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
			return text.Retrieve(context.WithoutCancel(ctx), q)
		}),
		"a negative K is invalid": retrieve.Func(func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
			q.K = max(q.K, 0)
			return text.Retrieve(ctx, q)
		}),
		"a malformed filter is refused": retrieve.Func(func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
			if store.CheckFilter(q.Filter) != nil {
				q.Filter = nil
			}
			return text.Retrieve(ctx, q)
		}),
	} {
		wantRule(t, rule, Retriever(t.Context(), r, qs...))
	}
	var mu sync.Mutex
	shared := map[string]*retrieve.Result{}
	keeps := retrieve.Func(func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		if r := shared[q.Text]; r != nil && q.K == 0 && q.Filter == nil {
			return r, ctx.Err()
		}
		r, err := text.Retrieve(ctx, q)
		if q.K == 0 && q.Filter == nil && shared[q.Text] == nil {
			shared[q.Text] = r
		}
		return r, err
	})
	wantRule(t, "results are the caller's", Retriever(t.Context(), keeps, qs[0]))

	for rule, c := range map[string]token.Func{
		"the empty text has no tokens": func(s string) int { return len(s) + 1 },
		"counts are not negative":      func(s string) int { return -len(s) },
		"joining two texts adds one":   func(s string) int { return len(s) * len(s) },
		"a text has one count": func(s string) int {
			if s == "" {
				return 0
			}
			return int(calls.Add(1))
		},
	} {
		wantRule(t, rule, Counter(c))
	}

	for rule, w := range map[string]wrongReranker{
		"texts may be dropped and never added": func(r retrieve.RerankResponse) retrieve.RerankResponse {
			r.Ranks = append(r.Ranks, retrieve.RerankRank{Index: 99, Score: -1e9})
			return r
		},
		"the best come first": func(r retrieve.RerankResponse) retrieve.RerankResponse { slices.Reverse(r.Ranks); return r },
		"at most K texts are ranked": func(r retrieve.RerankResponse) retrieve.RerankResponse {
			r.Ranks = append(r.Ranks, r.Ranks...)
			return r
		},
	} {
		wantRule(t, rule, Reranker(t.Context(), w))
	}
	wantRule(t, "the context is made from the one given", Observer(t.Context(), detached{}))
}

type wrongReranker func(retrieve.RerankResponse) retrieve.RerankResponse

func (w wrongReranker) Rerank(ctx context.Context, r retrieve.RerankRequest) (retrieve.RerankResponse, error) {
	resp, err := shortest{}.Rerank(ctx, r)
	return w(resp), err
}

type detached struct{}

func (detached) Start(context.Context, rag.Op) (context.Context, func(rag.Outcome)) {
	return context.Background(), func(rag.Outcome) {}
}

func wantRule(t *testing.T, rule string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), rule) {
		t.Errorf("%s: the kit says %v", rule, err)
	}
}
