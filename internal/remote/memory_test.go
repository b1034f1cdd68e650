package remote

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// memory is a Driver in memory, as weak and as narrow as its settings say.
type memory struct {
	can   func(store.Filter) bool // nil is all
	batch Batch
	most  int   // Limits.K
	page  int   // items of a page; 0 is 30
	order bool  // by ID, otherwise by a hash of it
	fault fault // of each request

	mu     sync.Mutex
	chunks *storetest.Reference
	docs   map[string]map[string]store.Doc // namespace, ID
	space  string
	dim    int
}

// fault returns the error of a request, and whether it is done nevertheless.
type fault func() (err error, done bool)

func newMemory() *memory {
	return &memory{order: true, chunks: storetest.NewReference(), docs: map[string]map[string]store.Doc{}}
}

func (m *memory) Info() store.Info {
	return store.Info{
		Analyzer: "words",
		Limits:   store.Limits{K: m.most},
		Features: store.Features{
			Vectors: true, Lexical: true, Exact: true, Ordered: m.order,
			Atomicity: store.AtomicNone, Visibility: store.Immediate, Durability: store.Volatile,
		},
	}
}

func (m *memory) Batch() Batch { return m.batch }

func (m *memory) Key(id string) string {
	if m.order {
		return id
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))
}

func (m *memory) Can(f store.Filter) bool { return m.can == nil || m.can(f) }

func (m *memory) Close() error { return m.chunks.Close() }

// request makes one request, with the faults that are asked for.
func (m *memory) request(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault == nil {
		return f()
	}
	err, done := m.fault()
	if err != nil && !done {
		return err
	}
	if failed := f(); failed != nil {
		return failed
	}
	return err
}

func (m *memory) at(ns string) store.Store {
	s, err := m.chunks.Namespace(ns)
	if err != nil {
		panic(err) // the DB has checked the name
	}
	return s
}

func (m *memory) Space(ctx context.Context) (space string, dim int, err error) {
	err = m.request(ctx, func() error { space, dim = m.space, m.dim; return nil })
	return space, dim, err
}

func (m *memory) Bind(ctx context.Context, space string, dim int) error {
	return m.request(ctx, func() error {
		if m.space == "" {
			m.space, m.dim = space, dim
		}
		return checkSpace(space, dim, m.space, m.dim)
	})
}

func (m *memory) Namespaces(ctx context.Context) (names []string, err error) {
	err = m.request(ctx, func() error {
		for name := range m.docs {
			names = append(names, name)
		}
		for name, err := range m.chunks.Namespaces(ctx) {
			if err != nil {
				return err
			}
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

func (m *memory) Drop(ctx context.Context, ns string) error {
	return m.request(ctx, func() error {
		delete(m.docs, ns)
		return m.chunks.Drop(ctx, ns)
	})
}

func (m *memory) Search(ctx context.Context, ns string, q store.Query) (hits []store.Hit, err error) {
	err = m.request(ctx, func() error {
		wide := q // Simplify may nest deeper than the contract allows
		wide.Filter, wide.Fields, wide.K = nil, store.FieldsAll, math.MaxInt
		hits, err = m.at(ns).Search(ctx, wide)
		hits = slices.DeleteFunc(hits, func(h store.Hit) bool { return !store.Match(q.Filter, &h.Chunk) })
		hits = hits[:min(q.K, len(hits))]
		for i := range hits {
			hits[i].Chunk = hits[i].Chunk.Select(q.Fields)
		}
		rand.Shuffle(len(hits), func(i, j int) { // ties are in no order
			if hits[i].Score == hits[j].Score {
				hits[i], hits[j] = hits[j], hits[i]
			}
		})
		return err
	})
	return hits, err
}

func (m *memory) Get(ctx context.Context, ns string, ids []string, f store.Fields) (chunks []store.Chunk, err error) {
	err = m.request(ctx, func() error {
		chunks, err = m.at(ns).Get(ctx, ids, f)
		slices.Reverse(chunks)
		return err
	})
	return chunks, err
}

func (m *memory) Scan(ctx context.Context, ns string, q store.ScanQuery, cursor string) (page []store.Chunk, next string, err error) {
	err = m.request(ctx, func() error {
		after := q.After
		if cursor != "" {
			after = cursor
		}
		var all []store.Chunk
		for c, err := range m.at(ns).Scan(ctx, store.ScanQuery{Fields: store.FieldsAll}) {
			if err != nil {
				return err
			}
			if (after == "" || m.Key(c.ID) > m.Key(after)) && store.Match(q.Filter, &c) {
				all = append(all, c.Select(q.Fields))
			}
		}
		page, next = paged(m, all, func(c *store.Chunk) string { return c.ID })
		return nil
	})
	return page, next, err
}

func (m *memory) Docs(ctx context.Context, ns string, q store.DocQuery, cursor string) (page []store.Doc, next string, err error) {
	err = m.request(ctx, func() error {
		pass := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
		var all []store.Doc
		for d := range maps.Values(m.docs[ns]) {
			if pass(q.IDs, d.ID) && pass(q.Refs, d.Ref) && pass(q.Sources, d.Source) && (cursor == "" || m.Key(d.ID) > m.Key(cursor)) {
				d.Origin = d.Origin.Clone()
				all = append(all, d)
			}
		}
		page, next = paged(m, all, func(d *store.Doc) string { return d.ID })
		return nil
	})
	return page, next, err
}

// paged returns the first items in order, and the ID of the last if more follow.
func paged[T any](m *memory, all []T, id func(*T) string) (page []T, next string) {
	slices.SortFunc(all, func(a, b T) int {
		if m.Key(id(&a)) < m.Key(id(&b)) {
			return -1
		}
		return 1
	})
	n := m.page
	if n == 0 {
		n = 30
	}
	if len(all) > n {
		return all[:n], id(&all[n-1])
	}
	return all, ""
}

func (m *memory) PutChunks(ctx context.Context, ns string, chunks []store.Chunk) error {
	return m.request(ctx, func() error {
		_, err := m.at(ns).Write(ctx, store.Change{Upsert: chunks, Space: "s"})
		return err
	})
}

func (m *memory) DeleteChunks(ctx context.Context, ns string, ids []string) error {
	return m.request(ctx, func() error {
		_, err := m.at(ns).Write(ctx, store.Change{Delete: store.IDs(ids...)})
		return err
	})
}

func (m *memory) PutDocs(ctx context.Context, ns string, docs []store.Doc) error {
	return m.request(ctx, func() error {
		if m.docs[ns] == nil {
			m.docs[ns] = map[string]store.Doc{}
		}
		for _, d := range docs {
			d.Origin = d.Origin.Clone()
			m.docs[ns][d.ID] = d
		}
		return nil
	})
}

func (m *memory) DeleteDocs(ctx context.Context, ns string, ids []string) error {
	return m.request(ctx, func() error {
		for _, id := range ids {
			delete(m.docs[ns], id)
		}
		return nil
	})
}
