package remote

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/quarry-go/quarry/store"
)

// Options are the settings of a DB. Nil and the zero value are the defaults.
type Options struct {
	Name    string // begins every error; empty means "remote"
	Retries int    // of a request that may succeed later; 0 means 4, negative none

	// Space and Dim are what the collection is bound to, if that is known.
	Space string
	Dim   int
}

// A DB implements [store.DB] over a Driver. Its Stores take turns in writing a
// namespace; what other programs write at the same time is up to the server.
type DB struct {
	driver  Driver
	write   func(context.Context, *namespace, *store.Change) (store.Changed, error)
	info    store.Info
	batch   Batch
	name    string
	retries int

	calls calls
	turns turns

	mu    sync.Mutex
	space string // that the collection is bound to, as far as is known
	dim   int
}

// New returns a DB that makes a change of parts. It closes the driver when it is
// closed, and does no I/O.
func New(d Parts, o *Options) *DB {
	return newDB(d, o, func(ctx context.Context, n *namespace, c *store.Change) (store.Changed, error) {
		return n.writeParts(ctx, d, c)
	})
}

// NewTransactional is New over a driver that has transactions.
func NewTransactional(d Transactor, o *Options) *DB {
	return newDB(d, o, func(ctx context.Context, n *namespace, c *store.Change) (changed store.Changed, err error) {
		err = n.db.do(ctx, func(ctx context.Context) (err error) {
			changed, err = d.Write(ctx, n.name, *c)
			return err
		})
		return changed, err
	})
}

func newDB(d Driver, o *Options, write func(context.Context, *namespace, *store.Change) (store.Changed, error)) *DB {
	db := &DB{driver: d, write: write, info: d.Info(), batch: d.Batch(), name: "remote", retries: 4}
	db.calls.idle = sync.NewCond(&db.calls.mu)
	if o != nil && o.Name != "" {
		db.name = o.Name
	}
	if o != nil && o.Retries != 0 {
		db.retries = max(o.Retries, 0)
	}
	if o != nil {
		db.space, db.dim = o.Space, o.Dim
	}
	for _, n := range []*int{&db.batch.Chunks, &db.batch.Bytes, &db.batch.IDs} {
		if *n == 0 {
			*n = math.MaxInt
		}
	}
	return db
}

// Namespace implements [store.DB].
func (db *DB) Namespace(name string) (store.Store, error) {
	if err := store.CheckNamespace(name); err != nil {
		return nil, fmt.Errorf("%s: %w", db.name, err)
	}
	if db.calls.closed() {
		return nil, fmt.Errorf("%s: namespace: %w", db.name, store.ErrClosed)
	}
	return &namespace{db: db, name: name}, nil
}

// Namespaces implements [store.DB].
func (db *DB) Namespaces(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names []string
		err := db.do(ctx, func(ctx context.Context) (err error) {
			names, err = db.driver.Namespaces(ctx)
			return err
		})
		if err == nil {
			slices.Sort(names)
			err = each(ctx, db, slices.Compact(names), func(name string) bool { return yield(name, nil) })
		}
		if err != nil && err != errLeft {
			yield("", fmt.Errorf("%s: namespaces: %w", db.name, err))
		}
	}
}

// Drop implements [store.DB].
func (db *DB) Drop(ctx context.Context, name string) error {
	err := store.CheckNamespace(name)
	if err == nil {
		err = db.turns.take(ctx, name)
	}
	if err == nil {
		defer db.turns.give(name)
		err = db.do(ctx, func(ctx context.Context) error { return db.driver.Drop(ctx, name) })
	}
	if err != nil {
		return fmt.Errorf("%s: drop: %w", db.name, err)
	}
	return nil
}

// Close implements [store.DB]. It waits for the calls in flight.
func (db *DB) Close() error {
	if !db.calls.close() {
		return nil
	}
	if err := db.driver.Close(); err != nil {
		return fmt.Errorf("%s: close: %w", db.name, err)
	}
	return nil
}

// bound returns the space that the collection is bound to, which the server is
// asked for until there is one.
func (db *DB) bound(ctx context.Context) (space string, dim int, err error) {
	if space, dim = db.known(); space != "" {
		return space, dim, nil
	}
	err = db.do(ctx, func(ctx context.Context) (err error) {
		space, dim, err = db.driver.Space(ctx)
		return err
	})
	if err == nil && space != "" {
		db.learn(space, dim)
	}
	return space, dim, err
}

// bind binds the collection to a space, or refuses the space if it is bound to
// another.
func (db *DB) bind(ctx context.Context, space string, dim int) error {
	have, length, err := db.bound(ctx)
	if err != nil {
		return err
	}
	if have == "" {
		err := db.do(ctx, func(ctx context.Context) error { return db.driver.Bind(ctx, space, dim) })
		if err != nil {
			return err
		}
		db.learn(space, dim)
		return nil
	}
	return checkSpace(space, dim, have, length)
}

// checkSpace refuses vectors of another space, or length, than those stored; an
// empty space is not compared.
func checkSpace(space string, dim int, have string, length int) error {
	if dim != length || space != "" && space != have {
		return fmt.Errorf("%w: %d dimensions of %q, the store holds %d of %q", store.ErrSpace, dim, space, length, have)
	}
	return nil
}

func (db *DB) known() (space string, dim int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.space, db.dim
}

func (db *DB) learn(space string, dim int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.space, db.dim = space, dim
}
