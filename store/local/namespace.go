package local

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/local/internal/table"
)

// A namespace is a handle on a namespace, or a snapshot of one. It implements
// [store.Store] and [store.Snapshotter].
type namespace struct {
	db     *DB
	name   string
	frozen *table.View // the state that a snapshot shows
}

// read calls f with the state to look at.
func (n *namespace) read(ctx context.Context, f func(table.View) error) error {
	if err := n.db.enter(ctx); err != nil {
		return err
	}
	defer n.db.calls.leave()
	if n.frozen != nil {
		return f(*n.frozen)
	}
	v, seq := n.db.view(n.name)
	defer n.db.calls.unpin(seq)
	return f(v)
}

// Search implements [store.Store]. Vector search is exact: every vector that
// passes the filter is compared.
func (n *namespace) Search(ctx context.Context, q store.Query) (hits []store.Hit, err error) {
	if err = q.Validate(); err == nil {
		err = n.read(ctx, func(v table.View) error {
			hits, err = v.Search(ctx, q)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("local: search: %w", err)
	}
	return hits, nil
}

// Get implements [store.Store].
func (n *namespace) Get(ctx context.Context, ids []string, f store.Fields) (chunks []store.Chunk, err error) {
	err = n.read(ctx, func(v table.View) error {
		for _, c := range v.Get(ids) {
			chunks = append(chunks, c.Select(f))
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("local: get: %w", err)
	}
	return chunks, nil
}

// Write implements [store.Store]. The change is durable and visible to
// everybody when it returns nil; Writes that wait at one time share a sync.
func (n *namespace) Write(ctx context.Context, c store.Change) (changed store.Changed, err error) {
	if err = n.db.enter(ctx); err == nil {
		defer n.db.calls.leave()
		var r *request
		if r, err = n.request(ctx, &c); err == nil {
			changed, err = n.db.submit(r)
		}
	}
	if err != nil {
		return store.Changed{}, fmt.Errorf("local: write: %w", err)
	}
	return changed, nil
}

// request makes a request of a change, which shares nothing with it but the
// filter.
func (n *namespace) request(ctx context.Context, c *store.Change) (*request, error) {
	if n.frozen != nil {
		return nil, errSnapshot
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := n.db.writable(); err != nil {
		return nil, err
	}
	distinct := c.Distinct()
	body := record.Body{Upsert: distinct.Upsert, Docs: distinct.Docs}
	for i := range body.Upsert {
		if v := body.Upsert[i].Vector; v != nil {
			body.Space, body.Dim = c.Space, len(v)
			break
		}
	}
	encoded := record.AppendBody(nil, &body)
	body, err := record.DecodeBody(encoded) // a copy, as a replay of the log would make it
	if err != nil {
		return nil, err
	}
	return &request{
		ctx: ctx, filter: c.Delete, body: encoded,
		entry: record.Entry{Namespace: n.name, Body: body},
	}, nil
}

// Docs implements [store.Store]. It shows one state.
func (n *namespace) Docs(ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
	return func(yield func(store.Doc, error) bool) {
		var docs []*store.Doc
		err := n.read(ctx, func(v table.View) (err error) {
			docs, err = v.Docs(ctx, q)
			return err
		})
		sequence(ctx, n.db, "docs", docs, err, func(d *store.Doc) store.Doc {
			c := *d
			c.Origin = c.Origin.Clone()
			return c
		}, yield)
	}
}

// Scan implements [store.Store]. It shows one state.
func (n *namespace) Scan(ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	return func(yield func(store.Chunk, error) bool) {
		var chunks []*store.Chunk
		err := store.CheckFilter(q.Filter)
		if err == nil {
			err = n.read(ctx, func(v table.View) (err error) {
				chunks, err = v.Chunks(ctx, q.Filter, q.After)
				return err
			})
		}
		sequence(ctx, n.db, "scan", chunks, err, func(c *store.Chunk) store.Chunk { return c.Select(q.Fields) }, yield)
	}
}

// sequence yields copies of items while the context lasts and the DB is open,
// or the error that there is.
func sequence[T any](ctx context.Context, db *DB, call string, items []*T, err error, clone func(*T) T, yield func(T, error) bool) {
	var zero T
	for _, item := range items {
		if err == nil {
			err = db.alive(ctx)
		}
		if err != nil {
			break
		}
		if !yield(clone(item), nil) {
			return
		}
	}
	if err != nil {
		yield(zero, fmt.Errorf("local: %s: %w", call, err))
	}
}

// Info implements [store.Store].
func (n *namespace) Info() store.Info {
	v, seq := n.db.view(n.name)
	defer n.db.calls.unpin(seq)
	if n.frozen != nil {
		v = *n.frozen
	}
	info := store.Info{
		Analyzer: table.Analyzer(),
		Features: store.Features{
			Vectors: true, Lexical: true, Exact: true, Ordered: true,
			Atomicity: store.AtomicChange, Visibility: store.Immediate, Durability: store.Volatile,
		},
	}
	if n.db.journal != nil {
		info.Features.Durability = store.Durable
	}
	info.Space, info.Dim = v.Space()
	return info
}

// Snapshot implements [store.Snapshotter]. Until release, what the view shows
// stays in memory though it be replaced or deleted.
func (n *namespace) Snapshot(ctx context.Context) (view store.Store, release func(), err error) {
	if err := n.db.enter(ctx); err != nil {
		return nil, nil, fmt.Errorf("local: snapshot: %w", err)
	}
	defer n.db.calls.leave()
	if n.frozen != nil {
		return n, func() {}, nil
	}
	v, seq := n.db.view(n.name)
	return &namespace{db: n.db, name: n.name, frozen: &v}, sync.OnceFunc(func() { n.db.calls.unpin(seq) }), nil
}
