package storetest

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// bent is a store with some of its methods replaced. Each replacement is given
// the right store to call.
type bent struct {
	store.Store
	search   func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error)
	get      func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error)
	write    func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error)
	docs     func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error]
	scan     func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error]
	info     func(i *store.Info)
	snapshot func(s store.Store) store.Store
}

func (b bent) Unwrap() store.Store { return b.Store }

func (b bent) Search(ctx context.Context, q store.Query) ([]store.Hit, error) {
	if b.search != nil {
		return b.search(b.Store, ctx, q)
	}
	return b.Store.Search(ctx, q)
}

func (b bent) Get(ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
	if b.get != nil {
		return b.get(b.Store, ctx, ids, f)
	}
	return b.Store.Get(ctx, ids, f)
}

func (b bent) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	if b.write != nil {
		return b.write(b.Store, ctx, c)
	}
	return b.Store.Write(ctx, c)
}

func (b bent) Docs(ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
	if b.docs != nil {
		return b.docs(b.Store, ctx, q)
	}
	return b.Store.Docs(ctx, q)
}

func (b bent) Scan(ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	if b.scan != nil {
		return b.scan(b.Store, ctx, q)
	}
	return b.Store.Scan(ctx, q)
}

func (b bent) Info() store.Info {
	i := b.Store.Info()
	if b.info != nil {
		b.info(&i)
	}
	return i
}

// bentSnapshot is a bent with its own Snapshot; other ones unwrap to that of
// the right store.
type bentSnapshot struct{ bent }

func (b bentSnapshot) Snapshot(ctx context.Context) (store.Store, func(), error) {
	_, release, err := b.Store.(store.Snapshotter).Snapshot(ctx)
	return b.snapshot(b.Store), release, err
}

// bentDB opens namespaces that bend makes of the right ones.
type bentDB struct {
	store.DB
	bend func(s store.Store) store.Store
}

func (b bentDB) Namespace(name string) (store.Store, error) {
	s, err := b.DB.Namespace(name)
	if err != nil {
		return nil, err
	}
	return b.bend(s), nil
}

// by returns a harness of reference stores with the methods of b.
func by(b bent) Harness {
	return Harness{Open: func() (store.DB, error) {
		return bentDB{NewReference(), func(s store.Store) store.Store {
			c := b
			c.Store = s
			if c.snapshot != nil {
				return bentSnapshot{c}
			}
			return c
		}}, nil
	}}
}

// opens returns a harness of what wrap makes of a Reference.
func opens(wrap func(*Reference) store.DB) Harness {
	return Harness{Open: func() (store.DB, error) { return wrap(NewReference()), nil }}
}

// all returns every chunk that f passes, with every field.
func all(s store.Store, f store.Filter) []store.Chunk {
	chunks, _ := drain(s.Scan(context.Background(), store.ScanQuery{Filter: f, Fields: store.FieldsAll}))
	return chunks
}

// rescored returns search with the hits changed.
func rescored(f func(q store.Query, hits []store.Hit) []store.Hit) bent {
	return bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
		hits, err := s.Search(ctx, q)
		return f(q, hits), err
	}}
}

// refiltered returns a store whose reads and deletes mean another filter.
func refiltered(f func(store.Filter) store.Filter) bent {
	return bent{
		search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if store.CheckFilter(q.Filter) == nil {
				q.Filter = f(q.Filter)
			}
			return s.Search(ctx, q)
		},
		scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
			if store.CheckFilter(q.Filter) == nil {
				q.Filter = f(q.Filter)
			}
			return s.Scan(ctx, q)
		},
	}
}

// rewritten returns f with every node changed by g, from the leaves up.
func rewritten(f store.Filter, g func(store.Filter) store.Filter) store.Filter {
	each := func(fs []store.Filter) []store.Filter {
		out := make([]store.Filter, len(fs))
		for i := range fs {
			out[i] = rewritten(fs[i], g)
		}
		return out
	}
	switch n := f.(type) {
	case nil:
		return nil
	case store.Conjunction:
		f = store.And(each(n.Filters)...)
	case store.Disjunction:
		f = store.Or(each(n.Filters)...)
	case store.Negation:
		f = store.Not(rewritten(n.Filter, g))
	}
	return g(f)
}

func leaves(g func(store.Compare) store.Filter) bent {
	return refiltered(func(f store.Filter) store.Filter {
		return rewritten(f, func(f store.Filter) store.Filter {
			if c, ok := f.(store.Compare); ok {
				return g(c)
			}
			return f
		})
	})
}

// recut returns Scan with the chunks changed.
func recut(f func(q store.ScanQuery, chunks []store.Chunk) []store.Chunk) bent {
	return bent{scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
		chunks, err := drain(s.Scan(ctx, q))
		return sequence(ctx, NewReference(), f(q, chunks), err)
	}}
}

// stored returns a store that keeps every chunk as f makes it.
func stored(f func(*store.Chunk)) bent {
	return changed(func(c *store.Change) {
		for i := range c.Upsert {
			f(&c.Upsert[i])
		}
	})
}

// changed returns a store that writes something else, where it is a valid
// Change that it is given.
func changed(f func(*store.Change)) bent {
	return bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
		if c.Validate() == nil {
			c = cloneChange(c)
			f(&c)
		}
		return s.Write(ctx, c)
	}}
}

// inSteps splits a Change, and declares what it then is.
func inSteps(f func(c store.Change) []store.Change, features func(*store.Features)) bent {
	return bent{
		write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			if err := c.Validate(); err != nil {
				return store.Changed{}, err
			}
			var sum store.Changed
			for _, part := range f(c) {
				done, err := s.Write(ctx, part)
				if err != nil {
					return store.Changed{}, err
				}
				sum = store.Changed{Upserted: sum.Upserted + done.Upserted, Deleted: sum.Deleted + done.Deleted, Docs: sum.Docs + done.Docs}
				for range 100 { // let a reader come between
					runtime.Gosched()
				}
			}
			return sum, nil
		},
		info: func(i *store.Info) {
			if features != nil {
				features(&i.Features)
			}
		},
	}
}

func declares(f func(*store.Info)) bent { return bent{info: f} }

var errBackend = errors.New("the backend's own error")

// scanRecorder returns a Scan that writes down its filters.
func scanRecorder(b *strings.Builder) func(store.Store, context.Context, store.ScanQuery) iter.Seq2[store.Chunk, error] {
	return func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
		b.WriteString(showFilter(q.Filter) + "\n")
		return s.Scan(ctx, q)
	}
}
