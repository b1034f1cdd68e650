package rag

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store/storetest"
)

// before and after are two states of a shelf: between them documents are added,
// edited, touched, moved, deleted, and a Ref of several loses and gains some.
func before() *shelf {
	s := newShelf(map[string]string{
		"same": paragraphs("same", 3), "edit": paragraphs("edit", 4), "gone": paragraphs("gone", 3), "touch": paragraphs("touch", 2),
		"shrink": paragraphs("shrink", 5), "from": "moves from here",
	})
	s.refs["box"] = map[string]string{"box#1": paragraphs("one", 2), "box#2": paragraphs("two", 2), "box#3": paragraphs("three", 2)}
	return s
}

func after() *shelf {
	s := before()
	s.put("edit", paragraphs("edited", 4))
	s.put("shrink", paragraphs("shrink", 1))
	s.put("new", paragraphs("new", 3))
	s.touch["touch"]++
	delete(s.refs, "gone")
	delete(s.refs, "from")
	s.refs["to"] = map[string]string{"from": "moves from here"}
	s.refs["box"] = map[string]string{"box#1": paragraphs("one", 2), "box#2": paragraphs("zwei", 3), "box#4": paragraphs("four", 1)}
	return s
}

// TestSyncOverAWeakStore kills a sync over a store without atomic writes after
// each of its sub-requests. What survives vouches for nothing that is not
// there, and the next sync makes it what a sync in one go makes.
func TestSyncOverAWeakStore(t *testing.T) {
	o := &Options{Chunker: smallChunks(t), Embedder: newCountingEmbedder()}
	want := weakKB(t, o, nil)
	mustSync(t, want.kb, "shelf", before(), nil)
	want.db.Settle()
	begin := want.db.Requests()
	mustSync(t, want.kb, "shelf", after(), nil)
	want.db.Settle()
	total := want.db.Requests() - begin
	if total < 40 {
		t.Fatalf("the sync makes only %d sub-requests", total)
	}
	goal := content(t, want.kb.Store())

	kills := 0
	for n := range total {
		w := weakKB(t, o, nil)
		mustSync(t, w.kb, "shelf", before(), nil)
		w.db.Settle()
		w.db.KillAfter(n)
		if _, err := w.kb.Sync(t.Context(), "shelf", after(), nil); err == nil {
			t.Fatalf("killed after %d of %d sub-requests, and the sync says it is done", n, total)
		}
		kills++
		w.complete(t, goal, fmt.Sprintf("killed after %d", n))
	}
	t.Logf("%d kills", kills)
}

// TestSyncKilledAgainAndAgain kills syncs at random, the ones that repair too,
// from an empty store on, and changes the source in between. In half of the
// rounds each sync begins before the store shows all that the one before it
// did: then chunks that no record vouches for may stay, and nothing else.
func TestSyncKilledAgainAndAgain(t *testing.T) {
	o := &Options{Chunker: smallChunks(t)}
	fresh := weakKB(t, o, nil)
	mustSync(t, fresh.kb, "shelf", after(), nil)
	fresh.db.Settle()
	goal := content(t, fresh.kb.Store())

	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 150 {
		w := weakKB(t, o, &storetest.WeakOptions{Seed: r.Uint64()})
		w.hasty = round%2 == 1
		when := fmt.Sprintf("seed %d round %d", seed, round)
		for range 1 + r.IntN(6) {
			s := before()
			if r.IntN(2) == 0 {
				s = after()
			}
			w.db.KillAfter(r.IntN(120))
			w.kb.Sync(t.Context(), "shelf", s, &SyncOptions{MaxDelete: 1}) // killed, or done just before
			w.db.Restart()
			if !w.hasty {
				w.db.Settle()
				w.whole(t, when)
			}
		}
		w.complete(t, goal, when)
	}
}

type weak struct {
	db    *storetest.Weak
	kb    *KB
	hasty bool // syncs did not wait for the store to settle
}

func weakKB(t *testing.T, o *Options, wo *storetest.WeakOptions) *weak {
	t.Helper()
	opts := *o
	db := storetest.NewWeak(wo)
	opts.DB = db
	kb, err := New(&opts)
	if err != nil {
		t.Fatal(err)
	}
	return &weak{db: db, kb: kb}
}

// whole wants no record to vouch for what is not there.
func (w *weak) whole(t *testing.T, when string) {
	t.Helper()
	if err := storetest.CheckWhole(t.Context(), w.kb.Store()); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
}

// complete syncs a store that was killed, and wants it to be as goal says.
func (w *weak) complete(t *testing.T, goal, when string) {
	t.Helper()
	w.db.Restart()
	w.db.Settle()
	w.whole(t, when)
	if _, err := w.kb.Sync(context.Background(), "shelf", after(), &SyncOptions{MaxDelete: 1}); err != nil && !errors.Is(err, ErrMassDelete) {
		t.Fatalf("%s: the next sync: %v", when, err)
	}
	w.db.Settle()
	w.whole(t, when)
	got, vouched := contents(t, w.kb.Store())
	if w.hasty {
		got = vouched
	}
	if got != goal {
		t.Fatalf("%s: the completed store differs:\n%s\nwant\n%s", when, got, goal)
	}
	if r := mustSync(t, w.kb, "shelf", after(), nil); r.Added+r.Changed+r.Deleted != 0 {
		t.Fatalf("%s: once more: %v", when, r)
	}
}
