package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// A syncer runs one sync. Its way: list Refs and drop those that did not
// change; read the others side by side, and cut and embed their documents; one
// writer joins what is ready into changes; at the end, delete what is gone.
type syncer struct {
	kb       *KB
	source   string
	opts     SyncOptions
	settings string // fingerprint of what cuts and embeds
	space    string
	embedder embed.Embedder
	atomic   bool
	plan     *Plan // not nil: nothing is embedded or written

	work   chan batch   // from the readers to the writer
	writes atomic.Int64 // changes written

	mu       sync.Mutex
	report   Report
	progress Progress
	claimed  map[string]bool // Doc IDs seen in this sync; true: the store had them before
	kept     spared          // Refs whose documents stay, seen or not: they failed
	marked   bool            // the sync mark is in the store
	marks    []string        // IDs of marks of earlier syncs
}

// batch is what a reader hands to the writer: the documents of a Ref that need
// to be written, or a part of them.
type batch struct {
	ref  string
	docs []*prepared
	last bool // the Ref is done
}

func (s *syncer) run(ctx context.Context, l Loader) error {
	s.claimed = map[string]bool{}
	defer s.finish()
	interrupted, err := s.interrupted(ctx)
	if err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.fill(ctx, l); err != nil {
		return err
	}
	if err := s.sweep(ctx); err != nil {
		return err
	}
	return s.unmark(ctx, interrupted)
}

// finish completes the report. What the readers noted side by side comes into
// the order of the Refs.
func (s *syncer) finish() {
	s.report.Writes = int(s.writes.Load())
	byRef := func(a, b *DocError) int { return strings.Compare(a.Ref, b.Ref) }
	slices.SortStableFunc(s.report.Failed, byRef)
	slices.SortStableFunc(s.report.Skipped, byRef)
	slices.SortStableFunc(s.report.Warnings, func(a, b Warning) int { return strings.Compare(a.Ref, b.Ref) })
	if s.plan != nil {
		slices.Sort(s.plan.Add)
		slices.Sort(s.plan.Change)
		slices.Sort(s.plan.Delete)
	}
}

// fill reads and writes what is new or changed.
func (s *syncer) fill(ctx context.Context, l Loader) error {
	s.work = make(chan batch)
	written := make(chan error, 1)
	writing, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		err := s.write(ctx)
		if err != nil {
			stop() // the readers need not go on
		}
		written <- err
	}()

	g, reading := errgroup.WithContext(writing)
	g.SetLimit(s.opts.Workers)
	var err error
	if lister, ok := l.(loaders.Lister); ok {
		err = s.list(reading, g, lister)
	} else {
		err = s.load(reading, g, l)
	}
	readErr := g.Wait()
	close(s.work)
	writeErr := <-written
	switch { // the first is the cause where others say that they were cancelled
	case writeErr != nil:
		return writeErr
	case readErr != nil:
		return readErr
	case err != nil:
		return err
	}
	return ctx.Err() // what a loader gave until then may not be all
}

// lookup is how many Refs are asked for in one query.
const lookup = 256

// list lists Refs, and starts a reader for each that changed.
func (s *syncer) list(ctx context.Context, g *errgroup.Group, l loaders.Lister) error {
	var pending []loaders.Ref
	flush := func() error {
		if len(pending) == 0 {
			return nil
		}
		ids := make([]string, len(pending))
		for i, r := range pending {
			ids[i] = r.ID
		}
		old := map[string][]store.Doc{}
		for d, err := range s.kb.store.Docs(ctx, store.DocQuery{Sources: []string{s.source}, Refs: ids}) {
			if err != nil {
				return err
			}
			if !isMark(&d) {
				old[d.Ref] = append(old[d.Ref], d)
			}
		}
		for _, r := range pending {
			if docs := old[r.ID]; s.unchanged(r, docs) {
				s.pass(r.ID, docs)
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			g.Go(func() error { return s.ref(ctx, r, old[r.ID]) })
		}
		pending = pending[:0]
		return nil
	}
	seen := map[string]bool{}
	for r, err := range l.List(ctx) {
		if failed, err := s.heard(ctx, err); err != nil {
			return fmt.Errorf("list: %w", err)
		} else if failed {
			continue
		}
		if seen[r.ID] {
			s.fail(&DocError{Ref: r.ID, URI: r.URI, Err: fmt.Errorf("%w: the Ref is listed twice", loaders.ErrInvalid)})
			continue
		}
		seen[r.ID] = true
		if !s.opts.Shard.has(r.ID) {
			continue
		}
		s.listed(r.ID)
		pending = append(pending, r)
		if len(pending) == lookup {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	s.listedAll()
	return flush()
}

// heard takes the error that a pair of a sequence came with. It reports whether
// the pair is but a failure, and returns an error that ends the sequence.
func (s *syncer) heard(ctx context.Context, err error) (failed bool, end error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if e, ok := errors.AsType[*loaders.DocError](err); ok {
		if e.Prefix || s.opts.Shard.has(e.Ref) {
			s.fail(e)
		}
		return true, nil
	}
	return false, err
}

// unchanged reports whether the Ref need not be read: it has a version, and
// the store has all of its documents under the same one.
func (s *syncer) unchanged(r loaders.Ref, docs []store.Doc) bool {
	want := refVersion(s.settings, r.Version, len(docs))
	if want == "" || len(docs) == 0 {
		return false
	}
	for _, d := range docs {
		if d.RefVersion != want {
			return false
		}
	}
	return true
}

// load reads a loader that cannot list. Each document is a Ref of its own kind:
// what the loader does not give any more is gone.
func (s *syncer) load(ctx context.Context, g *errgroup.Group, l Loader) error {
	for d, err := range l.Load(ctx) {
		if failed, err := s.heard(ctx, err); err != nil {
			return fmt.Errorf("load: %w", err)
		} else if failed {
			continue
		}
		if d.Ref == "" {
			d.Ref = d.ID
		}
		if !s.opts.Shard.has(d.Ref) {
			continue
		}
		s.listed(d.Ref)
		g.Go(func() error {
			b := batch{ref: d.Ref, last: true}
			p, err := s.prepare(ctx, d, nil)
			if err != nil {
				if err := s.refused(ctx, d.Ref, d.URI, err); err != nil {
					return err
				}
			}
			b.add(p)
			return s.send(ctx, b)
		})
	}
	s.listedAll()
	return nil
}

// maxHeld is how many bytes of text a reader holds before it hands over the
// documents of a Ref that has many.
const maxHeld = 4 << 20

// ref reads one Ref, whose documents in the store are stored.
func (s *syncer) ref(ctx context.Context, r loaders.Ref, stored []store.Doc) error {
	old := make(map[string]*store.Doc, len(stored))
	for i := range stored {
		old[stored[i].ID] = &stored[i]
	}
	var held []*prepared
	size, whole := 0, true
	for d, err := range load(ctx, r) {
		last := err != nil && !isDocError(err)
		var p *prepared
		switch {
		case err != nil:
		case d.Ref != r.ID:
			err = fmt.Errorf("%w: document %q is of Ref %q", loaders.ErrInvalid, d.ID, d.Ref)
		default:
			p, err = s.prepare(ctx, d, old)
		}
		if err != nil {
			if err := s.refused(ctx, r.ID, r.URI, err); err != nil {
				return err
			}
			whole = false
		}
		if last {
			break
		}
		if p == nil {
			continue
		}
		held = append(held, p)
		if size += p.size(); size < maxHeld {
			continue
		}
		// What is written now has no RefVersion: a part of the Ref must not
		// pass for the whole.
		b := batch{ref: r.ID}
		for i, p := range held {
			if !p.same {
				b.add(p)
				held[i] = p.written()
			}
		}
		size = 0
		if err := s.send(ctx, b); err != nil {
			return err
		}
	}
	version := ""
	if whole {
		version = refVersion(s.settings, r.Version, len(held))
	}
	b := batch{ref: r.ID, last: true}
	for _, p := range held {
		p.doc.RefVersion = version
		b.add(p)
	}
	return s.send(ctx, b)
}

// load yields what r gives. A Ref without a Load fails as a document.
func load(ctx context.Context, r loaders.Ref) iter.Seq2[Document, error] {
	if r.Load == nil {
		return func(yield func(Document, error) bool) {
			yield(Document{}, &DocError{Ref: r.ID, URI: r.URI, Err: fmt.Errorf("%w: the Ref has no Load", loaders.ErrInvalid)})
		}
	}
	return r.Load(ctx)
}

// refused takes the error of a document of a Ref, whose documents in the store
// then stay. It returns it where the sync cannot go on: the context has ended,
// or the store or embedding service failed.
func (s *syncer) refused(ctx context.Context, ref, uri string, err error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if fatal, ok := errors.AsType[*fatalError](err); ok {
		return fmt.Errorf("%s: %w", ref, fatal.err)
	}
	failed, ok := errors.AsType[*loaders.DocError](err)
	if !ok {
		failed = &DocError{Ref: ref, URI: uri, Err: err}
	}
	s.fail(failed)
	if !failed.Covers(ref) {
		s.keep(ref)
	}
	return nil
}

func isDocError(err error) bool {
	_, ok := errors.AsType[*loaders.DocError](err)
	return ok
}

// A fatalError ends the sync: the next document would fail in the same way.
type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }
func (e *fatalError) Unwrap() error { return e.err }

// leftOut reports whether a document was left out on purpose.
func leftOut(e *DocError) bool {
	return errors.Is(e, loaders.ErrSkipped) || errors.Is(e, loaders.ErrNoParser)
}

// fail notes a document that could not be read. What the store has of its Ref
// stays.
func (s *syncer) fail(e *DocError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.add(e)
	if leftOut(e) {
		s.report.Skipped = append(s.report.Skipped, e)
	} else {
		s.report.Failed = append(s.report.Failed, e)
	}
}

// keep makes the documents of a Ref stay.
func (s *syncer) keep(ref string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.add(&DocError{Ref: ref})
}

func (s *syncer) listed(ref string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.Listed++
	s.tell(ref)
}

func (s *syncer) listedAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.Total = true
}

// pass notes a Ref whose documents did not change.
func (s *syncer) pass(ref string, docs []store.Doc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range docs {
		s.claimed[d.ID] = true
	}
	s.report.Unchanged += len(docs)
	s.progress.Done++
	s.tell(ref)
}

// tell calls the progress function; s.mu is held, so it is never called twice
// at a time.
func (s *syncer) tell(ref string) {
	if s.opts.Progress != nil {
		s.progress.Current = ref
		s.opts.Progress(s.progress)
	}
}

// send hands a batch to the writer, and waits until it takes it.
func (s *syncer) send(ctx context.Context, b batch) error {
	select {
	case s.work <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
