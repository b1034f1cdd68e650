package storetest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/quarry-go/quarry/store"
)

// wrongFilters pass what Match does not, or not what it does.
func wrongFilters() map[string]wrong {
	return map[string]wrong{
		"Search drops the filter": {rule: "filter/random", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if err := q.Validate(); err != nil {
				return nil, err
			}
			q.Filter = nil
			return s.Search(ctx, q)
		}})},
		"Scan drops the filter": {rule: "filter/own-fields", h: by(bent{scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
			if store.CheckFilter(q.Filter) == nil {
				q.Filter = nil
			}
			return s.Scan(ctx, q)
		}})},
		"filters after ranking": {rule: "search/filter-first", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if err := q.Validate(); err != nil {
				return nil, err
			}
			f := q.Filter
			q.Filter = nil
			hits, err := s.Search(ctx, q)
			return slices.DeleteFunc(hits, func(h store.Hit) bool {
				c := all(s, store.IDs(h.Chunk.ID))
				return len(c) == 0 || !store.Match(f, &c[0])
			}), err
		}})},

		"Ne is true of absent keys": {rule: "filter/absent", h: by(leaves(func(c store.Compare) store.Filter {
			if c.Op == store.OpNe {
				return store.Not(store.Eq(c.Key, c.Value))
			}
			return c
		}))},
		"Not is not true of absent keys": {rule: "filter/not", h: by(refiltered(func(f store.Filter) store.Filter {
			return rewritten(f, func(f store.Filter) store.Filter {
				if n, ok := f.(store.Negation); ok {
					if c, ok := n.Filter.(store.Compare); ok {
						return store.And(store.Exists(c.Key), f)
					}
				}
				return f
			})
		}))},
		"numbers compare as strings": {rule: "filter/compare", h: by(leaves(func(c store.Compare) store.Filter {
			if n, ok := c.Value.(int64); ok && c.Op == store.OpEq {
				return store.In(c.Key, n, fmt.Sprint(n))
			}
			return c
		}))},
		"integers and floats are apart": {rule: "filter/compare", h: by(leaves(func(c store.Compare) store.Filter {
			if n, ok := c.Value.(int64); ok && c.Op == store.OpGe {
				return store.And(c, store.Not(store.Eq(c.Key, float64(n)+.5)), store.Lt(c.Key, 1e299))
			}
			return c
		}))},
		"equal without case": {rule: "filter/compare", h: by(leaves(func(c store.Compare) store.Filter {
			if s, ok := c.Value.(string); ok && c.Op == store.OpEq {
				return store.In(c.Key, s, strings.ToUpper(s), strings.ToLower(s))
			}
			return c
		}))},
		"times in milliseconds": {rule: "filter/compare", h: by(leaves(func(c store.Compare) store.Filter {
			if t, ok := c.Value.(time.Time); ok && c.Op == store.OpEq {
				return store.And(store.Ge(c.Key, t), store.Lt(c.Key, t.Add(time.Millisecond)))
			}
			return c
		}))},
		"Contains looks into strings": {rule: "filter/lists", h: by(refiltered(func(f store.Filter) store.Filter {
			return rewritten(f, func(f store.Filter) store.Filter {
				if l, ok := f.(store.ListHas); ok {
					return store.Or(l, store.In(l.Key, anys(l.Values)...))
				}
				return f
			})
		}))},
		"an empty And passes nothing": {rule: "filter/logic", h: by(refiltered(func(f store.Filter) store.Filter {
			return rewritten(f, func(f store.Filter) store.Filter {
				if c, ok := f.(store.Conjunction); ok && len(c.Filters) == 0 {
					return store.Or()
				}
				return f
			})
		}))},
		"Readable forgets the public": {rule: "filter/own-fields", h: by(refiltered(func(f store.Filter) store.Filter {
			return rewritten(f, func(f store.Filter) store.Filter {
				if r, ok := f.(store.ReadableBy); ok && len(r.Principals) == 0 {
					return store.Or()
				}
				return f
			})
		}))},
		"panics on deep filters": {falls: true, rule: "filter/deep", h: by(refiltered(func(f store.Filter) store.Filter {
			depth := 0
			rewritten(f, func(f store.Filter) store.Filter { depth++; return f })
			if depth > 60 {
				panic("stack overflow")
			}
			return f
		}))},
		"a hundred IDs at most": {rule: "filter/wide", h: by(refiltered(func(f store.Filter) store.Filter {
			return rewritten(f, func(f store.Filter) store.Filter {
				if ids, ok := f.(store.HasID); ok {
					return store.IDs(ids.IDs[:min(100, len(ids.IDs))]...)
				}
				return f
			})
		}))},
		"Delete by another filter": {rule: "filter/delete", h: by(changed(func(c *store.Change) {
			if c.Delete != nil {
				c.Delete = store.And(c.Delete, store.Or(store.Not(store.Exists("any")), store.Sources("wiki", "handbook")))
			}
		}))},
	}
}
