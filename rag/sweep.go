package rag

import (
	"context"
	"slices"

	"github.com/quarry-go/quarry/store"
)

// minMass is from how many documents on half of them may be deleted at once.
const minMass = 20

// sweep deletes the documents of the source that are gone: their Ref was not
// listed, or, where the loader cannot list, it did not give them.
func (s *syncer) sweep(ctx context.Context, lists bool) error {
	if s.opts.MaxDelete < 0 {
		return nil
	}
	total := 0
	var ids, refs []string
	for d, err := range s.kb.store.Docs(ctx, store.DocQuery{Sources: []string{s.source}}) {
		if err != nil {
			return err
		}
		if d.ID == syncMark(s.source) {
			continue
		}
		total++
		there := s.claimed[d.ID] || s.stays(d.Ref) || lists && s.refs[d.Ref]
		if !there {
			ids, refs = append(ids, d.ID), append(refs, d.Ref)
		}
	}
	if s.plan != nil {
		total += s.report.Added // they would be there by now
	}
	if !s.mayDelete(len(ids), total) {
		return &MassDeleteError{Source: s.source, Total: total, Vanished: refs}
	}
	if s.plan != nil {
		s.plan.Delete = append(s.plan.Delete, refs...)
	}
	for part := range slices.Chunk(ids, lookup) {
		if s.plan == nil {
			if err := s.mark(ctx); err != nil {
				return err
			}
			if err := s.apply(ctx, store.Change{Delete: store.Docs(part...)}); err != nil {
				return err
			}
		}
		s.report.Deleted += len(part)
	}
	return nil
}

// mayDelete reports whether n of total documents may be deleted.
func (s *syncer) mayDelete(n, total int) bool {
	switch limit := s.opts.MaxDelete; {
	case n == 0:
		return true
	case limit > 0:
		return float64(n) <= limit*float64(total)
	case total >= minMass:
		return 2*n <= total
	default:
		return n < total
	}
}

// A store without atomic writes can be left with chunks that no record speaks
// of. A record of its own, the mark, stands in the store from the first write
// of a sync to its end, so that the next sync knows to look for them.

// interrupted reports whether an earlier sync of the source did not end.
func (s *syncer) interrupted(ctx context.Context) (bool, error) {
	if s.atomic {
		return false, nil
	}
	for _, err := range s.kb.store.Docs(ctx, store.DocQuery{IDs: []string{syncMark(s.source)}}) {
		if err != nil {
			return false, err
		}
		s.marked = true
	}
	return s.marked, nil
}

func (s *syncer) mark(ctx context.Context) error {
	if s.atomic || s.marked {
		return nil
	}
	_, err := s.kb.store.Write(ctx, store.Change{Docs: []store.Doc{{ID: syncMark(s.source), Source: s.source}}})
	s.marked = err == nil
	return err
}

// unmark removes the mark, once nothing is left that it stands for: after an
// interrupted sync, chunks of no document.
func (s *syncer) unmark(ctx context.Context, interrupted bool) error {
	if !s.marked || s.plan != nil {
		return nil
	}
	if interrupted {
		if len(s.kept) > 0 || s.opts.MaxDelete < 0 {
			return nil // not every document was seen: a later sync sweeps
		}
		if err := s.sweepOrphans(ctx); err != nil {
			return err
		}
	}
	_, err := s.kb.store.Write(ctx, store.Change{Delete: store.Docs(syncMark(s.source))})
	return err
}

// sweepOrphans deletes the chunks of the source that are of no document that
// this sync saw. Records do not count: one that was just written may not be
// visible yet.
func (s *syncer) sweepOrphans(ctx context.Context) error {
	var orphans []string
	for c, err := range s.kb.store.Scan(ctx, store.ScanQuery{Filter: store.Sources(s.source)}) {
		if err != nil {
			return err
		}
		if !s.claimed[c.DocID] {
			orphans = append(orphans, c.ID)
		}
	}
	for part := range slices.Chunk(orphans, lookup) {
		if err := s.apply(ctx, store.Change{Delete: store.IDs(part...)}); err != nil {
			return err
		}
	}
	return nil
}
