package eval

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
)

// A Run holds what a system found: by query ID the IDs of documents, best first.
type Run map[string][]string

// Options sets how a retriever is measured. The zero value is nDCG@10, R@10,
// R@100 and MRR@10 over the first 100 passages.
type Options struct {
	Metrics []Metric // nil means the four above
	// Depth is how many passages are asked for; 0 means 100.
	Depth int
	// DocID returns the ID that the set has for the document of a hit; nil
	// means that it is the hit's DocID.
	DocID func(store.Hit) string
	// Concurrency is how many questions are asked at once; 0 means as many as
	// there are processors.
	Concurrency int
}

func (o *Options) withDefaults() Options {
	var p Options
	if o != nil {
		p = *o
	}
	if p.Metrics == nil {
		p.Metrics = []Metric{NDCG(10), Recall(10), Recall(100), MRR(10)}
	}
	if p.Depth == 0 {
		p.Depth = 100
	}
	if p.DocID == nil {
		p.DocID = func(h store.Hit) string { return h.Chunk.DocID }
	}
	if p.Concurrency == 0 {
		p.Concurrency = runtime.GOMAXPROCS(0)
	}
	return p
}

// Evaluate asks r every question of s that can be scored, and scores the
// documents of the passages that it finds, each at its first passage. A nil o
// means the defaults.
//
// The first question that r fails on ends the evaluation with its error, as
// does the end of the context. Errors wrap [ErrUnknownID] where r finds a
// document that s does not have, besides those of [Set.Validate].
func Evaluate(ctx context.Context, r retrieve.Retriever, s *Set, o *Options) (*Report, error) {
	opt := o.withDefaults()
	if opt.Depth < 0 || opt.Concurrency < 0 {
		return nil, fmt.Errorf("%w: depth %d, concurrency %d", ErrOptions, opt.Depth, opt.Concurrency)
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	var (
		run = Run{}
		mu  sync.Mutex // guards run
	)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(opt.Concurrency)
	for _, q := range s.Judged() {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			res, err := r.Retrieve(ctx, retrieve.Question{Text: q.Text, K: opt.Depth})
			if err != nil {
				return fmt.Errorf("eval: query %q: %w", q.ID, err)
			}
			ranked := documents(res.Hits, opt.DocID)
			mu.Lock()
			defer mu.Unlock()
			run[q.ID] = ranked
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return Score(s, run, opt.Metrics...)
}

// documents returns the documents of hits, each at its first place.
func documents(hits []store.Hit, id func(store.Hit) string) []string {
	var ranked []string
	seen := map[string]bool{}
	for _, h := range hits {
		if d := id(h); !seen[d] {
			seen[d] = true
			ranked = append(ranked, d)
		}
	}
	return ranked
}

// Score scores a run by the given metrics. A question that the run lacks
// scores 0. Errors wrap [ErrUnknownID] where the run names a question or, if s
// has documents, a document that s does not have, [ErrFormat] where it ranks a
// document twice, [ErrOptions] without a metric, and those of [Set.Validate].
func Score(s *Set, run Run, metrics ...Metric) (*Report, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if len(metrics) == 0 {
		return nil, fmt.Errorf("%w: no metric", ErrOptions)
	}
	if err := s.check(run); err != nil {
		return nil, err
	}
	rep := &Report{Mean: make([]float64, len(metrics))}
	for _, m := range metrics {
		rep.Metrics = append(rep.Metrics, m.Name)
	}
	for _, q := range s.Judged() {
		out := Outcome{Query: q, Ranked: run[q.ID]}
		for _, m := range metrics {
			out.Scores = append(out.Scores, m.Of(out.Ranked, s.Grades[q.ID]))
		}
		rep.Outcomes = append(rep.Outcomes, out)
	}
	for i := range metrics {
		for _, out := range rep.Outcomes {
			rep.Mean[i] += out.Scores[i]
		}
		rep.Mean[i] /= float64(len(rep.Outcomes))
	}
	return rep, nil
}

// check returns an error unless run fits s.
func (s *Set) check(run Run) error {
	docs := make(map[string]bool, len(s.Docs))
	for _, d := range s.Docs {
		docs[d.ID] = true
	}
	queries := make(map[string]bool, len(s.Queries))
	for _, q := range s.Queries {
		queries[q.ID] = true
	}
	for _, q := range sorted(run) {
		if !queries[q] {
			return fmt.Errorf("%w: the run answers query %q", ErrUnknownID, q)
		}
		seen := map[string]bool{}
		for _, d := range run[q] {
			if len(docs) > 0 && !docs[d] {
				return fmt.Errorf("%w: the run finds document %q for query %q", ErrUnknownID, d, q)
			}
			if seen[d] {
				return fmt.Errorf("%w: the run ranks document %q twice for query %q", ErrFormat, d, q)
			}
			seen[d] = true
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
