package rag

import (
	"context"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// minMass is from how many documents on half of them may be deleted at once.
const minMass = 20

// sweep deletes the documents of the source that are gone: this sync did not
// see them, and no error was in the way.
func (s *syncer) sweep(ctx context.Context) error {
	if s.opts.MaxDelete < 0 {
		return nil
	}
	before := 0
	var ids, refs []string
	for d, err := range s.kb.store.Docs(ctx, store.DocQuery{Sources: []string{s.source}}) {
		if err != nil {
			return err
		}
		known, seen := s.claimed[d.ID]
		if isMark(&d) || seen && !known || !s.opts.Shard.has(d.Ref) {
			continue
		}
		before++
		if !seen && !s.kept.has(d.Ref) {
			ids, refs = append(ids, d.ID), append(refs, d.Ref)
		}
	}
	if !s.mayDelete(len(ids), before) {
		return &MassDeleteError{Source: s.source, Total: before, Vanished: refs}
	}
	if s.plan != nil {
		s.plan.Delete = refs
		s.report.Deleted = len(refs)
		return nil
	}
	for part := range slices.Chunk(ids, lookup) {
		if err := s.remove(ctx, store.Docs(part...)); err != nil {
			return err
		}
		s.report.Deleted += len(part)
	}
	return nil
}

// mayDelete reports whether n of the documents that were there before may be
// deleted.
func (s *syncer) mayDelete(n, before int) bool {
	switch limit := s.opts.MaxDelete; {
	case n == 0:
		return true
	case limit > 0:
		return float64(n) <= limit*float64(before)
	case before >= minMass:
		return 2*n <= before
	default:
		return n < before || s.report.Added > 0
	}
}

// spared is a set of Refs: some, and all that begin in certain ways.
type spared struct {
	refs     map[string]bool
	prefixes []string
	sorted   bool // prefixes are in order, and none begins with another
}

// add puts what an error covers into the set.
func (k *spared) add(e *DocError) {
	if k.refs == nil {
		k.refs = map[string]bool{}
	}
	if k.refs[e.Ref] = true; e.Prefix {
		k.prefixes, k.sorted = append(k.prefixes, e.Ref), false
	}
}

func (k *spared) empty() bool { return len(k.refs) == 0 }

func (k *spared) has(ref string) bool {
	if !k.sorted {
		slices.Sort(k.prefixes)
		apart := k.prefixes[:0]
		for _, p := range k.prefixes {
			if n := len(apart); n == 0 || !strings.HasPrefix(p, apart[n-1]) {
				apart = append(apart, p)
			}
		}
		k.prefixes, k.sorted = apart, true
	}
	i, found := slices.BinarySearch(k.prefixes, ref)
	return found || k.refs[ref] || i > 0 && strings.HasPrefix(ref, k.prefixes[i-1])
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
		if _, seen := s.claimed[c.DocID]; !seen {
			orphans = append(orphans, c.ID)
		}
	}
	for part := range slices.Chunk(orphans, lookup) {
		if err := s.remove(ctx, store.IDs(part...)); err != nil {
			return err
		}
	}
	return nil
}
