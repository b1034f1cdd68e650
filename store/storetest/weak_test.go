package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/quarry-go/quarry/store"
)

func weakHarness(o *WeakOptions) Harness {
	return Harness{
		Open:   func() (store.DB, error) { return NewWeak(o), nil },
		Reopen: func(old store.DB) (store.DB, error) { old.(*Weak).Restart(); return old, nil },
		Settle: func(_ context.Context, db store.DB) error { db.(*Weak).Settle(); return nil },
	}
}

func TestWeak(t *testing.T) {
	Run(t, sized(weakHarness(&WeakOptions{Delay: 500})))
}

// weakDocument is version n of a document, as a sync would write it.
func weakDocument(n int) store.Change {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	chunks := randomDocument(r, "doc", 2+n%4, 8)
	for i := range chunks {
		chunks[i].ID = fmt.Sprintf("doc#%d", i*(1+n%2)) // some IDs stay, some go
	}
	return store.Change{Docs: RecordsOf(chunks), Delete: store.Docs("doc"), Upsert: chunks, Space: "space"}
}

// A Write that is killed anywhere leaves no record that vouches for what is
// not there, and the same Write again repairs it.
func TestWeakKilled(t *testing.T) {
	ctx := t.Context()
	for n := 0; ; n++ {
		w := NewWeak(&WeakOptions{Seed: uint64(n)})
		s, err := w.Namespace("a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(ctx, weakDocument(1)); err != nil {
			t.Fatal(err)
		}
		before := w.Requests()
		w.KillAfter(n)
		_, err = s.Write(ctx, weakDocument(2))
		if err == nil {
			if n < 6 {
				t.Fatalf("a Write of %d sub-requests survives a kill after %d", w.Requests()-before, n)
			}
			break
		}
		if !w.Killed() || !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("killed after %d: error is %v", n, err)
		}
		if got := w.Requests() - before; got != n {
			t.Fatalf("killed after %d: %d sub-requests", n, got)
		}
		var partial *store.WriteError
		if n > 0 && !errors.As(err, &partial) {
			t.Fatalf("killed after %d: %v is no WriteError", n, err)
		}
		if _, err := s.Get(ctx, []string{"doc#0"}, 0); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Get after the kill: %v", err)
		}
		w.Restart()
		w.Settle()
		if err := CheckWhole(ctx, s); err != nil {
			t.Errorf("killed after %d: %v", n, err)
		}
		if n > 0 {
			for _, id := range partial.Upserted {
				if c, err := s.Get(ctx, []string{id}, 0); err != nil || len(c) != 1 || c[0].Version != weakDocument(2).Docs[0].Version {
					t.Errorf("killed after %d: %q, which the error calls durable, is %+v, %v", n, id, c, err)
				}
			}
		}
		if _, err := s.Write(ctx, weakDocument(2)); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		if err := CheckWhole(ctx, s); err != nil {
			t.Errorf("killed after %d and written again: %v", n, err)
		}
		if docs, err := drain(s.Docs(ctx, store.DocQuery{})); err != nil || len(docs) != 1 {
			t.Errorf("killed after %d and written again: %d records, %v", n, len(docs), err)
		}
	}
}

// Readers see a change late and in parts, and at the end whole.
func TestWeakShowsParts(t *testing.T) {
	ctx := t.Context()
	var s store.Store
	parts, stale := 0, 0
	w := NewWeak(&WeakOptions{After: func(int) {
		if err := CheckWhole(ctx, s); err != nil {
			parts++
		}
		if c, err := s.Get(ctx, []string{"doc#0"}, 0); err == nil && len(c) == 0 {
			stale++
		}
	}})
	s, err := w.Namespace("a")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		if _, err := s.Write(ctx, weakDocument(n)); err != nil {
			t.Fatal(err)
		}
	}
	if parts == 0 || stale == 0 {
		t.Errorf("readers between the sub-requests saw %d half states and %d times nothing, want some of both", parts, stale)
	}
	// Reads alone bring everything to light.
	for range 1000 {
		if _, err := s.Get(ctx, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := CheckWhole(ctx, s); err != nil {
		t.Errorf("in the end: %v", err)
	}
}

// The phases of a Write are those of AtomicNone: at every moment what is
// acknowledged holds the old document or the new.
func TestWeakPhases(t *testing.T) {
	ctx := t.Context()
	var s store.Store
	w := NewWeak(&WeakOptions{Delay: -1, After: func(n int) {
		if err := CheckWhole(ctx, s); err != nil {
			t.Errorf("after sub-request %d: %v", n, err)
		}
		hits, err := s.Search(ctx, store.Query{Text: commonWord, K: 1})
		if n > 5 && (err != nil || len(hits) == 0) {
			t.Errorf("after sub-request %d a search finds nothing of the document, error %v", n, err)
		}
	}})
	s, err := w.Namespace("a")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		if _, err := s.Write(ctx, weakDocument(n)); err != nil {
			t.Fatal(err)
		}
	}
}
