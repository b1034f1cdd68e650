package retrieve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/quarry-go/quarry/store"
)

// ErrOptions: the options of a retriever contradict each other.
var ErrOptions = errors.New("retrieve: invalid options")

// A Method names a rule that makes one ranked list of several.
type Method string

// The methods of fusion.
const (
	// ZScore adds standard scores: (s - mean) / deviation over the list, and
	// for a passage that a list lacks the standard score of its lowest. A list
	// of a keyword ranker that is shorter than the longest of another kind is
	// first filled up with zeros to its length, since what matches no word
	// scores zero.
	ZScore Method = "zscore"
	// Convex adds (s - min) / (max - min) over the list, 0 for a passage that
	// a list lacks, and 1 for all where they are equal (Bruch, Gai and
	// Ingber, An Analysis of Fusion Functions for Hybrid Retrieval, 2023).
	Convex Method = "convex"
	// RRF adds 1 / (60 + rank) (Cormack, Clarke and Büttcher, Reciprocal Rank
	// Fusion, 2009). It sees no scores.
	RRF Method = "rrf"
)

// DefaultDepth is how many passages of each ranker a fusion looks at.
const DefaultDepth = 100

// FuseOptions sets how [Fuse] works. The zero value adds standard scores of
// equal weight, of the first DefaultDepth passages of each list.
type FuseOptions struct {
	Method Method // empty means ZScore
	// Weights says what each retriever's scores count, in the order of the
	// retrievers; nil means equal weights. Only their proportions matter.
	Weights []float64
	// Depth is how many passages each retriever is asked for, or K where
	// that is more; 0 means DefaultDepth.
	Depth int
}

// Fuse returns a [Ranker] that asks all retrievers at once and makes one list
// of what they find. A retriever that fails is left out and its error put in
// Result.Partial; where all fail, so does the fusion, with all their errors.
// The end of the context is always an error. A question that cannot be asked
// is refused before any retriever sees it.
//
// A hit's Score is the fused one; Ranks holds what each retriever said, and
// last what the fusion did. Errors wrap [ErrOptions] where o does not fit.
func Fuse(o *FuseOptions, retrievers ...Retriever) Ranker {
	if o == nil {
		o = new(FuseOptions)
	}
	f := &fusion{FuseOptions: *o, parts: slices.Clone(retrievers)}
	f.Weights = slices.Clone(o.Weights)
	if f.Method == "" {
		f.Method = ZScore
	}
	if f.Depth == 0 {
		f.Depth = DefaultDepth
	}
	if f.Weights == nil {
		f.Weights = make([]float64, len(retrievers))
		for i := range f.Weights {
			f.Weights[i] = 1
		}
	}
	f.err = f.check()
	return f
}

type fusion struct {
	FuseOptions
	parts []Retriever
	err   error
}

func (f *fusion) check() error {
	sum := 0.0
	for i, w := range f.Weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("%w: weight %d is %v", ErrOptions, i, w)
		}
		sum += w
	}
	switch {
	case len(f.parts) == 0:
		return fmt.Errorf("%w: nothing to fuse", ErrOptions)
	case len(f.Weights) != len(f.parts):
		return fmt.Errorf("%w: %d weights for %d retrievers", ErrOptions, len(f.Weights), len(f.parts))
	case sum == 0:
		return fmt.Errorf("%w: all weights are 0", ErrOptions)
	case f.Depth < 0:
		return fmt.Errorf("%w: depth %d", ErrOptions, f.Depth)
	case f.Method != ZScore && f.Method != Convex && f.Method != RRF:
		return fmt.Errorf("%w: unknown method %q", ErrOptions, f.Method)
	}
	return nil
}

// Retrieve returns the first K passages of the fused list, read.
func (f *fusion) Retrieve(ctx context.Context, q Question) (*Result, error) {
	merged, r, err := f.fuse(ctx, q)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	for len(r.Hits) < q.Want() && len(merged) > 0 { // again only where chunks have vanished
		n := min(q.Want()-len(r.Hits), len(merged))
		hits, err := f.Fill(ctx, q, merged[:n])
		if err != nil {
			return nil, err
		}
		r.Hits = append(r.Hits, hits...)
		merged = merged[n:]
	}
	r.Trace = append(r.Trace, Step{Name: "fill", Hits: len(r.Hits), Duration: time.Since(begin)})
	return r, nil
}

// Rank returns the first K passages of the fused list.
func (f *fusion) Rank(ctx context.Context, q Question) (*Result, error) {
	merged, r, err := f.fuse(ctx, q)
	if err != nil {
		return nil, err
	}
	r.Hits = merged[:min(q.Want(), len(merged))]
	return r, nil
}

// Fill reads hits by the first ranker that has them.
func (f *fusion) Fill(ctx context.Context, q Question, hits []store.Hit) ([]store.Hit, error) {
	read := make(map[string]store.Chunk, len(hits))
	var missing []store.Hit
	for _, h := range hits {
		if unread(h) {
			missing = append(missing, h)
		} else {
			read[h.Chunk.ID] = h.Chunk
		}
	}
	for _, p := range f.parts {
		ranker, ok := p.(Ranker)
		if !ok || len(missing) == 0 {
			continue
		}
		filled, err := ranker.Fill(ctx, q, missing)
		if err != nil {
			return nil, err
		}
		for _, h := range filled {
			read[h.Chunk.ID] = h.Chunk
		}
		missing = slices.DeleteFunc(missing, func(h store.Hit) bool {
			_, ok := read[h.Chunk.ID]
			return ok
		})
	}
	filled := make([]store.Hit, 0, len(read))
	for _, h := range hits {
		if c, ok := read[h.Chunk.ID]; ok {
			h.Chunk = c
			filled = append(filled, h)
		}
	}
	return filled, nil
}

// fuse asks all parts and merges what they found. The result has no hits yet.
func (f *fusion) fuse(ctx context.Context, q Question) ([]store.Hit, *Result, error) {
	if f.err != nil {
		return nil, nil, f.err
	}
	if err := q.check(); err != nil {
		return nil, nil, err
	}
	deep := q
	deep.K = max(f.Depth, q.Want())
	results := make([]*Result, len(f.parts))
	failures := make([]error, len(f.parts))
	var (
		trace Trace
		mu    sync.Mutex // guards trace
		wg    sync.WaitGroup
	)
	for i, p := range f.parts {
		wg.Go(func() {
			r, err := ask(ctx, p, deep)
			if err != nil {
				failures[i] = err
				return
			}
			results[i] = r
			mu.Lock()
			trace = append(trace, r.Trace...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("retrieve: fuse: %w", err)
	}
	begin := time.Now()
	out := &Result{Trace: trace}
	var lists []list
	failed := 0
	for i, r := range results {
		if r == nil {
			failed++
			out.Partial = append(out.Partial, failures[i])
			continue
		}
		out.Partial = append(out.Partial, r.Partial...)
		out.Usage = out.Usage.Add(r.Usage)
		lists = append(lists, list{r.Hits, f.Weights[i]})
	}
	if failed == len(f.parts) {
		return nil, nil, errors.Join(failures...)
	}
	merged := merge(f.Method, lists)
	step := Step{Name: "fuse", Hits: len(merged), Duration: time.Since(begin)}
	if failed > 0 {
		step.Note = fmt.Sprintf("%d of %d retrievers failed", failed, len(f.parts))
	}
	out.Trace = append(out.Trace, step)
	return merged, out, nil
}

// ask ranks without reading where that is possible.
func ask(ctx context.Context, r Retriever, q Question) (*Result, error) {
	var res *Result
	var err error
	if ranker, ok := r.(Ranker); ok {
		res, err = ranker.Rank(ctx, q)
	} else {
		res, err = r.Retrieve(ctx, q)
	}
	if err != nil {
		return nil, err
	}
	if res == nil {
		return nil, errors.New("retrieve: a retriever gave neither result nor error")
	}
	for _, h := range res.Hits {
		if math.IsNaN(h.Score) || math.IsInf(h.Score, 0) {
			return nil, fmt.Errorf("retrieve: hit %q has score %v", h.Chunk.ID, h.Score)
		}
	}
	return res, nil
}
