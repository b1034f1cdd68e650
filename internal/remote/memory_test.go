package remote

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
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

	mu      sync.Mutex
	writes  int           // so far
	scanned string        // what the last Scan asked for
	chosen  []store.Chunk // and its whole answer, in order of Key

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
		m.writes++
		delete(m.docs, ns)
		return m.chunks.Drop(ctx, ns)
	})
}

func (m *memory) Search(ctx context.Context, ns string, q store.Query) (hits []store.Hit, err error) {
	err = m.request(ctx, func() error {
		if store.CheckFilter(q.Filter) == nil {
			hits, err = m.at(ns).Search(ctx, q)
		} else { // Simplify may nest deeper than the contract allows
			wide := q
			wide.Filter, wide.Fields, wide.K = nil, store.FieldsAll, math.MaxInt
			hits, err = m.at(ns).Search(ctx, wide)
			hits = slices.DeleteFunc(hits, func(h store.Hit) bool { return !store.Match(q.Filter, &h.Chunk) })
			hits = hits[:min(q.K, len(hits))]
			for i := range hits {
				hits[i].Chunk = hits[i].Chunk.Select(q.Fields)
			}
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
		// The whole answer, for the pages that follow.
		answer := fmt.Sprintf("%q %#v %v %d", ns, q.Filter, q.Fields, m.writes)
		if answer != m.scanned {
			m.scanned, m.chosen = answer, nil
			narrow := store.ScanQuery{Filter: q.Filter, Fields: q.Fields}
			deep := store.CheckFilter(q.Filter) != nil // Simplify may nest deeper than the contract allows
			if deep {
				narrow = store.ScanQuery{Fields: store.FieldsAll}
			}
			for c, err := range m.at(ns).Scan(ctx, narrow) {
				if err != nil {
					return err
				}
				if !deep || store.Match(q.Filter, &c) {
					m.chosen = append(m.chosen, c.Select(q.Fields))
				}
			}
			slices.SortFunc(m.chosen, func(a, b store.Chunk) int { return strings.Compare(m.Key(a.ID), m.Key(b.ID)) })
		}
		rest := m.chosen
		if after != "" {
			key := m.Key(after)
			i, found := slices.BinarySearchFunc(rest, key, func(c store.Chunk, key string) int { return strings.Compare(m.Key(c.ID), key) })
			if found {
				i++
			}
			rest = rest[i:]
		}
		n := m.pageSize()
		for _, c := range rest[:min(n, len(rest))] {
			page = append(page, c.Clone())
		}
		if len(rest) > n {
			next = page[n-1].ID
		}
		return nil
	})
	return page, next, err
}

func (m *memory) pageSize() int {
	if m.page == 0 {
		return 30
	}
	return m.page
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
		slices.SortFunc(all, func(a, b store.Doc) int { return strings.Compare(m.Key(a.ID), m.Key(b.ID)) })
		n := m.pageSize()
		if len(all) > n {
			all, next = all[:n], all[n-1].ID
		}
		page = all
		return nil
	})
	return page, next, err
}

func (m *memory) PutChunks(ctx context.Context, ns string, chunks []store.Chunk) error {
	return m.request(ctx, func() error {
		m.writes++
		_, err := m.at(ns).Write(ctx, store.Change{Upsert: chunks, Space: "s"})
		return err
	})
}

func (m *memory) DeleteChunks(ctx context.Context, ns string, ids []string) error {
	return m.request(ctx, func() error {
		m.writes++
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
