package remote

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// Search implements [store.Store].
func (n *namespace) Search(ctx context.Context, q store.Query) ([]store.Hit, error) {
	hits, err := n.search(ctx, &q)
	if err != nil {
		return nil, n.fail("search", err)
	}
	for i := range hits {
		hits[i].Ranks[0].Position = i + 1
	}
	return hits, nil
}

// search asks for more and more of the best chunks, until those that pass the
// filter, K of them, are all better than the last that was asked for: then no
// other can be among them, and ties are in order.
func (n *namespace) search(ctx context.Context, q *store.Query) ([]store.Hit, error) {
	info := &n.db.info
	switch err := q.Validate(); {
	case err != nil:
		return nil, err
	case q.Vector != nil && !info.Features.Vectors:
		return nil, fmt.Errorf("vector search: %w", errors.ErrUnsupported)
	case q.Vector == nil && !info.Features.Lexical:
		return nil, fmt.Errorf("text search: %w", errors.ErrUnsupported)
	case q.Vector != nil && q.Exact && !info.Features.Exact:
		return nil, fmt.Errorf("exact search: %w", errors.ErrUnsupported)
	case over(q.K, info.Limits.K):
		return nil, fmt.Errorf("%w: K of %d, the store takes %d", store.ErrTooLarge, q.K, info.Limits.K)
	}
	if err := n.db.open(ctx); err != nil {
		return nil, err
	}
	if q.Vector != nil {
		space, dim, err := n.db.bound(ctx)
		if err != nil || space == "" { // without a space there are no vectors
			return nil, err
		}
		if err := checkSpace(q.Space, len(q.Vector), space, dim); err != nil {
			return nil, err
		}
	}
	weak, nothing, exact := Weaken(q.Filter, n.db.driver.Can)
	if nothing {
		return nil, nil
	}
	ask := *q
	ask.Text = strings.ReplaceAll(q.Text, "\x00", " ")
	if ask.Filter = weak; !exact {
		ask.Fields |= fieldsOfMatch
	}
	most := math.MaxInt
	if info.Limits.K > 0 {
		most = info.Limits.K
	}
	for k := more(q.K, exact); ; k *= 4 {
		ask.K = min(k, most)
		var found []store.Hit
		err := n.db.do(ctx, func(ctx context.Context) (err error) {
			found, err = n.db.driver.Search(ctx, n.name, ask)
			return err
		})
		if err != nil {
			return nil, err
		}
		sortHits(found)
		passed := found
		if !exact {
			passed = n.passing(q, found)
		}
		best := passed[:min(q.K, len(passed))]
		switch {
		case len(found) < ask.K:
			return best, nil
		case len(best) == q.K && best[q.K-1].Score > found[len(found)-1].Score:
			return best, nil
		case ask.K == most && exact && len(best) == q.K && q.K == most:
			return best, nil // of those that tie with the last, any
		case ask.K == most:
			return n.exhaust(ctx, q, ask)
		}
	}
}

// more is how many chunks are asked for at first where K are wanted.
func more(k int, exact bool) int {
	if exact {
		return k + 1
	}
	return 4*k + 16
}

// passing returns the hits that the whole filter passes, with the fields that
// were asked for.
func (n *namespace) passing(q *store.Query, hits []store.Hit) []store.Hit {
	var out []store.Hit
	for _, h := range hits {
		if store.Match(q.Filter, &h.Chunk) {
			h.Chunk = h.Chunk.Select(q.Fields)
			out = append(out, h)
		}
	}
	return out
}

// exhaust answers a query of which the server cannot give enough: of all chunks
// that pass, the vectors are compared here, or the server is asked for their
// scores, some at a time. ask is q as the server is asked.
func (n *namespace) exhaust(ctx context.Context, q *store.Query, ask store.Query) ([]store.Hit, error) {
	best := &worstFirst{}
	keep := func(h store.Hit) {
		switch {
		case len(best.hits) < q.K:
			heap.Push(best, h)
		case compareHits(h, best.hits[0]) < 0:
			best.hits[0] = h
			heap.Fix(best, 0)
		}
	}
	if q.Vector != nil {
		scan := store.ScanQuery{Filter: q.Filter, Fields: q.Fields | store.FieldVector}
		err := n.scan(ctx, scan, func(c *store.Chunk) bool {
			if c.Vector != nil {
				score := cosine(q.Vector, c.Vector)
				rank := store.Rank{Ranker: store.RankerVector, Score: score, Metric: "cosine"}
				keep(store.Hit{Chunk: c.Select(q.Fields), Score: score, Ranks: []store.Rank{rank}})
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	} else {
		some := min(n.db.batch.IDs, ask.K, 256)
		if !n.db.driver.Can(store.IDs("a")) {
			return nil, fmt.Errorf("text search for %d chunks with this filter: %w", q.K, errors.ErrUnsupported)
		}
		var ids []string
		flush := func() error {
			part := ask
			part.Fields, part.Filter, part.K = q.Fields, store.IDs(ids...), len(ids)
			ids = nil
			return n.db.do(ctx, func(ctx context.Context) error {
				hits, err := n.db.driver.Search(ctx, n.name, part)
				for _, h := range hits {
					keep(h)
				}
				return err
			})
		}
		var failed error
		err := n.scan(ctx, store.ScanQuery{Filter: q.Filter}, func(c *store.Chunk) bool {
			if ids = append(ids, c.ID); len(ids) == some {
				failed = flush()
			}
			return failed == nil
		})
		if failed == nil && err == nil && len(ids) > 0 {
			failed = flush()
		}
		if err := cmp.Or(failed, err); err != nil {
			return nil, err
		}
	}
	sortHits(best.hits)
	return best.hits, nil
}

// compareHits orders the better first, ties by ID.
func compareHits(a, b store.Hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Chunk.ID, b.Chunk.ID))
}

func sortHits(hits []store.Hit) { slices.SortFunc(hits, compareHits) }

// worstFirst is a heap of the best hits so far.
type worstFirst struct{ hits []store.Hit }

func (h *worstFirst) Len() int           { return len(h.hits) }
func (h *worstFirst) Less(i, j int) bool { return compareHits(h.hits[i], h.hits[j]) > 0 }
func (h *worstFirst) Swap(i, j int)      { h.hits[i], h.hits[j] = h.hits[j], h.hits[i] }
func (h *worstFirst) Push(x any)         { h.hits = append(h.hits, x.(store.Hit)) }
func (h *worstFirst) Pop() any {
	last := len(h.hits) - 1
	x := h.hits[last]
	h.hits = h.hits[:last]
	return x
}

// cosine of the angle between two vectors of one length.
func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}
