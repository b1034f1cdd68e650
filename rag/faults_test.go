package rag

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// hooked returns a knowledge base over a store that a test can break.
func hooked(t testing.TB, o Options) (*KB, *hookedDB) {
	t.Helper()
	db := &hookedDB{DB: storetest.NewReference()}
	o.DB = db
	k, err := New(&o)
	if err != nil {
		t.Fatal(err)
	}
	return k, db
}

// TestFaults lets the n-th call of one kind fail during a sync, for every n.
// The sync ends with that error and leaves no goroutine, what is stored is
// whole documents, and the next sync makes it what a sync in one go makes.
func TestFaults(t *testing.T) {
	broken := errors.New("broken")
	e := newCountingEmbedder()
	o := Options{Chunker: smallChunks(t), Embedder: e}
	once, _ := hooked(t, o)
	mustSync(t, once, "shelf", after(), nil)
	goal := content(t, once.Store())

	for _, kind := range []string{"write", "docs", "scan", "embed", "stage"} {
		for n := 0; ; n++ {
			left := -1 // until the call that fails; negative: none does
			fired := false
			var mu sync.Mutex
			call := func(of string) error {
				mu.Lock()
				defer mu.Unlock()
				if of != kind || left < 0 || fired {
					return nil
				}
				if left--; left < 0 {
					fired = true
					return broken
				}
				return nil
			}
			synctest.Test(t, func(t *testing.T) {
				k, db := hooked(t, o)
				mustSync(t, k, "shelf", before(), nil)
				db.write = func(context.Context, store.Change) error { return call("write") }
				db.docs = func(context.Context, store.DocQuery) error { return call("docs") }
				db.scan = func(context.Context, store.ScanQuery) error { return call("scan") }
				e.fail = func(embed.Request) error { return call("embed") }
				stage := Stage{Name: "s", Apply: func(context.Context, *Document) error { return call("stage") }}
				left = n
				var opts *SyncOptions
				if kind == "stage" {
					opts = &SyncOptions{Stages: []Stage{stage}}
				}
				r, err := k.Sync(t.Context(), "shelf", after(), opts)
				left = -1
				switch {
				case !fired:
				case kind == "stage": // costs its document alone
					if err != nil || !errors.Is(r.Err(), broken) || len(r.Failed) != 1 {
						t.Errorf("%s %d: %v, %v", kind, n, err, r.Err())
					}
				case !errors.Is(err, broken):
					t.Errorf("%s %d: %v", kind, n, err)
				}
				if err := storetest.CheckWhole(t.Context(), k.Store()); err != nil {
					t.Errorf("%s %d: %v", kind, n, err)
				}
				mustSync(t, k, "shelf", after(), nil)
				if got := content(t, k.Store()); got != goal {
					t.Errorf("%s %d: the completed store differs:\n%s\nwant\n%s", kind, n, got, goal)
				}
			})
			if e.fail = nil; t.Failed() {
				return
			}
			if !fired {
				if n < 1 {
					t.Errorf("no %s at all", kind)
				}
				t.Logf("%d calls of %s failed", n, kind)
				break
			}
		}
	}
}

// A store that takes nothing must not cost the embedding of everything.
func TestAFailedWriteStopsTheReaders(t *testing.T) {
	full := errors.New("disk is full")
	e := newCountingEmbedder()
	k, db := hooked(t, Options{Embedder: e})
	db.write = func(context.Context, store.Change) error { return full }
	s := newShelf(nil)
	for i := range 5000 {
		s.put(fmt.Sprint("doc", i), "some text")
	}
	if _, err := k.Sync(t.Context(), "shelf", s, nil); !errors.Is(err, full) {
		t.Errorf("err = %v", err)
	}
	if n := e.texts.Load(); n > 2*writeDocs {
		t.Errorf("%d texts were embedded after the store had failed", n)
	}
}

// The context's own error is what comes back, whatever its cause.
func TestContextErrors(t *testing.T) {
	why := errors.New("the user went home")
	for _, workers := range []int{1, 4} {
		for n := range 8 {
			k := newKB(t, nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			var calls atomic.Int64
			stage := Stage{Name: "s", Apply: func(context.Context, *Document) error {
				if calls.Add(1) == int64(n) {
					cancel(why)
				}
				return nil
			}}
			s := newShelf(nil)
			for i := range 6 {
				s.put(fmt.Sprint("doc", i), "some text")
			}
			_, err := k.Sync(ctx, "shelf", s, &SyncOptions{Stages: []Stage{stage}, Workers: workers})
			if 0 < n && n < 7 && !errors.Is(err, context.Canceled) {
				t.Errorf("%d workers, cancelled in document %d: %v", workers, n, err)
			}
			cancel(why)
			_, perr := k.Put(ctx, Document{ID: "a", Text: "x"})
			_, rerr := k.Retrieve(ctx, Question{Text: "x"})
			_, lerr := k.Plan(ctx, "shelf", s, nil)
			for _, err := range []error{perr, rerr, lerr, k.Delete(ctx, "x"), k.DeleteSource(ctx, "x"), k.Drop(ctx)} {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("a cancelled context: %v", err)
				}
			}
		}
	}
}

// A document that the store refuses costs itself alone.
func TestADocumentThatTheStoreRefuses(t *testing.T) {
	for _, refused := range []error{store.ErrTooLarge, store.ErrInvalid} {
		k, db := hooked(t, Options{})
		biggest := 0
		db.write = func(_ context.Context, c store.Change) error {
			biggest = max(biggest, len(c.Docs))
			for _, u := range c.Upsert {
				if strings.Contains(u.Text, "bad") {
					return fmt.Errorf("chunk %q: %w", u.ID, refused)
				}
			}
			return nil
		}
		s := newShelf(nil)
		for i := range 40 {
			s.put(fmt.Sprint("doc", i), fmt.Sprintf("good text %d", i))
		}
		s.put("doc7", "first good text")
		s.refs["box"] = map[string]string{"box#1": "one", "box#2": "bad now", "box#3": "three"}
		r := mustSync(t, k, "shelf", s, nil)
		if r.Added != 42 || len(r.Failed) != 1 || !errors.Is(r.Err(), refused) || r.Failed[0].Ref != "box" {
			t.Errorf("%v: %v", r, r.Err())
		}
		// A change that goes bad leaves the document as it was.
		s.put("doc7", "this is bad")
		r = mustSync(t, k, "shelf", s, nil)
		if r.Changed+r.Added+r.Deleted != 0 || len(r.Failed) != 2 {
			t.Errorf("%v: %v", r, r.Err())
		}
		if hits := find(t, k, "first"); len(hits) != 1 || hits[0].Chunk.Text != "first good text" {
			t.Errorf("hits %v", hits)
		}
		s.refs["box"]["box#2"] = "good now"
		s.put("doc7", "well again")
		if r := mustSync(t, k, "shelf", s, nil); r.Added != 1 || r.Changed != 1 || r.Err() != nil {
			t.Errorf("%v: %v", r, r.Err())
		}
		whole(t, k)
	}
	// What no store takes.
	k := newKB(t, nil)
	r, err := k.Put(t.Context(), Document{ID: "good", Text: "good"}, Document{ID: "bad", Text: "bad", Principals: []string{"\xff"}})
	if err != nil || r.Added != 1 || len(r.Failed) != 1 {
		t.Errorf("%v, %v: %v", r, err, r.Err())
	}
}

// Reports and plans come in one order, whatever the readers' luck.
func TestReportsAreInOrder(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(nil)
	for i := range 60 {
		id := fmt.Sprintf("doc%02d", i)
		s.put(id, "text")
		switch i % 3 {
		case 0:
			s.bad[id] = errors.New("broken")
		case 1:
			s.bad[id] = loaders.ErrNoParser
		}
	}
	o := &SyncOptions{Workers: 8}
	p, err := k.Plan(t.Context(), "shelf", s, o)
	if err != nil || !slices.IsSorted(p.Add) {
		t.Errorf("%v, %v", p.Add, err)
	}
	r := mustSync(t, k, "shelf", s, o)
	byRef := func(a, b *DocError) int { return strings.Compare(a.Ref, b.Ref) }
	if len(r.Failed) != 20 || len(r.Skipped) != 20 || !slices.IsSortedFunc(r.Failed, byRef) || !slices.IsSortedFunc(r.Skipped, byRef) {
		t.Errorf("%v, %v", r.Failed, r.Skipped)
	}
}

// Documents that are ready do not wait for one that takes long.
func TestReadyDocumentsAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := hooked(t, Options{})
		slow := Stage{Name: "slow", Apply: func(_ context.Context, d *Document) error {
			if d.ID == "z" {
				time.Sleep(time.Hour)
			}
			return nil
		}}
		done := make(chan error)
		go func() {
			_, err := k.Sync(t.Context(), "s", newShelf(map[string]string{"a": "alpha", "z": "omega"}), &SyncOptions{Stages: []Stage{slow}})
			done <- err
		}()
		time.Sleep(2 * flushAfter)
		if n := len(documents(t, k)); n != 1 {
			t.Errorf("%d documents after %v, want 1", n, 2*flushAfter)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
