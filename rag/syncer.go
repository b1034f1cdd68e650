package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

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

	work chan batch // from the readers to the writer

	mu       sync.Mutex
	report   Report
	progress Progress
	claimed  map[string]bool // Doc IDs seen in this sync
	refs     map[string]bool // Refs listed in this sync
	kept     map[string]bool // Refs whose documents stay, seen or not: they failed
	groups   []*DocError     // errors of whole groups of Refs, which stay too
	marked   bool            // the sync mark is in the store
}

// batch is what the writer writes together: the documents of a Ref, or a part
// of them.
type batch struct {
	ref    string
	docs   []store.Doc
	chunks []store.Chunk
	clear  []string // Doc IDs whose chunks are replaced or deleted
	last   bool     // the Ref is done

	added, changed, deleted []string // the Refs of documents
}

func (s *syncer) run(ctx context.Context, l Loader) error {
	s.claimed, s.refs, s.kept = map[string]bool{}, map[string]bool{}, map[string]bool{}
	interrupted, err := s.interrupted(ctx)
	if err != nil {
		return err
	}
	if err := s.fill(ctx, l); err != nil {
		return err
	}
	_, lists := l.(loaders.Lister)
	if err := s.sweep(ctx, lists); err != nil {
		return err
	}
	return s.unmark(ctx, interrupted)
}

// fill reads and writes what is new or changed.
func (s *syncer) fill(ctx context.Context, l Loader) error {
	s.work = make(chan batch)
	written := make(chan error, 1)
	writing, stop := context.WithCancelCause(ctx)
	go func() {
		err := s.write(ctx)
		if err != nil {
			stop(err) // the readers need not go on
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
	stop(nil)
	switch {
	case writeErr != nil:
		return writeErr
	case readErr != nil: // the cause of an err that says that reading was cancelled
		return readErr
	}
	return err
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
			if d.ID != syncMark(s.source) {
				old[d.Ref] = append(old[d.Ref], d)
			}
		}
		for _, r := range pending {
			if docs := old[r.ID]; s.unchanged(r, docs) {
				s.pass(r.ID, docs)
				continue
			}
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			g.Go(func() error { return s.ref(ctx, r, old[r.ID]) })
		}
		pending = pending[:0]
		return nil
	}
	for r, err := range l.List(ctx) {
		if failed, ok := errors.AsType[*loaders.DocError](err); ok {
			s.fail(failed)
			continue
		}
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		if s.refs[r.ID] {
			s.fail(&DocError{Ref: r.ID, URI: r.URI, Err: fmt.Errorf("%w: the Ref is listed twice", loaders.ErrInvalid)})
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
	s.mu.Lock()
	s.progress.Total = true
	s.mu.Unlock()
	return flush()
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
		if failed, ok := errors.AsType[*loaders.DocError](err); ok {
			s.fail(failed)
			continue
		}
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if d.Ref == "" {
			d.Ref = d.ID
		}
		s.listed(d.Ref)
		g.Go(func() error {
			b := batch{ref: d.Ref, last: true}
			p, err := s.prepare(ctx, d, nil)
			if err == nil {
				b.add(p, "")
			} else if err := s.refused(ctx, d, err); err != nil {
				return err
			}
			return s.send(ctx, b)
		})
	}
	return nil
}

// maxHeld is how many bytes of text a reader holds before it hands over the
// documents of a Ref that has many.
const maxHeld = 4 << 20

// ref reads one Ref, whose documents in the store are old.
func (s *syncer) ref(ctx context.Context, r loaders.Ref, old []store.Doc) error {
	var held []*prepared // not handed over yet
	var sent []*prepared // handed over without the Ref's version
	var bytes int
	whole := true
	seen := map[string]bool{}
	hand := func(version string, last bool) error {
		b := batch{ref: r.ID, last: last}
		for _, p := range held {
			b.add(p, version)
		}
		for _, p := range sent {
			if last && version != "" {
				b.docs = append(b.docs, p.record(version))
			}
		}
		if last && whole {
			for _, d := range old {
				if !seen[d.ID] {
					b.clear = append(b.clear, d.ID)
					b.deleted = append(b.deleted, d.Ref)
				}
			}
		}
		sent = append(sent, held...)
		held, bytes = nil, 0
		return s.send(ctx, b)
	}
	for d, err := range load(ctx, r) {
		if err == nil && d.Ref != r.ID {
			err = &DocError{Ref: r.ID, URI: r.URI, Err: fmt.Errorf("%w: document %q is of Ref %q", loaders.ErrInvalid, d.ID, d.Ref)}
		}
		var p *prepared
		if err == nil {
			p, err = s.prepare(ctx, d, old)
		}
		if err != nil {
			if err := s.refused(ctx, Document{ID: d.ID, Ref: r.ID, URI: r.URI}, err); err != nil {
				return err
			}
			whole = false
			continue
		}
		seen[p.doc.ID] = true
		held = append(held, p)
		bytes += p.size()
		if bytes > maxHeld {
			if err := hand("", false); err != nil {
				return err
			}
		}
	}
	version := ""
	if whole {
		version = refVersion(s.settings, r.Version, len(seen))
	}
	return hand(version, true)
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

// refused takes the error of one document. It returns it where the sync cannot
// go on: the context has ended, or the store or embedding service failed.
func (s *syncer) refused(ctx context.Context, d Document, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var fatal *fatalError
	if errors.As(err, &fatal) {
		return fmt.Errorf("%s: %w", d.Ref, fatal.err)
	}
	failed, ok := errors.AsType[*loaders.DocError](err)
	if !ok {
		failed = &DocError{Ref: d.Ref, URI: d.URI, Err: err}
	}
	s.fail(failed)
	return nil
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
	if s.kept[e.Ref] = true; e.Prefix {
		s.groups = append(s.groups, e)
	}
	if leftOut(e) {
		s.report.Skipped = append(s.report.Skipped, e)
	} else {
		s.report.Failed = append(s.report.Failed, e)
	}
}

// stays reports whether an error covers the Ref, so that nothing is known of
// its documents.
func (s *syncer) stays(ref string) bool {
	return s.kept[ref] || slices.ContainsFunc(s.groups, func(e *DocError) bool { return e.Covers(ref) })
}

func (s *syncer) listed(ref string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refs[ref] = true
	s.progress.Listed++
	s.tell(ref)
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
		return context.Cause(ctx)
	}
}
