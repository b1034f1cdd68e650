package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/quarry-go/quarry/store"
)

// wrongSearches rank and match wrongly.
func wrongSearches() map[string]wrong {
	return map[string]wrong{
		"a missing namespace is an error": {rule: "search/nothing", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if len(all(s, nil)) == 0 {
				return nil, errBackend
			}
			return s.Search(ctx, q)
		}})},
		"NaN for a score": {rule: "search/finite", h: by(rescored(func(_ store.Query, hits []store.Hit) []store.Hit {
			for i := range hits {
				if hits[i].Score < 0 || i == 3 {
					hits[i].Score = math.NaN()
				}
			}
			return hits
		}))},
		"lower is better": {rule: "search/best-first", h: by(rescored(func(q store.Query, hits []store.Hit) []store.Hit {
			for i := range hits {
				hits[i].Score = 1 - hits[i].Score
			}
			return hits
		}))},
		"worst first": {rule: "search/best-first", h: by(rescored(func(q store.Query, hits []store.Hit) []store.Hit {
			slices.Reverse(hits)
			return hits
		}))},
		"a negated cosine": {rule: "search/best-first", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if q.Validate() == nil {
				q.Vector = opposite(q.Vector)
			}
			return s.Search(ctx, q)
		}})},
		"no ranks": {rule: "search/ranks", h: by(rescored(func(_ store.Query, hits []store.Hit) []store.Hit {
			for i := range hits {
				hits[i].Ranks = nil
			}
			return hits
		}))},
		"positions from 0": {rule: "search/ranks", h: by(rescored(func(_ store.Query, hits []store.Hit) []store.Hit {
			for i := range hits {
				hits[i].Ranks[0].Position--
			}
			return hits
		}))},
		"a distance called cosine": {rule: "search/ranks", h: by(rescored(func(_ store.Query, hits []store.Hit) []store.Hit {
			for i := range hits {
				hits[i].Ranks[0].Score /= 2
			}
			return hits
		}))},
		"ties the other way round": {rule: "search/ties", h: by(rescored(func(_ store.Query, hits []store.Hit) []store.Hit {
			slices.SortStableFunc(hits, func(a, b store.Hit) int {
				if a.Score == b.Score {
					return strings.Compare(b.Chunk.ID, a.Chunk.ID)
				}
				return 0
			})
			return hits
		}))},
		"ties cut at random": {rule: "search/ties", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			k := q.K
			if k > 0 {
				q.K += 3
			}
			hits, err := s.Search(ctx, q)
			if len(hits) > k && hits[0].Score == hits[len(hits)-1].Score {
				hits = hits[len(hits)-k:]
			}
			return hits[:min(k, len(hits))], err
		}})},
		"more than K": {rule: "search/at-most-k", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if q.K > 0 {
				q.K++
			}
			return s.Search(ctx, q)
		}})},
		"fewer than K": {rule: "search/at-most-k", h: by(rescored(func(_ store.Query, hits []store.Hit) []store.Hit { return hits[:min(len(hits), 25)] }))},
		"deleted chunks are found": {rule: "search/deleted", h: opens(func(r *Reference) store.DB {
			var mu sync.Mutex
			gone := map[string]store.Hit{}
			return bentDB{r, func(s store.Store) store.Store {
				return bent{Store: s, write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
					mu.Lock()
					defer mu.Unlock()
					if c.Delete != nil && c.Validate() == nil {
						for _, c := range all(s, c.Delete) {
							gone[c.ID] = store.Hit{Chunk: c, Ranks: make([]store.Rank, 1)}
						}
					}
					return s.Write(ctx, c)
				}, search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
					mu.Lock()
					defer mu.Unlock()
					hits, err := s.Search(ctx, q)
					return slices.AppendSeq(hits, maps.Values(gone)), err
				}}
			}}
		})},
		"approximate but called exact": {rule: "vector/exact", h: by(rescored(func(q store.Query, hits []store.Hit) []store.Hit {
			if q.Vector != nil && len(hits) > 4 {
				hits[3] = hits[len(hits)-1]
			}
			return hits
		}))},
		"no recall": {rule: "vector/recall", h: by(bent{
			info: func(i *store.Info) { i.Features.Exact = false },
			search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
				if q.Exact {
					return nil, errors.ErrUnsupported
				}
				if q.Vector != nil && q.Validate() == nil {
					q.Vector = slices.Clone(q.Vector)
					slices.Reverse(q.Vector)
				}
				return s.Search(ctx, q)
			},
		})},
		"negative cosines are left out": {rule: "vector/unembedded", h: by(rescored(func(q store.Query, hits []store.Hit) []store.Hit {
			return slices.DeleteFunc(hits, func(h store.Hit) bool { return h.Score < 0 })
		}))},

		"Prefix is not indexed": {rule: "text/prefix", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			return searchAs(s, ctx, q, func(c *store.Chunk) { c.Prefix = "" })
		}})},
		"Meta is indexed": {rule: "text/only-text", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			return searchAs(s, ctx, q, func(c *store.Chunk) { c.Prefix += fmt.Sprint(" ", c.Meta) })
		}})},
		"parts of words match": {rule: "text/shared-term", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			return searchAs(s, ctx, q, func(c *store.Chunk) {
				for _, w := range terms(q.Text) {
					if strings.Contains(c.Text, w) {
						c.Text += " " + w
					}
				}
			})
		}})},
		"all words must match": {rule: "text/shared-term", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			hits, err := s.Search(ctx, q)
			return slices.DeleteFunc(hits, func(h store.Hit) bool {
				c := all(s, store.IDs(h.Chunk.ID))[0]
				return slices.ContainsFunc(terms(q.Text), func(w string) bool { return !slices.Contains(terms(c.Prefix+" "+c.Text), w) })
			}), err
		}})},
		"counts words only": {rule: "text/best-match", h: by(rescored(func(q store.Query, hits []store.Hit) []store.Hit {
			if q.Text != "" {
				for i := range hits {
					hits[i].Score, hits[i].Ranks[0].Score = 1, 1
				}
				slices.SortFunc(hits, func(a, b store.Hit) int { return strings.Compare(a.Chunk.ID, b.Chunk.ID) })
			}
			return hits
		}))},
		"a minus excludes": {rule: "text/plain-words", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			hits, err := s.Search(ctx, q)
			_, not, _ := strings.Cut(q.Text, " -")
			return slices.DeleteFunc(hits, func(h store.Hit) bool {
				return not != "" && strings.Contains(all(s, store.IDs(h.Chunk.ID))[0].Text, not)
			}), err
		}})},
		"a quote is a syntax error": {rule: "text/plain-words", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if strings.Count(q.Text, `"`)%2 == 1 {
				return nil, fmt.Errorf("%w: unbalanced quotes", errBackend)
			}
			return s.Search(ctx, q)
		}})},
	}
}

// searchAs searches a copy of the namespace in which f changed every chunk.
func searchAs(s store.Store, ctx context.Context, q store.Query, f func(*store.Chunk)) ([]store.Hit, error) {
	c := store.Change{Upsert: all(s, nil), Space: "storetest/1"}
	for i := range c.Upsert {
		f(&c.Upsert[i])
		c.Upsert[i].End = c.Upsert[i].Start + len(c.Upsert[i].Text)
	}
	other, err := NewReference().Namespace("copy")
	if err != nil {
		return nil, err
	}
	if _, err := other.Write(ctx, c); err != nil {
		return nil, err
	}
	return other.Search(ctx, q)
}
