package local

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/local/internal/table"
)

// A DB is an embedded store: a [store.DB] in a directory or in memory. It is
// safe for concurrent use. [Open] and [Memory] return one, which must be closed.
type DB struct {
	opts    Options
	journal *journal // nil in memory
	calls   calls
	queue   queue

	mu     sync.RWMutex // guards what follows; the committer, being alone, reads it without
	tables map[string]*table.Table
	seq    uint64 // of the last change that readers see

	failure   atomic.Pointer[error] // why nothing is written any more
	upkeep    atomic.Pointer[error] // of the last attempt to rotate or rewrite logs
	rewriteAt int64                 // bytes of logs before which they are not rewritten; the committer's
}

var (
	_ store.DB          = (*DB)(nil)
	_ store.Store       = (*namespace)(nil)
	_ store.Snapshotter = (*namespace)(nil)
)

// Memory returns a DB without files, which is gone with the program. Nothing
// that Options say so far applies to it.
func Memory(*Options) *DB { return newDB(Options{}) }

func newDB(o Options) *DB { return &DB{opts: o, tables: map[string]*table.Table{}} }

// Namespace implements [store.DB].
func (db *DB) Namespace(name string) (store.Store, error) {
	if err := db.calls.check(); err != nil {
		return nil, fmt.Errorf("local: namespace: %w", err)
	}
	if err := store.CheckNamespace(name); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	return &namespace{db: db, name: name}, nil
}

// Namespaces implements [store.DB].
func (db *DB) Namespaces(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		db.mu.RLock()
		names := slices.Sorted(maps.Keys(db.tables))
		db.mu.RUnlock()
		if err := db.alive(ctx); err != nil {
			yield("", fmt.Errorf("local: namespaces: %w", err))
			return
		}
		for _, name := range names {
			if err := db.alive(ctx); err != nil {
				yield("", fmt.Errorf("local: namespaces: %w", err))
				return
			}
			if !yield(name, nil) {
				return
			}
		}
	}
}

// Drop implements [store.DB].
func (db *DB) Drop(ctx context.Context, name string) error {
	if err := store.CheckNamespace(name); err != nil {
		return fmt.Errorf("local: drop: %w", err)
	}
	if err := db.enter(ctx); err != nil {
		return fmt.Errorf("local: drop: %w", err)
	}
	defer db.calls.leave()
	_, err := db.submit(&request{ctx: ctx, entry: record.Entry{Namespace: name, Drop: true}})
	if err != nil {
		return fmt.Errorf("local: drop: %w", err)
	}
	return nil
}

// Close implements [store.DB]. It waits for calls in flight. After an error no
// acknowledged change is lost.
func (db *DB) Close() error {
	if !db.calls.close() || db.journal == nil {
		return nil
	}
	if err := db.journal.close(); err != nil {
		return fmt.Errorf("local: close: %w", err)
	}
	return nil
}

// alive returns the error of the context or store.ErrClosed.
func (db *DB) alive(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.calls.check()
}

// enter begins a call, unless the context has ended or the DB is closed.
func (db *DB) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.calls.enter()
}

// fail ends writing and returns the error that writers get from now on.
func (db *DB) fail(cause error) error {
	err := fmt.Errorf("%w since a write failed: %w", store.ErrReadOnly, cause)
	db.failure.CompareAndSwap(nil, &err)
	return *db.failure.Load()
}

// errReadOnly is what writers get in a DB that was opened so.
var errReadOnly = fmt.Errorf("%w: it was opened so", store.ErrReadOnly)

// writable returns the error that writers get, nil if none.
func (db *DB) writable() error {
	if db.opts.ReadOnly {
		return errReadOnly
	}
	if err := db.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// view returns the present state of a namespace, and keeps it until release.
func (db *DB) view(name string) (v table.View, seq uint64) {
	seq = db.calls.pin(func() uint64 {
		db.mu.RLock()
		defer db.mu.RUnlock()
		if t := db.tables[name]; t != nil {
			v = t.At(db.seq)
		}
		return db.seq
	})
	return v, seq
}

// Stats counts what a DB holds and has done.
type Stats struct {
	Namespaces int
	Chunks     int
	Docs       int
	Dead       int // chunks and documents that were replaced or deleted, and are still in memory

	Changes  int64 // made since the store was new
	Commits  int64 // groups of changes written since Open, each synced once
	LogFiles int64
	LogBytes int64

	// Upkeep says why logs could not be closed or rewritten, the last time
	// that was tried. No change is lost by it, and it is tried again.
	Upkeep error
}

// Stats returns the present counts; of a closed DB, the last ones.
func (db *DB) Stats() Stats {
	db.mu.RLock()
	defer db.mu.RUnlock()
	s := Stats{Namespaces: len(db.tables), Changes: int64(db.seq)}
	for _, t := range db.tables {
		size := t.Size()
		s.Chunks += size.Chunks
		s.Docs += size.Docs
		s.Dead += size.Dead
	}
	if j := db.journal; j != nil {
		s.Commits, s.LogFiles, s.LogBytes = j.appends.Load(), j.files.Load(), j.bytes.Load()
	}
	if err := db.upkeep.Load(); err != nil {
		s.Upkeep = *err
	}
	return s
}

var errSnapshot = fmt.Errorf("a snapshot takes no changes: %w", errors.ErrUnsupported)
