package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// A half is a DB that lacks vectors, or words.
type half struct {
	store.DB
	words bool
}

func (h half) Namespace(name string) (store.Store, error) {
	s, err := h.DB.Namespace(name)
	if err != nil {
		return nil, err
	}
	return halfStore{s, h.words}, nil
}

type halfStore struct {
	store.Store
	words bool
}

func (h halfStore) Info() store.Info {
	info := h.Store.Info()
	if h.words {
		info.Features.Vectors, info.Features.Exact = false, false
	} else {
		info.Features.Lexical, info.Analyzer = false, ""
	}
	return info
}

func (h halfStore) Search(ctx context.Context, q store.Query) ([]store.Hit, error) {
	if q.Validate() == nil && (q.Vector != nil) == h.words {
		return nil, errors.ErrUnsupported
	}
	return h.Store.Search(ctx, q)
}

func (h halfStore) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	for i := range c.Upsert {
		if c.Upsert[i].Vector != nil && h.words && c.Validate() == nil {
			return store.Changed{}, errors.ErrUnsupported
		}
	}
	return h.Store.Write(ctx, c)
}

func TestJoin(t *testing.T) {
	h := storetest.Harness{
		Open: func() (store.DB, error) {
			return store.Join(half{storetest.NewReference(), false}, half{storetest.NewReference(), true}), nil
		},
		Filters: 60, Steps: 30, Histories: 1,
	}
	if os.Getenv("QUARRY_LONG") == "1" {
		h.Filters, h.Steps, h.Histories = 0, 0, 0
	}
	storetest.Run(t, h)
}

// A change that ends anywhere in either store leaves no record that vouches for
// what is not in both, and is whole once it is made again.
func TestJoinKilledAnywhere(t *testing.T) {
	version := func(v string, n int) store.Change {
		c := store.Change{Delete: store.Docs("doc"), Space: "s", Docs: []store.Doc{{ID: "doc", Source: "s", Version: v, Chunks: n}}}
		for i := range n {
			c.Upsert = append(c.Upsert, store.Chunk{ID: fmt.Sprint(v, i), DocID: "doc", Source: "s", Ordinal: i, Version: v, Text: "word", End: 4, Vector: []float32{1, 0}})
		}
		return c
	}
	ends := 0
	for which := range 2 {
		for n := 0; ; n++ {
			dbs := []*storetest.Weak{storetest.NewWeak(&storetest.WeakOptions{Delay: -1}), storetest.NewWeak(&storetest.WeakOptions{Delay: -1})}
			s := namespace(t, store.Join(half{dbs[0], false}, half{dbs[1], true}), "n")
			if _, err := s.Write(t.Context(), version("1", 4)); err != nil {
				t.Fatal(err)
			}
			dbs[which].KillAfter(n)
			_, err := s.Write(t.Context(), version("2", 3))
			killed := dbs[which].Killed()
			if killed && err == nil && n == 0 {
				t.Fatal("no error of a store that was dead")
			}
			dbs[which].Restart()
			for i, db := range dbs {
				db.Settle()
				// What the join vouches for must be whole in each of the two.
				one := namespace(t, db, "n")
				if err := vouched(t.Context(), s, one); err != nil {
					t.Fatalf("store %d killed after %d requests, store %d: %v", which, n, i, err)
				}
			}
			if !killed {
				break
			}
			ends++
			if _, err := s.Write(t.Context(), version("2", 3)); err != nil {
				t.Fatal(err)
			}
			for _, db := range dbs {
				if err := storetest.CheckWhole(t.Context(), namespace(t, db, "n")); err != nil {
					t.Fatal(err)
				}
			}
			if hits, err := s.Search(t.Context(), store.Query{Text: "word", K: 9, Fields: store.FieldVector}); err != nil || len(hits) != 3 || hits[0].Chunk.Vector == nil {
				t.Fatalf("%d hits, %v", len(hits), err)
			}
		}
	}
	if ends < 15 {
		t.Errorf("the change was ended %d times only", ends)
	}
}

// What words alone holds is found by a Scan, which goes on behind any of it.
func TestJoinScansBoth(t *testing.T) {
	dbs := []store.DB{storetest.NewReference(), storetest.NewReference()}
	s := namespace(t, store.Join(half{dbs[0], false}, half{dbs[1], true}), "n")
	chunks := storetest.RandomChunks(rand.New(rand.NewPCG(1, 1)), 600, 2)
	if _, err := s.Write(t.Context(), store.Change{Upsert: chunks, Space: "s"}); err != nil {
		t.Fatal(err)
	}
	var gone []string
	for i := range 290 {
		gone = append(gone, chunks[2*i].ID)
	}
	if _, err := namespace(t, dbs[0], "n").Write(t.Context(), store.Change{Delete: store.IDs(gone...)}); err != nil {
		t.Fatal(err)
	}
	scan := func(after string) (ids []string) {
		for c, err := range s.Scan(t.Context(), store.ScanQuery{After: after, Fields: store.FieldText}) {
			if err != nil || c.Text == "" {
				t.Fatal(c, err)
			}
			ids = append(ids, c.ID)
		}
		return ids
	}
	all := scan("")
	if set := slices.Compact(slices.Sorted(slices.Values(all))); len(all) != 600 || len(set) != 600 {
		t.Fatalf("%d chunks, %d different", len(all), len(set))
	}
	for _, i := range []int{0, 1, 150, 308, 309, 310, 311, 500, 599} {
		if got := scan(all[i]); !slices.Equal(got, all[i+1:]) {
			t.Errorf("behind chunk %d: %d chunks", i, len(got))
		}
	}
}

// vouched checks that one holds the chunks of every record of the join.
func vouched(ctx context.Context, join, one store.Store) error {
	for d, err := range join.Docs(ctx, store.DocQuery{}) {
		if err != nil {
			return err
		}
		n := 0
		for c, err := range one.Scan(ctx, store.ScanQuery{Filter: store.Docs(d.ID)}) {
			if err != nil {
				return err
			}
			if c.Version != d.Version {
				return fmt.Errorf("a chunk of version %s, the record says %s", c.Version, d.Version)
			}
			n++
		}
		if n != d.Chunks {
			return fmt.Errorf("%d chunks, the record says %d", n, d.Chunks)
		}
	}
	return nil
}

func TestLimits(t *testing.T) {
	l := store.Limits{Dim: 2, TextBytes: 4, MetaBytes: 20, IDBytes: 3}
	for name, c := range map[string]store.Change{
		"ID":       {Upsert: []store.Chunk{{ID: "long"}}},
		"document": {Upsert: []store.Chunk{{DocID: "long"}}},
		"source":   {Upsert: []store.Chunk{{Source: "long"}}},
		"text":     {Upsert: []store.Chunk{{Text: "abc", Prefix: "de"}}},
		"vector":   {Upsert: []store.Chunk{{}, {Vector: make([]float32, 3)}}},
		"meta":     {Upsert: []store.Chunk{{Meta: map[string]any{"key": "12345678901234567"}}}},
		"record":   {Docs: []store.Doc{{ID: "long"}}},
		"ref":      {Docs: []store.Doc{{Ref: "long"}}},
		"owner":    {Docs: []store.Doc{{Source: "long"}}},
	} {
		if err := l.Check(&c); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if err := (store.Limits{}).Check(&c); err != nil {
			t.Errorf("%s without limits: %v", name, err)
		}
	}
}

func ExampleJoin() {
	// A store without text search beside one that has it.
	db := store.Join(half{storetest.NewReference(), false}, half{storetest.NewReference(), true})
	s, err := db.Namespace("handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	f := s.Info().Features
	fmt.Println(f.Vectors, f.Lexical, f.Atomicity == store.AtomicNone)
	// Output: true true true
}
