package rag

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

// TestRandomSources changes a source at random, again and again: documents
// come, go, change, move between Refs, and Refs break and heal. After each sync
// the store holds what a sync into an empty store makes, a plan is what the
// sync then does, and a second sync does nothing. Some syncs read the source
// without listing it.
func TestRandomSources(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	o := &Options{Chunker: smallChunks(t), Embedder: newCountingEmbedder()}
	all := &SyncOptions{MaxDelete: 1}
	for round := range 40 {
		k := newKB(t, o)
		s := newShelf(nil)
		s.noURI = round%2 == 0
		for step := range 12 {
			when := fmt.Sprintf("seed %d round %d step %d", seed, round, step)
			for range 1 + r.IntN(4) {
				change(s, r)
			}
			var l Loader = s
			if r.IntN(4) == 0 {
				l = loaders.LoaderFunc(s.Load)
			}
			p, perr := k.Plan(t.Context(), "shelf", l, all)
			got, err := k.Sync(t.Context(), "shelf", l, all)
			if err != nil || perr != nil {
				t.Fatalf("%s: %v, %v", when, perr, err)
			}
			whole(t, k)
			counts := func(r Report) string { return fmt.Sprint(r, r.Embedded) }
			if counts(p.Report) != counts(got) || len(p.Add) != p.Added || len(p.Change) != p.Changed || len(p.Delete) != p.Deleted {
				t.Fatalf("%s: planned %v, did %v", when, p, got)
			}
			if len(s.bad) > 0 {
				continue // what was there of broken Refs stays
			}
			fresh := newKB(t, o)
			mustSync(t, fresh, "shelf", l, nil)
			if got, want := content(t, k.Store()), content(t, fresh.Store()); got != want {
				t.Fatalf("%s: the store has\n%s\nwant\n%s", when, got, want)
			}
			if r := mustSync(t, k, "shelf", l, all); r.Writes != 0 || r.Embedded != 0 {
				t.Fatalf("%s: once more: %v, %d writes", when, r, r.Writes)
			}
		}
	}
}

// change changes one thing of a shelf. Document IDs stay unique.
func change(s *shelf, r *rand.Rand) {
	ref := fmt.Sprint("ref", r.IntN(5))
	id := fmt.Sprint("doc", r.IntN(8))
	home := ""
	for name, docs := range s.refs {
		if _, ok := docs[id]; ok {
			home = name
		}
	}
	switch r.IntN(8) {
	case 0:
		delete(s.refs, ref)
	case 1:
		delete(s.refs[home], id)
	case 2:
		s.touch[ref]++
	case 3:
		if s.refs[ref] != nil {
			s.bad[ref] = errors.New("broken")
		}
	case 4, 5:
		clear(s.bad)
	default: // new, changed or moved
		delete(s.refs[home], id)
		if s.refs[ref] == nil {
			s.refs[ref] = map[string]string{}
		}
		s.refs[ref][id] = paragraphs(id, max(1, r.IntN(4)))
	}
}
