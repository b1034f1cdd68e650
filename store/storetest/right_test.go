package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/store"
)

// rights are stores that declare less than Reference, and keep to it.
func rights() map[string]Harness {
	session := func(f *store.Features) { f.Atomicity, f.Visibility = store.AtomicNone, store.Session }
	limited := store.Limits{K: 200, Dim: 16, TextBytes: 5000, MetaBytes: 5000, IDBytes: 512}
	narrow := by(bent{
		info: func(i *store.Info) { i.Limits = limited },
		write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			if err := withinLimits(&c, limited); err != nil {
				return store.Changed{}, err
			}
			return s.Write(ctx, c)
		},
		search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if q.K > limited.K {
				return nil, store.ErrTooLarge
			}
			return s.Search(ctx, q)
		},
	})
	half := by(stored(func(c *store.Chunk) {
		for i, x := range c.Vector {
			c.Vector[i] = x * 1.001
		}
	}))
	half.Tolerance = 3e-3
	return map[string]Harness{
		"words alone": by(bent{
			info: func(i *store.Info) { i.Features.Vectors, i.Features.Exact = false, false },
			write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
				for _, u := range c.Upsert {
					if u.Vector != nil && c.Validate() == nil {
						return store.Changed{}, fmt.Errorf("vectors: %w", errors.ErrUnsupported)
					}
				}
				return s.Write(ctx, c)
			},
			search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
				if q.Validate() == nil && q.Vector != nil {
					return nil, errors.ErrUnsupported
				}
				return s.Search(ctx, q)
			},
		}),
		"vectors alone": by(bent{
			info: func(i *store.Info) { i.Features.Lexical, i.Analyzer = false, "" },
			search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
				if q.Validate() == nil && q.Text != "" {
					return nil, errors.ErrUnsupported
				}
				return s.Search(ctx, q)
			},
		}),
		"approximate": by(bent{
			info: func(i *store.Info) { i.Features.Exact = false },
			search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
				if q.Validate() == nil && q.Exact {
					return nil, errors.ErrUnsupported
				}
				hits, err := s.Search(ctx, q)
				if q.Vector != nil && q.K > 5 && len(hits) == q.K && q.Filter == nil { // one is missed
					q.K++
					more, _ := s.Search(ctx, q)
					if len(more) > len(hits) {
						hits = append(more[:2:2], more[3:]...)
						for i := range hits {
							hits[i].Ranks[0].Position = i + 1
						}
					}
				}
				return hits, err
			},
		}),
		"limits": narrow,
		"columns": by(bent{
			info:  func(i *store.Info) { i.Schema = Schema() },
			write: checkedBy(Schema()),
		}),
		"columns alone": by(bent{
			info:  func(i *store.Info) { i.Schema = strict() },
			write: checkedBy(strict()),
		}),
		"half precision": half,
		"not atomic, in order": {Open: func() (store.DB, error) {
			return bentDB{NewWeak(&WeakOptions{Delay: -1}), func(s store.Store) store.Store {
				return bent{Store: s, info: func(i *store.Info) { session(&i.Features); i.Features.Durability = store.Volatile }}
			}}, nil
		}},
		"a space of its own": by(bent{info: func(i *store.Info) {
			i.Space, i.Dim = "fixed", 5
		}}),
		"cannot count": by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			done, err := s.Write(ctx, c)
			if err == nil {
				done.Deleted = -1
			}
			return done, err
		}}),
		"in the order of hashes": hashed(hashOf),
		"durable":                durable(func(r *Reference) *Reference { return r }),
	}
}

// hashed returns a store whose Scan and Docs go in ascending order of key(id).
func hashed(key func(id string) string) Harness {
	byKey := func(a, b string) int { return strings.Compare(key(a), key(b)) }
	return by(bent{
		info: func(i *store.Info) { i.Features.Ordered = false },
		scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
			after := q.After
			q.After = ""
			chunks, err := drain(s.Scan(ctx, q))
			chunks = slices.DeleteFunc(chunks, func(c store.Chunk) bool { return after != "" && byKey(c.ID, after) <= 0 })
			slices.SortFunc(chunks, func(a, b store.Chunk) int { return byKey(a.ID, b.ID) })
			return sequence(ctx, NewReference(), chunks, err)
		},
		docs: func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
			docs, err := drain(s.Docs(ctx, q))
			slices.SortFunc(docs, func(a, b store.Doc) int { return byKey(a.ID, b.ID) })
			return sequence(ctx, NewReference(), docs, err)
		},
	})
}

func hashOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return string(sum[:])
}

func strict() store.Schema {
	s := Schema()
	s.Strict = true
	return s
}

func checkedBy(schema store.Schema) func(store.Store, context.Context, store.Change) (store.Changed, error) {
	return func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
		for _, u := range c.Upsert {
			if err := schema.Check(u.Meta); err != nil {
				return store.Changed{}, err
			}
		}
		return s.Write(ctx, c)
	}
}

func withinLimits(c *store.Change, l store.Limits) error {
	for _, u := range c.Upsert {
		meta, err := json.Marshal(u.Meta)
		if err != nil {
			continue // Validate will say so
		}
		if len(u.Text)+len(u.Prefix) > l.TextBytes || len(meta) > l.MetaBytes || max(len(u.ID), len(u.DocID), len(u.Source)) > l.IDBytes || len(u.Vector) > l.Dim {
			return fmt.Errorf("%w: chunk %.20q", store.ErrTooLarge, u.ID)
		}
	}
	for _, d := range c.Docs {
		if max(len(d.ID), len(d.Ref), len(d.Source)) > l.IDBytes {
			return fmt.Errorf("%w: document %.20q", store.ErrTooLarge, d.ID)
		}
	}
	return nil
}

// The kit holds a store to what it declares, and to no more.
func TestRightStores(t *testing.T) {
	most := groups
	if !long() { // strings take half of the time, and declarations change little in them
		most = slices.DeleteFunc(slices.Clone(groups), func(g group) bool { return g.name == "strings" })
	}
	for name, h := range inOrder(rights()) {
		h.Filters, h.Steps, h.Histories = 50, 20, 1
		t.Run(name, func(t *testing.T) { run(t, h, most) })
	}
}

// What fails says which rule, with the contract's sentence, and how to see it
// again.
func TestReport(t *testing.T) {
	k, err := newKit(by(rescored(func(_ store.Query, hits []store.Hit) []store.Hit { return append(hits, hits...) })))
	if err != nil {
		t.Fatal(err)
	}
	k.h.Seed = 17
	r := ruleNamed(t, "search/at-most-k")
	out := k.try(t.Context(), r)
	if len(out.faults) == 0 {
		t.Fatal("no fault")
	}
	text := k.report("search", r, out.faults[0], "TestMine/search/at-most-k")
	for _, part := range []string{"search/at-most-k", r.says, "returns 2, want 1", "QUARRY_SEED=17 go test -run 'TestMine/search/at-most-k$'"} {
		if !strings.Contains(text, part) {
			t.Errorf("the report lacks %q:\n%s", part, text)
		}
	}
}

// The same seed asks the same, another asks otherwise.
func TestSeed(t *testing.T) {
	asked := func(seed uint64) string {
		var b strings.Builder
		h := by(bent{scan: scanRecorder(&b)})
		h.Seed = seed
		k, err := newKit(h)
		if err != nil {
			t.Fatal(err)
		}
		k.h.Filters = 25
		k.try(t.Context(), ruleNamed(t, "filter/random"))
		return b.String()
	}
	one, again, other := asked(1), asked(1), asked(2)
	if one != again {
		t.Error("one seed asks differently the second time")
	}
	if one == other {
		t.Error("two seeds ask the same")
	}
}

func BenchmarkReference(b *testing.B) {
	Bench(b, Harness{Open: func() (store.DB, error) { return NewReference(), nil }})
}
