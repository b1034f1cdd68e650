package rag

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/quarry-go/quarry/store"
)

// What the writer joins into one change.
const (
	writeChunks = 256
	writeDocs   = 256
	writeBytes  = 4 << 20
	// flushAfter is how long documents wait for others.
	flushAfter = time.Second
)

// write joins batches into changes and writes them until the readers are done.
// What is ready when they stop for an error is still written.
func (s *syncer) write(ctx context.Context) error {
	var pending []batch
	var chunks, docs, bytes int
	var due <-chan time.Time
	flush := func() error {
		err := s.writeBatches(ctx, pending)
		pending, chunks, docs, bytes, due = nil, 0, 0, 0, nil
		return err
	}
	for {
		select {
		case b, ok := <-s.work:
			if !ok {
				return flush()
			}
			if due == nil {
				due = time.After(flushAfter)
			}
			pending = append(pending, b)
			docs += 1 + len(b.docs)
			for _, p := range b.docs {
				chunks += len(p.chunks)
				bytes += p.size()
			}
			if chunks < writeChunks && docs < writeDocs && bytes < writeBytes {
				continue
			}
		case <-due:
		}
		if err := flush(); err != nil {
			return err
		}
	}
}

// writeBatches writes batches, and tells how far the sync is.
func (s *syncer) writeBatches(ctx context.Context, bs []batch) error {
	var ps []*prepared
	for _, b := range bs {
		ps = append(ps, b.docs...)
	}
	if err := s.commit(ctx, ps); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.Chunks = s.report.Chunks
	for _, b := range bs {
		if b.last {
			s.progress.Done++
		}
		s.tell(b.ref)
	}
	return nil
}

// commit writes documents as one change, and counts them. Where the store
// refuses the change for what is in it, they are written in smaller ones, and
// a document that is refused alone has failed.
func (s *syncer) commit(ctx context.Context, ps []*prepared) error {
	if len(ps) == 0 {
		return nil
	}
	if s.plan == nil {
		err := s.apply(ctx, ps)
		switch {
		case err == nil:
		case !refusal(err):
			return err
		case len(ps) == 1:
			s.fail(&DocError{Ref: ps[0].doc.Ref, URI: ps[0].doc.Origin.URI, Err: err})
			return nil
		default:
			half := len(ps) / 2
			if err := s.commit(ctx, ps[:half]); err != nil {
				return err
			}
			return s.commit(ctx, ps[half:])
		}
	}
	s.count(ps)
	return nil
}

// refusal reports whether a store's error is about what a change holds; nothing
// of the change is written then.
func refusal(err error) bool {
	if _, partly := errors.AsType[*store.WriteError](err); partly || errors.Is(err, store.ErrSpace) {
		return false
	}
	return errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrTooLarge)
}

// count counts documents that were written.
func (s *syncer) count(ps []*prepared) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range ps {
		s.report.Chunks += len(p.chunks)
		switch {
		case p.same:
		case p.old == nil:
			s.report.Added++
			if s.plan != nil {
				s.plan.Add = append(s.plan.Add, p.doc.Ref)
			}
		default:
			s.report.Changed++
			if s.plan != nil {
				s.plan.Change = append(s.plan.Change, p.doc.Ref)
			}
		}
	}
}

// apply writes documents as one change. A record whose chunks are not in the
// change is left out if the store has another version of the document by now,
// or none: somebody else changed or deleted it.
func (s *syncer) apply(ctx context.Context, ps []*prepared) error {
	c, alone := s.change(ps)
	release, err := s.kb.hold(ctx, len(alone) > 0)
	if err != nil {
		return err
	}
	defer release()
	if len(alone) > 0 {
		current := map[string]string{} // Doc ID -> version in the store
		for _, id := range alone {
			current[id] = ""
		}
		for d, err := range s.kb.store.Docs(ctx, store.DocQuery{IDs: alone}) {
			if err != nil {
				return err
			}
			current[d.ID] = d.Version
		}
		c.Docs = slices.DeleteFunc(c.Docs, func(d store.Doc) bool {
			version, ok := current[d.ID]
			return ok && version != d.Version
		})
		if len(c.Docs) == 0 {
			return nil
		}
	}
	return s.submit(ctx, c)
}

// change joins documents into a change. It also returns the IDs of the
// documents whose record is in it without their chunks.
func (s *syncer) change(ps []*prepared) (c store.Change, alone []string) {
	if s.embedder != nil {
		c.Space = s.space
	}
	var whole []string
	at := map[string]int{} // Doc ID -> index in c.Docs
	for _, p := range ps {
		if i, ok := at[p.doc.ID]; ok && p.same {
			c.Docs[i] = p.doc // written() of one in the same change
			continue
		}
		at[p.doc.ID] = len(c.Docs)
		c.Docs = append(c.Docs, p.doc)
		c.Upsert = append(c.Upsert, p.chunks...)
		if p.same {
			alone = append(alone, p.doc.ID)
		} else { // even of a new document: chunks may be there that no record speaks of
			whole = append(whole, p.doc.ID)
		}
	}
	if len(whole) > 0 {
		c.Delete = store.Docs(whole...)
	}
	return c, alone
}

// submit writes a change, observed. It is called with the right to write, and
// takes no lock of the syncer: a Progress function may wait for that right.
func (s *syncer) submit(ctx context.Context, c store.Change) error {
	if err := s.mark(ctx); err != nil {
		return err
	}
	ctx, done := s.kb.start(ctx, Op{Name: OpWrite, Source: s.source, Items: len(c.Upsert)})
	_, err := s.kb.store.Write(ctx, c)
	done(Outcome{Err: err, Items: len(c.Upsert)})
	if err == nil {
		s.writes.Add(1)
	}
	return err
}

// remove deletes what the filter matches.
func (s *syncer) remove(ctx context.Context, f Filter) error {
	return s.kb.change(ctx, func() error { return s.submit(ctx, store.Change{Delete: f}) })
}
