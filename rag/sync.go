package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"time"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// SyncOptions for one sync. The zero value is the default.
type SyncOptions struct {
	// Stages are applied to each document before it is cut, in order.
	Stages []Stage
	// Chunker cuts this source's documents; nil means the knowledge base's.
	Chunker Chunker
	// MaxDelete is the share of the documents that the source had before which
	// a sync may delete because they are gone. 0 means half of them where there
	// were 20 or more; where there were fewer, any number, if something is
	// left or has come. 1 allows all, and a negative value deletes none.
	MaxDelete float64
	// Shard makes this sync one part of the work, beside others in other
	// processes. Each deletes what is gone of its own part alone, counts
	// MaxDelete within it, and lists all, but reads and writes its own. While
	// one of them has not ended, a sync with another N is refused with
	// [ErrShards], also after a crash, until the shard was synced again or the
	// source deleted. A loader that is no Lister is read whole by each.
	//
	// Over a store without atomic writes chunks that an interrupted shard left
	// are removed by the next sync without shards. A document that moves from a
	// Ref of one shard to a Ref of another may be missing until the next sync.
	Shard Shard
	// Workers is how many Refs are read at a time; 0 means one a processor.
	Workers int
	// Progress is called now and then, never twice at a time. It must not block.
	Progress func(Progress)
}

// A Stage changes documents before they are cut: it masks, enriches, labels.
type Stage struct {
	// Name identifies the stage and its settings. Documents are processed
	// again when the names of a sync's stages change.
	Name string
	// Apply changes d, which it owns, but not its Ref. An error that wraps
	// loaders.ErrSkipped leaves the document out, as if the loader did not
	// give it; another makes it fail.
	Apply func(ctx context.Context, d *Document) error
}

// Progress is how far a sync is.
type Progress struct {
	Listed  int  // Refs seen so far
	Total   bool // Listed is all of them
	Done    int  // Refs that are unchanged, written, or failed
	Chunks  int  // chunks written
	Current string
}

// A Report is what a sync or a put did.
type Report struct {
	Source string
	// Documents, each counted in one of these.
	Added, Changed, Unchanged, Deleted int
	// Chunks counts those written, Embedded the vectors made anew, and Usage
	// what they cost.
	Chunks   int
	Embedded int
	Usage    embed.Usage
	Writes   int // changes written to the store
	// Failed is what could not be read, cut, embedded or stored; what the
	// store had of it stays. Skipped is what was left out on purpose: a kind
	// without a parser, a file over the loader's limit, where the same holds;
	// and what a Stage left out, which is deleted like all that is gone. Both
	// are in the order of the Refs.
	Failed, Skipped []*DocError
	Warnings        []Warning
	Duration        time.Duration
}

// A Warning is what a parser left out of a document.
type Warning struct {
	Ref  string
	Text string
}

// Err returns the failures as one error, nil if there is none: for programs
// that accept nothing less than everything.
func (r Report) Err() error {
	errs := make([]error, len(r.Failed))
	for i, e := range r.Failed {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// String returns the report on one line.
func (r Report) String() string {
	return fmt.Sprintf("%d added, %d changed, %d unchanged, %d deleted, %d failed, %d skipped; %d chunks written, %d embedded",
		r.Added, r.Changed, r.Unchanged, r.Deleted, len(r.Failed), len(r.Skipped), r.Chunks, r.Embedded)
}

// Sync makes the knowledge base hold what the loader gives now, under the name
// of a source: documents that are new or changed are written, those that are
// gone are deleted, and others are left alone. Chunks that did not change keep
// their vectors. Only what an earlier sync of the same source wrote is ever
// deleted.
//
// Where the loader is a loaders.Lister, a Ref whose version is the one stored
// is not read. A document that cannot be read is in the report, and what the
// store has of its Ref stays, as does everything in a folder that cannot be
// listed. What is gone is deleted at the end, once the whole source was seen,
// and no more of it than MaxDelete allows: else the error wraps
// [ErrMassDelete], none is deleted, and all else is done.
//
// A sync that ends early, by a crash or an error, leaves whole documents, and
// the next one goes on from there. Over a store without atomic writes it may
// also leave chunks that no record vouches for; the next sync that reads every
// document of the source removes them, as far as the store shows them by then.
//
// Errors wrap [ErrBusy] where the source is being synced already, [ErrShards]
// where that is done in other shards, and [ErrInvalid] for an empty source; an error of the store, of the listing, or
// of the embedding service ends the sync, and so does the end of the context.
// The report says what was done in any case.
func (k *KB) Sync(ctx context.Context, source string, l Loader, o *SyncOptions) (Report, error) {
	s, err := k.newSync(source, l, o)
	if err == nil {
		err = k.lockSource(source, s.opts.Shard)
	}
	if err != nil {
		return Report{Source: source}, fmt.Errorf("rag: sync %s: %w", source, err)
	}
	defer k.unlockSource(source, s.opts.Shard)
	if err := s.observed(ctx, l, 0); err != nil {
		return s.report, fmt.Errorf("rag: sync %s: %w", source, err)
	}
	return s.report, nil
}

// observed runs a sync of the given number of documents, 0 if it is not known.
func (s *syncer) observed(ctx context.Context, l Loader, items int) error {
	ctx, done := s.kb.start(ctx, Op{Name: OpSync, Source: s.source, Items: items})
	begin := time.Now()
	err := s.run(ctx, l)
	s.report.Duration = time.Since(begin)
	done(Outcome{Err: err, Items: s.report.Added + s.report.Changed, InputTokens: s.report.Usage.Tokens})
	return err
}

// A Plan is what a sync would do.
type Plan struct {
	Report
	// Add, Change and Delete name the Refs of the documents, in order.
	Add, Change, Delete []string
	// EmbedTokens estimates the tokens that would be embedded.
	EmbedTokens int
}

// Plan returns what Sync would do: it lists, reads and cuts, and neither
// embeds nor writes. Its Report counts what would be done. Errors are those of
// Sync, with ErrMassDelete where Sync would delete too much.
func (k *KB) Plan(ctx context.Context, source string, l Loader, o *SyncOptions) (Plan, error) {
	s, err := k.newSync(source, l, o)
	if err != nil {
		return Plan{Report: Report{Source: source}}, fmt.Errorf("rag: plan %s: %w", source, err)
	}
	s.plan = &Plan{}
	err = s.run(ctx, l)
	s.plan.Report = s.report
	if err != nil {
		return *s.plan, fmt.Errorf("rag: plan %s: %w", source, err)
	}
	return *s.plan, nil
}

// PutSource is the source of documents that Put writes.
const PutSource = "put"

// Put writes documents, each in place of the one with its ID in [PutSource],
// and deletes no other. It is a Sync in all else. A document names itself as
// its Ref where it names none.
func (k *KB) Put(ctx context.Context, docs ...Document) (Report, error) {
	l := loaders.Slice(docs...)
	s, err := k.newSync(PutSource, l, &SyncOptions{MaxDelete: -1})
	if err != nil {
		return Report{Source: PutSource}, fmt.Errorf("rag: put: %w", err)
	}
	if err := s.observed(ctx, l, len(docs)); err != nil {
		return s.report, fmt.Errorf("rag: put: %w", err)
	}
	return s.report, nil
}

// newSync returns a syncer with the options' defaults filled in.
func (k *KB) newSync(source string, l Loader, o *SyncOptions) (*syncer, error) {
	switch {
	case k.err != nil:
		return nil, k.err
	case source == "":
		return nil, fmt.Errorf("%w: no source named", ErrInvalid)
	case l == nil:
		return nil, fmt.Errorf("%w: no loader", ErrInvalid)
	}
	s := &syncer{kb: k, source: source, report: Report{Source: source}, embedder: k.embedder()}
	if o != nil {
		s.opts = *o
	}
	if err := s.opts.Shard.check(); err != nil {
		return nil, err
	}
	if s.opts.Workers <= 0 {
		s.opts.Workers = runtime.GOMAXPROCS(0)
	}
	if s.opts.Chunker == nil {
		s.opts.Chunker = k.opts.Chunker
	}
	if s.embedder != nil {
		s.space = s.embedder.Model().Space()
	}
	g := newDigest("settings").str(s.opts.Chunker.Fingerprint()).str(s.space)
	for _, st := range s.opts.Stages {
		if st.Name == "" || st.Apply == nil {
			return nil, fmt.Errorf("%w: a stage without Name or Apply", ErrInvalid)
		}
		g.str(st.Name)
	}
	s.settings = g.sum()
	s.atomic = k.store.Info().Features.Atomicity == store.AtomicChange
	return s, nil
}

// lockSource lets one sync of a source in at a time, or one of each shard.
func (k *KB) lockSource(source string, shard Shard) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := [2]string{k.name, source}
	for other := range k.syncing[key] {
		if other == shard || other.whole() || shard.whole() {
			return ErrBusy
		}
	}
	if k.syncing[key] == nil {
		k.syncing[key] = map[Shard]bool{}
	}
	k.syncing[key][shard] = true
	return nil
}

func (k *KB) unlockSource(source string, shard Shard) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := [2]string{k.name, source}
	if delete(k.syncing[key], shard); len(k.syncing[key]) == 0 {
		delete(k.syncing, key)
	}
}

// Delete removes documents: those with the given Doc IDs, as hits and
// Documents have them and [DocID] makes them. IDs that are not there are no
// error. A later sync of their source brings them back if the source still
// has them.
func (k *KB) Delete(ctx context.Context, docIDs ...string) error {
	if len(docIDs) == 0 {
		return nil
	}
	return k.remove(ctx, "delete", store.Docs(docIDs...))
}

// DeleteSource removes every document of a source.
func (k *KB) DeleteSource(ctx context.Context, source string) error {
	return k.remove(ctx, "delete source "+source, store.Sources(source))
}

func (k *KB) remove(ctx context.Context, what string, f Filter) error {
	err := k.change(ctx, func() error {
		_, err := k.store.Write(ctx, store.Change{Delete: f})
		return err
	})
	if err != nil {
		return fmt.Errorf("rag: %s: %w", what, err)
	}
	return nil
}

// Get returns chunks by their IDs, in the order of ids, with everything but
// their vectors. IDs that are not there are left out.
func (k *KB) Get(ctx context.Context, ids ...string) ([]Chunk, error) {
	err := k.err
	var chunks []Chunk
	if err == nil {
		chunks, err = k.store.Get(ctx, ids, store.FieldsRead)
	}
	if err != nil {
		return nil, fmt.Errorf("rag: get: %w", err)
	}
	return chunks, nil
}

// Documents yields the records of the documents of a source, or of all sources
// for an empty one, in the order of [store.Store]'s Docs.
func (k *KB) Documents(ctx context.Context, source string) iter.Seq2[Doc, error] {
	return func(yield func(Doc, error) bool) {
		if k.err != nil {
			yield(Doc{}, fmt.Errorf("rag: documents: %w", k.err))
			return
		}
		var q store.DocQuery
		if source != "" {
			q.Sources = []string{source}
		}
		for d, err := range k.store.Docs(ctx, q) {
			if err != nil {
				yield(Doc{}, fmt.Errorf("rag: documents: %w", err))
				return
			}
			if !isMark(&d) && !yield(d, nil) {
				return
			}
		}
	}
}
