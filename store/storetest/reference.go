package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/quarry-go/quarry/store"
)

// Reference is a [store.DB] in memory that is written to be read: maps, loops
// and one lock, no index. It is what [Run] compares other stores with, and a
// store for tests whose corpora are small. It declares the strongest features
// that memory allows, and its Stores are [store.Snapshotter]s.
type Reference struct {
	mu     sync.RWMutex
	closed bool
	spaces map[string]*state
}

// NewReference returns an empty Reference.
func NewReference() *Reference {
	return &Reference{spaces: map[string]*state{}}
}

// Namespace returns a handle on the named namespace.
func (r *Reference) Namespace(name string) (store.Store, error) {
	if err := store.CheckNamespace(name); err != nil {
		return nil, err
	}
	if err := r.read(context.Background(), func() {}); err != nil {
		return nil, err
	}
	return &refStore{db: r, name: name}, nil
}

// Namespaces yields the names of the namespaces that hold something.
func (r *Reference) Namespaces(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names []string
		err := r.read(ctx, func() {
			for name, s := range r.spaces {
				if len(s.chunks)+len(s.docs) > 0 {
					names = append(names, name)
				}
			}
		})
		slices.Sort(names)
		sequence(ctx, r, names, err)(yield)
	}
}

// Drop removes a namespace.
func (r *Reference) Drop(ctx context.Context, name string) error {
	if err := store.CheckNamespace(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return store.ErrClosed
	}
	delete(r.spaces, name)
	return nil
}

// Close forgets everything.
func (r *Reference) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.spaces = true, nil
	return nil
}

// read calls f under the lock unless the context has ended or r is closed.
func (r *Reference) read(ctx context.Context, f func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return store.ErrClosed
	}
	f()
	return nil
}

// sequence yields items while the context lasts and r is open, then err.
func sequence[T any](ctx context.Context, r *Reference, items []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for _, item := range items {
			if err := r.read(ctx, func() {}); err != nil {
				yield(zero, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			yield(zero, err)
		}
	}
}

// refStore is a namespace of a Reference, or a frozen view of one.
type refStore struct {
	db     *Reference
	name   string
	frozen *state
}

// read calls f with the namespace's state, which f must not change.
func (s *refStore) read(ctx context.Context, f func(*state)) error {
	return s.db.read(ctx, func() {
		switch {
		case s.frozen != nil:
			f(s.frozen)
		case s.db.spaces[s.name] != nil:
			f(s.db.spaces[s.name])
		default:
			f(newState())
		}
	})
}

func (s *refStore) Search(ctx context.Context, q store.Query) (hits []store.Hit, err error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	rerr := s.read(ctx, func(st *state) { hits, err = st.search(&q) })
	return hits, errors.Join(rerr, err)
}

func (s *refStore) Get(ctx context.Context, ids []string, f store.Fields) (chunks []store.Chunk, err error) {
	err = s.read(ctx, func(st *state) { chunks = st.get(ids, f) })
	return chunks, err
}

func (s *refStore) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	if s.frozen != nil {
		return store.Changed{}, fmt.Errorf("write to a snapshot: %w", errors.ErrUnsupported)
	}
	if err := c.Validate(); err != nil {
		return store.Changed{}, err
	}
	if err := ctx.Err(); err != nil {
		return store.Changed{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if s.db.closed {
		return store.Changed{}, store.ErrClosed
	}
	st := s.db.spaces[s.name]
	if st == nil {
		st = newState()
	}
	if err := st.checkSpace(&c); err != nil {
		return store.Changed{}, err
	}
	s.db.spaces[s.name] = st
	return st.apply(&c), nil
}

func (s *refStore) Docs(ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
	return func(yield func(store.Doc, error) bool) {
		var docs []store.Doc
		err := s.read(ctx, func(st *state) { docs = st.records(&q) })
		sequence(ctx, s.db, docs, err)(yield)
	}
}

func (s *refStore) Scan(ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	return func(yield func(store.Chunk, error) bool) {
		err := store.CheckFilter(q.Filter)
		var chunks []store.Chunk
		if err == nil {
			err = s.read(ctx, func(st *state) { chunks = st.scan(&q) })
		}
		sequence(ctx, s.db, chunks, err)(yield)
	}
}

func (s *refStore) Info() store.Info {
	info := store.Info{
		Analyzer: analyzerName,
		Features: store.Features{
			Vectors: true, Lexical: true, Exact: true, Ordered: true,
			Atomicity: store.AtomicChange, Visibility: store.Immediate, Durability: store.Volatile,
		},
	}
	// A closed Reference knows no space; Info has no error to say so.
	_ = s.read(context.Background(), func(st *state) { info.Space, info.Dim = st.space, st.dim })
	return info
}

// Snapshot copies the maps; what they hold is never changed in place.
func (s *refStore) Snapshot(ctx context.Context) (store.Store, func(), error) {
	view := &refStore{db: s.db, name: s.name}
	err := s.read(ctx, func(st *state) {
		frozen := *st
		frozen.chunks, frozen.docs = maps.Clone(st.chunks), maps.Clone(st.docs)
		view.frozen = &frozen
	})
	if err != nil {
		return nil, nil, err
	}
	return view, func() {}, nil
}
