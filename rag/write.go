package rag

import (
	"context"
	"errors"
	"time"

	"github.com/quarry-go/quarry/store"
)

// What the writer joins into one change.
const (
	writeChunks = 256
	writeDocs   = 256
	writeBytes  = 4 << 20
)

// write joins batches into changes and writes them until the readers are done.
// What is ready when they stop for an error is still written.
func (s *syncer) write(ctx context.Context) error {
	var pending []batch
	var chunks, docs, bytes int
	var since time.Time
	flush := func() error {
		err := s.commit(ctx, pending)
		pending, chunks, docs, bytes = nil, 0, 0, 0
		return err
	}
	for b := range s.work {
		if len(pending) == 0 {
			since = time.Now()
		}
		pending = append(pending, b)
		chunks += len(b.chunks)
		docs += 1 + len(b.docs)
		for i := range b.chunks {
			bytes += len(b.chunks[i].Text) + 4*len(b.chunks[i].Vector)
		}
		if chunks >= writeChunks || docs >= writeDocs || bytes >= writeBytes || time.Since(since) >= flushAfter {
			if err := flush(); err != nil {
				for range s.work { // let the readers end
				}
				return err
			}
		}
	}
	return flush()
}

// commit writes batches as one change, and counts them once they are written.
func (s *syncer) commit(ctx context.Context, bs []batch) error {
	var c store.Change
	var clear []string
	for _, b := range bs {
		c.Docs = append(c.Docs, b.docs...)
		c.Upsert = append(c.Upsert, b.chunks...)
		clear = append(clear, b.clear...)
	}
	if len(clear) > 0 {
		c.Delete = store.Docs(clear...)
	}
	if s.embedder != nil {
		c.Space = s.space
	}
	if s.plan == nil && (len(c.Docs) > 0 || len(c.Upsert) > 0 || c.Delete != nil) {
		if err := s.mark(ctx); err != nil {
			return err
		}
		if err := s.apply(ctx, c); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range bs {
		s.report.Added += len(b.added)
		s.report.Changed += len(b.changed)
		s.report.Deleted += len(b.deleted)
		if s.plan != nil {
			s.plan.Add = append(s.plan.Add, b.added...)
			s.plan.Change = append(s.plan.Change, b.changed...)
			s.plan.Delete = append(s.plan.Delete, b.deleted...)
		}
		s.report.Chunks += len(b.chunks)
		s.progress.Chunks = s.report.Chunks
		if b.last {
			s.progress.Done++
		}
		s.tell(b.ref)
	}
	return nil
}

// apply writes a change, observed. One that is too large for the store is
// written document by document.
func (s *syncer) apply(ctx context.Context, c store.Change) error {
	ctx, done := s.kb.start(ctx, Op{Name: OpWrite, Source: s.source, Items: len(c.Upsert)})
	_, err := s.kb.store.Write(ctx, c)
	done(Outcome{Err: err, Items: len(c.Upsert)})
	s.mu.Lock()
	s.report.Writes++
	s.mu.Unlock()
	if errors.Is(err, store.ErrTooLarge) && len(c.Docs) > 1 {
		return s.applyEach(ctx, c)
	}
	return err
}

// applyEach writes the documents of a change one by one.
func (s *syncer) applyEach(ctx context.Context, c store.Change) error {
	byDoc := map[string][]store.Chunk{}
	for _, u := range c.Upsert {
		byDoc[u.DocID] = append(byDoc[u.DocID], u)
	}
	left := map[string]bool{} // documents to clear
	if d, ok := c.Delete.(store.InDoc); ok {
		for _, id := range d.IDs {
			left[id] = true
		}
	}
	for _, d := range c.Docs {
		one := store.Change{Docs: []store.Doc{d}, Upsert: byDoc[d.ID], Space: c.Space}
		if left[d.ID] {
			one.Delete = store.Docs(d.ID)
			delete(left, d.ID)
		}
		if err := s.apply(ctx, one); err != nil {
			return err
		}
	}
	if len(left) == 0 {
		return nil
	}
	var gone []string
	for id := range left {
		gone = append(gone, id)
	}
	return s.apply(ctx, store.Change{Delete: store.Docs(gone...)})
}
