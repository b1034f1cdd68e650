package table

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/internal/bm25"
	"github.com/quarry-go/quarry/internal/vec"
	"github.com/quarry-go/quarry/store"
)

// The numbers that rankers give.
const (
	metricCosine = "cosine"
	metricBM25   = "bm25"
)

// contextEvery is how many chunks are looked at between two looks at the context.
const contextEvery = 1024

// Search answers a valid query as [store.Store] says.
func (v View) Search(ctx context.Context, q store.Query) ([]store.Hit, error) {
	if v.table == nil {
		return nil, ctx.Err()
	}
	var best []scored
	var err error
	rank := store.Rank{Ranker: store.RankerText, Metric: metricBM25}
	if q.Vector != nil {
		rank = store.Rank{Ranker: store.RankerVector, Metric: metricCosine}
		best, err = v.nearest(ctx, q)
	} else {
		best, err = v.matching(ctx, q)
	}
	if err != nil {
		return nil, err
	}
	hits := make([]store.Hit, len(best))
	for i, b := range best {
		rank.Position, rank.Score = i+1, b.score
		hits[i] = store.Hit{Chunk: b.chunk.Select(q.Fields), Score: b.score, Ranks: []store.Rank{rank}}
	}
	return hits, nil
}

// nearest ranks the chunks that pass by the cosine of the angle between their vector and the
// query's, all of them.
func (v View) nearest(ctx context.Context, q store.Query) ([]scored, error) {
	space, dim := v.Space()
	if dim == 0 {
		return nil, ctx.Err()
	}
	if q.Space != "" && q.Space != space {
		return nil, fmt.Errorf("%w: query of %q, stored is %q", store.ErrSpace, q.Space, space)
	}
	if len(q.Vector) != dim {
		return nil, fmt.Errorf("%w: query of %d dimensions, stored are %d", store.ErrSpace, len(q.Vector), dim)
	}
	best := top{k: q.K}
	scale := 1 / vec.Norm(q.Vector)
	err := v.each(ctx, q.Filter, func(c *chunk) {
		if c.Vector != nil {
			best.add(scored{float64(vec.Dot(q.Vector, c.Vector)) * scale * c.scale, c})
		}
	})
	return best.sorted(), err
}

// matching ranks the chunks that pass and share a term with the query by BM25.
func (v View) matching(ctx context.Context, q store.Query) ([]scored, error) {
	among := v.candidates(q.Filter)
	query := bm25.Query{
		Terms: terms(q.Text),
		K:     q.K,
		At:    v.seq,
		Tie:   func(a, b uint32) int { return strings.Compare(lookup(among, a).ID, lookup(among, b).ID) },
	}
	if q.Filter != nil {
		match := matcher(q.Filter)
		query.Filter = func(ord uint32) bool {
			c := lookup(among, ord)
			return c != nil && match(&c.Chunk)
		}
	}
	hits, err := v.table.words.Search(ctx, query)
	best := make([]scored, len(hits))
	for i, h := range hits {
		best[i] = scored{h.Score, lookup(among, h.Ord)}
	}
	return best, err
}

// lookup returns the chunk of an ordinal among versions in the order of writing, nil if it is not
// there.
func lookup(among []*version[chunk], ord uint32) *chunk {
	if len(among) == 0 || ord < among[0].ord {
		return nil
	}
	if i := int(ord - among[0].ord); i < len(among) && among[i].ord == ord { // no gaps before it
		return &among[i].rec
	}
	i, ok := slices.BinarySearchFunc(among, ord, func(v *version[chunk], ord uint32) int { return cmp.Compare(v.ord, ord) })
	if !ok {
		return nil
	}
	return &among[i].rec
}

// each calls visit for the chunks of the view that f matches, in the order of writing.
func (v View) each(ctx context.Context, f store.Filter, visit func(*chunk)) error {
	match := matcher(f)
	for i, w := range v.candidates(f) {
		if i%contextEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if w.at(v.seq) && match(&w.rec.Chunk) {
			visit(&w.rec)
		}
	}
	return ctx.Err()
}

// A scored chunk is one that a ranker gave a number.
type scored struct {
	score float64
	chunk *chunk
}

// compare orders the better chunk first, and of equal ones the one with the lesser ID.
func compare(a, b scored) int {
	if c := cmp.Compare(b.score, a.score); c != 0 {
		return c
	}
	return strings.Compare(a.chunk.ID, b.chunk.ID)
}

// A top keeps the best k of what is added to it.
type top struct {
	k    int
	heap []scored // the worst first
}

func (t *top) add(s scored) {
	if len(t.heap) < t.k {
		t.heap = append(t.heap, s)
		t.up(len(t.heap) - 1)
		return
	}
	if compare(s, t.heap[0]) < 0 {
		t.heap[0] = s
		t.down(0)
	}
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if compare(t.heap[i], t.heap[parent]) <= 0 {
			return
		}
		t.heap[i], t.heap[parent] = t.heap[parent], t.heap[i]
		i = parent
	}
}

func (t *top) down(i int) {
	for {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.heap); child++ {
			if compare(t.heap[child], t.heap[worst]) > 0 {
				worst = child
			}
		}
		if worst == i {
			return
		}
		t.heap[i], t.heap[worst] = t.heap[worst], t.heap[i]
		i = worst
	}
}

// sorted returns what was kept, the best first.
func (t *top) sorted() []scored {
	slices.SortFunc(t.heap, compare)
	return t.heap
}
