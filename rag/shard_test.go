package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
	"github.com/quarry-go/quarry/store/storetest"
)

// inShards syncs a shelf in n shards at once, each with a knowledge base of its
// own over one store.
func inShards(t *testing.T, db store.DB, o *Options, s *shelf, n int) Report {
	t.Helper()
	var mu sync.Mutex
	var sum Report
	var wg sync.WaitGroup
	for i := range n {
		opts := *o
		opts.DB = db
		k, err := New(&opts)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			r, err := k.Sync(t.Context(), "shelf", s, &SyncOptions{Shard: Shard{i, n}, MaxDelete: 1})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("shard %d: %v", i, err)
			}
			sum.Added, sum.Changed, sum.Unchanged, sum.Deleted = sum.Added+r.Added, sum.Changed+r.Changed, sum.Unchanged+r.Unchanged, sum.Deleted+r.Deleted
		})
	}
	wg.Wait()
	return sum
}

// Shards together do what one sync does.
func TestShards(t *testing.T) {
	o := &Options{Chunker: smallChunks(t), Embedder: newCountingEmbedder()}
	many := func(s *shelf) *shelf {
		for i := range 100 {
			s.put(fmt.Sprintf("file%d", i), paragraphs(fmt.Sprint(i), 1+i%3))
		}
		return s
	}
	folder, err := local.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for name, db := range map[string]store.DB{"memory": storetest.NewReference(), "folder": folder, "weak": storetest.NewWeak(&storetest.WeakOptions{Delay: -1})} {
		t.Run(name, func(t *testing.T) {
			k := newKB(t, o)
			mustSync(t, k, "shelf", many(before()), nil)
			r := inShards(t, db, o, many(before()), 4)
			if want := 109; r.Added != want {
				t.Errorf("%d documents added, want %d", r.Added, want)
			}
			opts := *o
			opts.DB = db
			sharded, err := New(&opts)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := content(t, sharded.Store()), content(t, k.Store()); got != want {
				t.Fatalf("the shards made\n%s\nwant\n%s", got, want)
			}
			mustSync(t, k, "shelf", many(after()), nil)
			inShards(t, db, o, many(after()), 4)
			inShards(t, db, o, many(after()), 4) // what moved between shards
			if got, want := content(t, sharded.Store()), content(t, k.Store()); got != want {
				t.Fatalf("after changes the shards made\n%s\nwant\n%s", got, want)
			}
			if r := inShards(t, db, o, many(after()), 3); r.Added+r.Changed+r.Deleted != 0 {
				t.Errorf("in another number of shards, after all have ended: %v", r)
			}
			if r := mustSync(t, sharded, "shelf", many(after()), nil); r.Added+r.Changed+r.Deleted != 0 {
				t.Errorf("in one: %v", r)
			}
		})
	}
}

// Each Ref is of one shard.
func TestShardsPart(t *testing.T) {
	for n := 1; n < 9; n++ {
		count := make([]int, n)
		for ref := range 1000 {
			for i := range n {
				if (Shard{i, n}).has(fmt.Sprint(ref)) {
					count[i]++
				}
			}
		}
		sum := 0
		for _, c := range count {
			sum += c
			if c < 1000/n/2 {
				t.Errorf("%d shards have %d of 1000 Refs", n, count)
			}
		}
		if sum != 1000 {
			t.Errorf("%d shards have %d of 1000 Refs", n, sum)
		}
	}
	k := newKB(t, nil)
	for _, s := range []Shard{{I: 1}, {-1, 2}, {2, 2}, {0, -1}} {
		if _, err := k.Sync(t.Context(), "s", newShelf(nil), &SyncOptions{Shard: s}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// While a shard has not ended, the work is not divided in another way.
func TestShardsUnfinished(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"a": "one", "b": "two", "c": "three"})
	boom := errors.New("boom")
	failing := &brokenShelf{s, boom}
	part := func(i, n int) *SyncOptions { return &SyncOptions{Shard: Shard{i, n}} }
	if _, err := k.Sync(t.Context(), "s", failing, part(0, 4)); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	for _, o := range []*SyncOptions{nil, part(0, 3), part(0, 1), part(3, 5)} {
		if _, err := k.Sync(t.Context(), "s", s, o); !errors.Is(err, ErrShards) || !strings.Contains(err.Error(), "0/4") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := k.Plan(t.Context(), "s", s, nil); !errors.Is(err, ErrShards) {
		t.Errorf("a plan: %v", err)
	}
	mustSync(t, k, "other", s, nil)
	for i := range 4 {
		mustSync(t, k, "s", s, part(i, 4))
	}
	mustSync(t, k, "s", s, part(0, 3))
	if r := mustSync(t, k, "s", s, nil); r.Unchanged != 3 {
		t.Errorf("%v", r)
	}
	for d, err := range k.Documents(t.Context(), "") {
		if err != nil || d.Ref == markRef {
			t.Errorf("a mark is among the documents: %+v, %v", d, err)
		}
	}
	// A source that is deleted has no unfinished sync.
	if _, err := k.Sync(t.Context(), "s", failing, part(1, 4)); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if err := k.DeleteSource(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	mustSync(t, k, "s", s, nil)
}

// A brokenShelf ends its listing with an error.
type brokenShelf struct {
	*shelf
	err error
}

func (b *brokenShelf) List(context.Context) iter.Seq2[loaders.Ref, error] {
	return func(yield func(loaders.Ref, error) bool) { yield(loaders.Ref{}, b.err) }
}

// A shard deletes what is gone of its own part, and counts MaxDelete within it.
func TestShardsDelete(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(nil)
	var own, others int
	for i := range 200 {
		ref := fmt.Sprint("ref", i)
		s.put(ref, "text "+ref)
		if (Shard{1, 4}).has(ref) {
			own++
		} else {
			others++
		}
	}
	mustSync(t, k, "s", s, nil)
	s.refs = map[string]map[string]string{}
	_, err := k.Sync(t.Context(), "s", s, &SyncOptions{Shard: Shard{1, 4}})
	mass, ok := errors.AsType[*MassDeleteError](err)
	if !ok || mass.Total != own || len(mass.Vanished) != own {
		t.Fatalf("%v", err)
	}
	if r := mustSync(t, k, "s", s, &SyncOptions{Shard: Shard{1, 4}, MaxDelete: 1}); r.Deleted != own {
		t.Errorf("%d deleted, want %d", r.Deleted, own)
	}
	left := 0
	for range k.Documents(t.Context(), "s") {
		left++
	}
	if left != others {
		t.Errorf("%d documents are left, want %d", left, others)
	}
}

// A shard over a store without atomic writes that is killed anywhere vouches for
// nothing that is not there; synced again, and then the whole, all is as if
// nothing had happened.
func TestShardsKilledAnywhere(t *testing.T) {
	o := &Options{Chunker: smallChunks(t)}
	fresh := weakKB(t, o, nil)
	mustSync(t, fresh.kb, "shelf", after(), nil)
	fresh.db.Settle()
	goal := content(t, fresh.kb.Store())
	for n := 0; ; n++ {
		w := weakKB(t, o, nil)
		mustSync(t, w.kb, "shelf", before(), nil)
		w.db.Settle()
		w.db.KillAfter(n)
		_, err := w.kb.Sync(t.Context(), "shelf", after(), &SyncOptions{Shard: Shard{0, 2}, MaxDelete: 1})
		if err == nil {
			if n < 20 {
				t.Errorf("the shard makes only %d sub-requests", n)
			}
			return
		}
		w.db.Restart()
		w.db.Settle()
		w.whole(t, fmt.Sprintf("killed after %d", n))
		for i := range 2 {
			if _, err := w.kb.Sync(t.Context(), "shelf", after(), &SyncOptions{Shard: Shard{i, 2}, MaxDelete: 1}); err != nil {
				t.Fatalf("killed after %d, then shard %d: %v", n, i, err)
			}
			w.db.Settle()
			w.whole(t, fmt.Sprintf("killed after %d, then shard %d", n, i))
		}
		w.complete(t, goal, fmt.Sprintf("killed after %d", n))
	}
}

// Shards of one source run beside each other, one shard not beside itself or the
// whole.
func TestShardsAtOnce(t *testing.T) {
	k := newKB(t, nil)
	if err := k.lockSource("s", Shard{0, 2}); err != nil {
		t.Fatal(err)
	}
	if err := k.lockSource("s", Shard{1, 2}); err != nil {
		t.Error(err)
	}
	for _, s := range []Shard{{0, 2}, {}, {0, 1}} {
		if err := k.lockSource("s", s); !errors.Is(err, ErrBusy) {
			t.Errorf("%v: %v", s, err)
		}
	}
	k.unlockSource("s", Shard{0, 2})
	k.unlockSource("s", Shard{1, 2})
	if err := k.lockSource("s", Shard{}); err != nil {
		t.Error(err)
	}
}
