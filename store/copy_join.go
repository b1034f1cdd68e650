package store

import (
	"context"
	"iter"
)

// copyToBoth copies to the two stores of a join, one after the other: each is
// compared and verified by itself, and the join shows a record once both have it.
func (c *copier) copyToBoth(ctx context.Context, j *joinedStore) error {
	c.dst = j.vectors
	if err := c.copy(ctx); err != nil {
		return err
	}
	first := c.report
	sum := func(r CopyReport) CopyReport {
		first := first
		first.Written += r.Written
		first.Deleted += r.Deleted
		return first
	}
	words := &copier{dst: j.words, src: noVectors{c.src}, o: c.o}
	if c.o.Progress != nil {
		words.o.Progress = func(r CopyReport) { c.o.Progress(sum(r)) }
	}
	err := words.copy(ctx)
	c.report = sum(words.report)
	return err
}

// noVectors is a store without its vectors.
type noVectors struct{ Store }

func (s noVectors) Info() Info {
	info := s.Store.Info()
	info.Space, info.Dim = "", 0
	info.Features.Vectors, info.Features.Exact = false, false
	return info
}

func (s noVectors) Get(ctx context.Context, ids []string, f Fields) ([]Chunk, error) {
	chunks, err := s.Store.Get(ctx, ids, f)
	for i := range chunks {
		chunks[i].Vector = nil
	}
	return chunks, err
}

func (s noVectors) Scan(ctx context.Context, q ScanQuery) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		for c, err := range s.Store.Scan(ctx, q) {
			c.Vector = nil
			if !yield(c, err) {
				return
			}
		}
	}
}
