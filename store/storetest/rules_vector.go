package storetest

import (
	"math"

	"github.com/quarry-go/quarry/store"
)

var vectorRules = []rule{
	{"exact", "an Exact store returns the K nearest vectors, as brute force does", testExact},
	{"recall", "approximate search finds most of the nearest", testRecall},
	{"unembedded", "a vector query finds any chunk that has a vector, and none that has not", testUnembedded},
}

func testExact(t *trial) {
	t.needVectors()
	if !t.info().Features.Exact {
		t.Skipf("Info does not declare Exact")
	}
	w := t.beside()
	w.write(t.upsert(t.random(300)...))
	for i := range 30 {
		q := store.Query{Vector: t.vector(), K: 1 + t.rand.IntN(40), Exact: true}
		if i%2 == 1 {
			q.Filter = RandomFilter(t.rand)
		}
		all := w.found(q)
		want := all[:min(q.K, len(all))]
		got := w.search(q)
		if len(got) != len(want) {
			t.Faultf("Search for %s returns %d, want %d", showQuery(q), len(got), len(want))
			continue
		}
		truth := map[string]float64{}
		for _, h := range all {
			truth[h.Chunk.ID] = h.Score
		}
		for i := range got {
			id := got[i].Chunk.ID
			x, ok := truth[id]
			if !ok {
				t.Faultf("Search for %s returns %q, which has no vector or does not pass", showQuery(q), id)
			} else if math.Abs(x-want[i].Score) > 2*t.h.Tolerance {
				t.Faultf("Search for %s: %q at %d has cosine %v, want %q of %v", showQuery(q), id, i, x, want[i].Chunk.ID, want[i].Score)
			}
		}
	}
}

// leastRecall is what any approximate index reaches on a few hundred vectors.
const leastRecall = .7

func testRecall(t *trial) {
	t.needVectors()
	w := t.beside()
	w.write(t.upsert(t.random(300)...))
	found, all := 0, 0
	for i := range 30 {
		q := store.Query{Vector: t.vector(), K: 10}
		if i%2 == 1 {
			q.Filter = store.Sources(pick(t.rand, someSources))
		}
		want := hitIDs(w.found(q))
		want = want[:min(q.K, len(want))]
		got := hitIDs(w.search(q))
		if len(got) != len(want) {
			t.Faultf("Search for %s returns %d, want %d", showQuery(q), len(got), len(want))
		}
		all += len(want)
		found += len(want) - len(without(want, got))
	}
	t.note("recall@10 %.3f", float64(found)/float64(all))
	if float64(found) < leastRecall*float64(all) {
		t.Faultf("%d of the %d nearest were found, want %v", found, all, leastRecall)
	}
}

func testUnembedded(t *trial) {
	t.needVectors()
	s := t.empty()
	with, none := t.chunk("with", "doc", "text"), t.chunk("none", "doc", "text")
	none.Vector = nil
	s.put(none)
	q := store.Query{Vector: t.vector(), K: 10}
	if n := len(s.search(q)); n > 0 {
		t.Faultf("Search by vector finds %d where no chunk has one", n)
	}
	s.put(with)
	q.Vector = opposite(with.Vector)
	if d := diffIDs([]string{"with"}, hitIDs(s.search(q))); d != "" {
		t.Faultf("Search by the vector opposite to that of the only chunk with a vector: %s", d)
	}
	with.Vector = nil
	s.put(with)
	if n := len(s.search(q)); n > 0 {
		t.Faultf("Search by vector finds %d after the chunk was replaced by one without vector", n)
	}
}
