package ragtest

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
)

// Retriever tests a retriever with the given questions, each of which must
// find something. What it searches must not change meanwhile.
func Retriever(ctx context.Context, r retrieve.Retriever, questions ...retrieve.Question) error {
	var f faults
	for _, q := range questions {
		hits := same(&f, "a question has one answer, from any goroutine", func() []store.Hit { return ask(ctx, &f, r, q) })
		if len(hits) == 0 {
			f.add("a question that has an answer finds it", "%q", q.Text)
			continue
		}
		checkHits(&f, q, hits)

		for i := range hits { // the caller may do what it likes with a result
			hits[i].Chunk.Text, hits[i].Score = "changed", math.NaN()
			for k := range hits[i].Chunk.Meta {
				hits[i].Chunk.Meta[k] = "changed"
			}
		}
		for _, h := range ask(ctx, &f, r, q) {
			if h.Chunk.Text == "changed" || math.IsNaN(h.Score) {
				f.add("results are the caller's", "%q: chunk %s shows a change made to an earlier result", q.Text, h.Chunk.ID)
			}
		}

		one := q
		one.K = 1
		if got := ask(ctx, &f, r, one); len(got) != 1 {
			f.add("a question finds at most K passages", "%q with K 1 found %d", q.Text, len(got))
		}
		none := q
		none.Filter = store.Or()
		if got := ask(ctx, &f, r, none); len(got) != 0 {
			f.add("every passage passes the filter", "%q under a filter that passes nothing found %d", q.Text, len(got))
		}
		_, err := r.Retrieve(cancelled(ctx), q)
		f.ended(err)
	}
	if _, err := r.Retrieve(ctx, retrieve.Question{Text: "x", K: -1}); !errors.Is(err, store.ErrInvalid) {
		f.add("a negative K is invalid", "the error is %v", err)
	}
	if _, err := r.Retrieve(ctx, retrieve.Question{Text: "x", Filter: store.Not(nil)}); !errors.Is(err, store.ErrFilter) {
		f.add("a malformed filter is refused", "the error is %v", err)
	}
	return f.err()
}

func ask(ctx context.Context, f *faults, r retrieve.Retriever, q retrieve.Question) []store.Hit {
	res, err := r.Retrieve(ctx, q)
	if err != nil || res == nil {
		f.add("a valid question has an answer", "%q: %v", q.Text, err)
		return nil
	}
	return res.Hits
}

func checkHits(f *faults, q retrieve.Question, hits []store.Hit) {
	if len(hits) > q.Want() {
		f.add("a question finds at most K passages", "%q found %d, K is %d", q.Text, len(hits), q.Want())
	}
	if !slices.IsSortedFunc(hits, func(a, b store.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Chunk.ID, b.Chunk.ID))
	}) {
		f.add("the best come first, ties by ID", "%q", q.Text)
	}
	seen := map[string]bool{}
	for _, h := range hits {
		switch c := &h.Chunk; {
		case seen[c.ID]:
			f.add("each passage comes once", "%q: chunk %s", q.Text, c.ID)
		case !store.Match(q.Scope(), c):
			f.add("every passage passes the filter", "%q: chunk %s does not", q.Text, c.ID)
		case c.Text == "":
			f.add("passages come with their text", "%q: chunk %s", q.Text, c.ID)
		case math.IsNaN(h.Score) || math.IsInf(h.Score, 0):
			f.add("scores are finite", "%q: chunk %s has %v", q.Text, c.ID, h.Score)
		}
		seen[h.Chunk.ID] = true
	}
}

// Reranker tests a reranker.
func Reranker(ctx context.Context, r retrieve.Reranker) error {
	var f faults
	texts := []string{"Green tea is brewed at 80 degrees.", "Coffee is brewed at 93 degrees.", "Travel is booked a week ahead.", "Green tea."}
	for _, k := range []int{0, 1, 2, 9} {
		ranks := same(&f, "a request has one answer, from any goroutine", func() []retrieve.RerankRank {
			req := retrieve.RerankRequest{Query: "How hot is green tea brewed?", Texts: slices.Clone(texts), K: k}
			resp, err := r.Rerank(ctx, req)
			if err != nil {
				f.add("a valid request has an answer", "K %d: %v", k, err)
			}
			if !slices.Equal(req.Texts, texts) {
				f.add("the request is not changed", "K %d: %q", k, req.Texts)
			}
			return resp.Ranks
		})
		if k > 0 && len(ranks) > k {
			f.add("at most K texts are ranked", "K %d: %d", k, len(ranks))
		}
		seen := map[int]bool{}
		for i, x := range ranks {
			if x.Index < 0 || x.Index >= len(texts) || seen[x.Index] {
				f.add("texts may be dropped and never added or repeated", "K %d: index %d", k, x.Index)
			}
			if math.IsNaN(x.Score) || i > 0 && x.Score > ranks[i-1].Score {
				f.add("the best come first", "K %d: %v", k, ranks)
			}
			seen[x.Index] = true
		}
	}
	if resp, err := r.Rerank(ctx, retrieve.RerankRequest{Query: "q"}); err != nil || len(resp.Ranks) != 0 {
		f.add("no texts have no ranks", "%v, %v", resp.Ranks, err)
	}
	_, err := r.Rerank(cancelled(ctx), retrieve.RerankRequest{Query: "q", Texts: texts})
	f.ended(err)
	return f.err()
}
