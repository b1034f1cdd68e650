package table

import (
	"context"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// What the methods below return points into the table and must not be changed; it stays as it is.

// Space returns the vector space and its dimension; empty and 0 while no vector was written.
func (v View) Space() (name string, dim int) {
	if v.table == nil {
		return "", 0
	}
	v.table.chunks.mu.RLock()
	defer v.table.chunks.mu.RUnlock()
	if s := v.table.space; s.since <= v.seq {
		return s.name, s.dim
	}
	return "", 0
}

// Get returns the chunks with the given IDs, in the order of ids, each once.
func (v View) Get(ids []string) []*store.Chunk {
	if v.table == nil {
		return nil
	}
	found := v.table.chunks.find(v.seq, ids)
	chunks := make([]*store.Chunk, len(found))
	for i, w := range found {
		chunks[i] = &w.rec.Chunk
	}
	return chunks
}

// Chunks returns the chunks that f matches and whose IDs are greater than after, sorted by ID.
func (v View) Chunks(ctx context.Context, f store.Filter, after string) ([]*store.Chunk, error) {
	if v.table == nil {
		return nil, ctx.Err()
	}
	var chunks []*store.Chunk
	err := v.each(ctx, f, func(c *chunk) {
		if c.ID > after {
			chunks = append(chunks, &c.Chunk)
		}
	})
	slices.SortFunc(chunks, func(a, b *store.Chunk) int { return strings.Compare(a.ID, b.ID) })
	return chunks, err
}

// Docs returns the records of documents that q chooses, sorted by ID.
func (v View) Docs(ctx context.Context, q store.DocQuery) ([]*store.Doc, error) {
	if v.table == nil {
		return nil, ctx.Err()
	}
	var among []*version[store.Doc]
	switch h := v.table.docs; {
	case len(q.IDs) > 0:
		among = h.find(v.seq, q.IDs)
	case len(q.Refs) > 0:
		among = h.inGroup(byRef, q.Refs)
	case len(q.Sources) > 0:
		among = h.inGroup(docBySource, q.Sources)
	default:
		among = h.all()
	}
	refs, sources := setOf(q.Refs), setOf(q.Sources)
	var docs []*store.Doc
	for i, w := range among {
		if i%contextEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		d := &w.rec
		if w.at(v.seq) && (len(refs) == 0 || refs[d.Ref]) && (len(sources) == 0 || sources[d.Source]) {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(a, b *store.Doc) int { return strings.Compare(a.ID, b.ID) })
	return docs, ctx.Err()
}
