package rag

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/store"
)

// A mark is a record of its own that stands in the store while a sync is under
// way, in two cases. A store without atomic writes can be left with chunks that
// no record speaks of: the mark stands there from the first write to the end, so
// that the next sync knows to look for them. And a shard's mark stands from its
// beginning to its end, so that no sync begins that divides the work in another
// way.
//
// Its RefVersion is the shard, its Version says whether the sync is under way or
// has ended and left the search for such chunks to a sync of the whole.
const (
	markRef   = "quarry: a sync is under way"
	markEnded = "ended"
)

// isMark reports whether a record is the mark of a sync and of no document.
func isMark(d *store.Doc) bool {
	return d.Ref == markRef && d.ID == syncMark(d.Source, d.RefVersion)
}

// interrupted reports whether an earlier sync did not end, or left something to
// be looked for. It returns an error that wraps ErrShards if that one, or one
// that goes on, divides the work otherwise.
func (s *syncer) interrupted(ctx context.Context) (bool, error) {
	own := s.opts.Shard.String()
	found := false
	for d, err := range s.kb.store.Docs(ctx, store.DocQuery{Sources: []string{s.source}, Refs: []string{markRef}}) {
		if err != nil {
			return false, err
		}
		if !isMark(&d) {
			continue
		}
		var other Shard
		if _, err := fmt.Sscanf(d.RefVersion, "%d/%d", &other.I, &other.N); err != nil {
			return false, fmt.Errorf("%w: the mark of a sync says %q", ErrCorrupt, d.RefVersion)
		}
		if d.Version != markEnded && other.N != max(s.opts.Shard.N, 1) {
			return false, fmt.Errorf("%w: shard %s", ErrShards, d.RefVersion)
		}
		if d.RefVersion == own && d.Version != markEnded {
			s.marked = true
		}
		if d.RefVersion == own || s.opts.Shard.whole() {
			found = true
			s.marks = append(s.marks, d.ID)
		}
	}
	return found && !s.atomic, nil
}

// begin marks the beginning of a shard.
func (s *syncer) begin(ctx context.Context) error {
	if s.opts.Shard.whole() || s.marked || s.plan != nil {
		return nil
	}
	return s.setMark(ctx, "")
}

// mark marks a sync before its first write, where a write is not atomic.
func (s *syncer) mark(ctx context.Context) error {
	if s.atomic || s.marked {
		return nil
	}
	return s.setMark(ctx, "")
}

func (s *syncer) setMark(ctx context.Context, state string) error {
	shard := s.opts.Shard.String()
	_, err := s.kb.store.Write(ctx, store.Change{Docs: []store.Doc{{ID: syncMark(s.source, shard), Source: s.source, Ref: markRef, RefVersion: shard, Version: state}}})
	s.marked = err == nil
	return err
}

// unmark removes the marks, once nothing is left that they stand for: after an
// interrupted sync, chunks of no document. A shard cannot tell these from those
// that another is writing, and leaves them to a sync of the whole.
func (s *syncer) unmark(ctx context.Context, interrupted bool) error {
	if s.plan != nil || !s.marked && len(s.marks) == 0 {
		return nil
	}
	if interrupted {
		if !s.opts.Shard.whole() {
			return s.setMark(ctx, markEnded)
		}
		if !s.kept.empty() || s.opts.MaxDelete < 0 {
			return nil // not every document was seen: a later sync sweeps
		}
		if err := s.sweepOrphans(ctx); err != nil {
			return err
		}
	}
	marks := append(s.marks, syncMark(s.source, s.opts.Shard.String()))
	_, err := s.kb.store.Write(ctx, store.Change{Delete: store.Docs(marks...)})
	return err
}
