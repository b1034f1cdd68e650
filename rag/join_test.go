package rag

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// withoutWords and withoutVectors are what a join is made of.
type withoutWords struct{ store.DB }
type withoutVectors struct{ store.DB }
type wordless struct{ store.Store }
type vectorless struct{ store.Store }

func (d withoutWords) Namespace(name string) (store.Store, error) {
	s, err := d.DB.Namespace(name)
	return wordless{s}, err
}

func (d withoutVectors) Namespace(name string) (store.Store, error) {
	s, err := d.DB.Namespace(name)
	return vectorless{s}, err
}

func (s wordless) Info() store.Info {
	info := s.Store.Info()
	info.Features.Lexical, info.Analyzer = false, ""
	return info
}

func (s vectorless) Info() store.Info {
	info := s.Store.Info()
	info.Features.Vectors, info.Features.Exact = false, false
	return info
}

func (s vectorless) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	for i := range c.Upsert {
		if c.Upsert[i].Vector != nil {
			return store.Changed{}, errors.ErrUnsupported
		}
	}
	return s.Store.Write(ctx, c)
}

// mark is the record of a sync, of which one store may keep a copy that the join
// does not show.
var mark = regexp.MustCompile(`(?m)^doc .* ` + markRef + ` .*\n`)

// joinedKB is a knowledge base over two weak stores.
type joinedKB struct {
	dbs [2]*storetest.Weak
	kb  *KB
}

func newJoinedKB(t *testing.T, o Options) joinedKB {
	t.Helper()
	var j joinedKB
	for i := range j.dbs {
		j.dbs[i] = storetest.NewWeak(&storetest.WeakOptions{Delay: -1})
	}
	o.DB = store.Join(withoutWords{j.dbs[0]}, withoutVectors{j.dbs[1]})
	kb, err := New(&o)
	if err != nil {
		t.Fatal(err)
	}
	j.kb = kb
	return j
}

// restart brings the stores back, and wants no record to vouch for what is not in
// both.
func (j joinedKB) restart(t *testing.T, when string) {
	t.Helper()
	for _, db := range j.dbs {
		db.Restart()
	}
	// Chunks that words alone has are of no record, or of one that changes.
	whole := map[string]int{}
	for d, err := range j.kb.Store().Docs(t.Context(), store.DocQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		whole[d.ID+" "+d.Version] = d.Chunks
	}
	for _, db := range j.dbs {
		s, err := db.Namespace(j.kb.name)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for c, err := range s.Scan(t.Context(), store.ScanQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			n[c.DocID+" "+c.Version]++
		}
		for doc, chunks := range whole {
			if n[doc] != chunks {
				t.Fatalf("%s: %d chunks of %s, the record says %d", when, n[doc], doc, chunks)
			}
		}
		if err := storetest.CheckWhole(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
}

// contents returns what the join holds, and each of the two.
func (j joinedKB) contents(t *testing.T) [3]string {
	t.Helper()
	all := [3]string{content(t, j.kb.Store())}
	for i, db := range j.dbs {
		s, err := db.Namespace(j.kb.name)
		if err != nil {
			t.Fatal(err)
		}
		all[i+1] = mark.ReplaceAllString(content(t, s), "")
	}
	return all
}

// complete syncs what was killed, and wants it to be as goal says.
func (j joinedKB) complete(t *testing.T, goal [3]string, when string) {
	t.Helper()
	j.restart(t, when)
	mustSync(t, j.kb, "shelf", after(), &SyncOptions{MaxDelete: 1})
	for i, got := range j.contents(t) {
		if got != goal[i] {
			t.Fatalf("%s: %s\n%s\nwant\n%s", when, []string{"the join holds", "vectors holds", "words holds"}[i], got, goal[i])
		}
	}
	if r := mustSync(t, j.kb, "shelf", after(), nil); r.Added+r.Changed+r.Deleted != 0 {
		t.Fatalf("%s: once more: %v", when, r)
	}
}

// A sync over two joined stores, of which one is killed after each of its
// sub-requests, is completed by the next: in the join, and in each of the two.
func TestSyncOverAJoin(t *testing.T) {
	o := Options{Chunker: smallChunks(t), Embedder: newCountingEmbedder()}
	j := newJoinedKB(t, o)
	mustSync(t, j.kb, "shelf", after(), nil)
	goal := j.contents(t)
	for which := range j.dbs {
		for n := 0; ; n++ {
			j := newJoinedKB(t, o)
			mustSync(t, j.kb, "shelf", before(), nil)
			j.dbs[which].KillAfter(n)
			if _, err := j.kb.Sync(t.Context(), "shelf", after(), &SyncOptions{MaxDelete: 1}); err == nil {
				if n < 40 {
					t.Errorf("the sync makes only %d sub-requests", n)
				}
				break
			}
			j.complete(t, goal, fmt.Sprintf("store %d killed after %d", which, n))
		}
	}
}

// The same with both killed again and again at random, while the source changes.
func TestSyncOverAJoinKilledAgainAndAgain(t *testing.T) {
	o := Options{Chunker: smallChunks(t), Embedder: newCountingEmbedder()}
	j := newJoinedKB(t, o)
	mustSync(t, j.kb, "shelf", after(), nil)
	goal := j.contents(t)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 100 {
		j := newJoinedKB(t, o)
		when := fmt.Sprintf("seed %d round %d", seed, round)
		for range 1 + r.IntN(6) {
			s := before()
			if r.IntN(2) == 0 {
				s = after()
			}
			j.dbs[r.IntN(2)].KillAfter(r.IntN(120))
			j.kb.Sync(t.Context(), "shelf", s, &SyncOptions{MaxDelete: 1}) // killed, or done just before
			j.restart(t, when)
		}
		j.complete(t, goal, when)
	}
}
