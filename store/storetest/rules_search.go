package storetest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

var searchRules = []rule{
	{"nothing", "reading a namespace that does not exist finds nothing", testSearchNothing},
	{"at-most-k", "Search returns at most K chunks, and fewer where fewer pass or match", testAtMostK},
	{"best-first", "hits come best first, and a higher score is better", testBestFirst},
	{"finite", "scores are finite numbers", testFinite},
	{"ranks", "a store fills in one Rank a hit: the ranker, the position from 1, its score and metric", testRanks},
	{"ties", "ties are in ascending order of ID", testTies},
	{"filter-first", "the filter is applied before ranking: K chunks are found wherever K pass", testFilterFirst},
	{"deleted", "what was deleted or replaced is not found", testDeleted},
}

func testSearchNothing(t *trial) {
	s := t.empty()
	for _, q := range t.queries(s) {
		if n := len(s.search(q)); n > 0 {
			t.Faultf("Search in an empty namespace for %s finds %d", showQuery(q), n)
		}
	}
	if n := len(s.get(0, "a")) + len(s.scan(store.ScanQuery{})) + len(s.docs(store.DocQuery{})); n > 0 {
		t.Faultf("Get, Scan and Docs of an empty namespace yield %d", n)
	}
	s.write(store.Change{Delete: store.All()})
}

func testAtMostK(t *trial) {
	w := t.beside()
	w.write(t.upsert(t.random(30)...))
	for _, q := range t.queries(w.shelf) {
		all := len(w.found(q))
		for _, k := range []int{1, 2, 7, all, all + 1, 100, 1 << 20} {
			if max := w.Info().Limits.K; max > 0 && k > max {
				continue
			}
			q.K = k
			if n := len(w.search(q)); n != min(k, all) {
				t.Faultf("Search for %s returns %d, want %d of %d that match", showQuery(q), n, min(k, all), all)
			}
		}
	}
}

func testBestFirst(t *trial) {
	w := t.beside()
	w.write(t.upsert(t.random(50)...))
	for _, q := range t.queries(w.shelf) {
		q.K = 50
		if q.Text != "" {
			q.Text += " " + strings.Join(someWords[:3], " ")
		}
		hits := w.search(q)
		for i := 1; i < len(hits); i++ {
			if hits[i].Score > hits[i-1].Score {
				t.Faultf("Search for %s: score %v at %d, after %v", showQuery(q), hits[i].Score, i, hits[i-1].Score)
			}
		}
	}
	if !w.Info().Features.Vectors {
		return
	}
	near, far := t.chunk("near", "doc", "text"), t.chunk("far", "doc", "text")
	far.Vector = opposite(near.Vector)
	w.write(t.upsert(near, far))
	hits := w.search(store.Query{Vector: near.Vector, K: 2, Filter: store.IDs("near", "far")})
	if d := diffIDs([]string{"near", "far"}, hitIDs(hits)); d != "" {
		t.Faultf("Search by the vector of one chunk, where another has the opposite: %s", d)
	} else if !(hits[0].Score > hits[1].Score) {
		t.Faultf("the chunk with the query's own vector has score %v, that with the opposite %v: want higher for better", hits[0].Score, hits[1].Score)
	}
}

func opposite(v []float32) []float32 {
	w := slices.Clone(v)
	for i := range w {
		w[i] = -w[i]
	}
	return w
}

func testFinite(t *trial) {
	s := t.empty()
	c := t.chunk("same", "doc", commonWord)
	chunks := []store.Chunk{c}
	if c.Vector != nil {
		far := t.chunk("far", "doc", commonWord)
		far.Vector = opposite(c.Vector)
		across := t.chunk("across", "doc", commonWord)
		across.Vector = make([]float32, len(c.Vector))
		across.Vector[0] = 1
		chunks = append(chunks, far, across, store.Chunk{ID: "none", DocID: "doc", Text: commonWord, End: len(commonWord)})
	}
	s.put(chunks...)
	for _, q := range t.queries(s) {
		if q.Vector != nil {
			q.Vector = c.Vector
		} else {
			q.Text = strings.Repeat(commonWord+" nosuchword ", 20)
		}
		for _, h := range s.search(q) {
			for _, x := range append([]float64{h.Score}, rankScores(h)...) {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Faultf("Search for %s gives chunk %q the score %v", showQuery(q), h.Chunk.ID, x)
				}
			}
		}
	}
}

func rankScores(h store.Hit) []float64 {
	var xs []float64
	for _, r := range h.Ranks {
		xs = append(xs, r.Score)
	}
	return xs
}

func testRanks(t *trial) {
	s := t.empty()
	chunks := t.random(20)
	s.put(chunks...)
	for _, q := range t.queries(s) {
		ranker := store.RankerText
		if q.Vector != nil {
			ranker = store.RankerVector
		}
		hits := s.search(q)
		if len(hits) == 0 {
			t.Faultf("Search for %s finds nothing", showQuery(q))
		}
		for i, h := range hits {
			if len(h.Ranks) != 1 {
				t.Fatalf("Search for %s: hit %d has %d Ranks, want 1", showQuery(q), i, len(h.Ranks))
			}
			r := h.Ranks[0]
			if r.Ranker != ranker || r.Position != i+1 || r.Metric == "" {
				t.Faultf("Search for %s: hit %d has Rank %+v, want Ranker %q, Position %d and a Metric", showQuery(q), i, r, ranker, i+1)
			}
			if i > 0 && r.Score > hits[i-1].Ranks[0].Score {
				t.Faultf("Search for %s: Rank.Score rises from %v to %v at hit %d", showQuery(q), hits[i-1].Ranks[0].Score, r.Score, i)
			}
			c := s.get(store.FieldVector, h.Chunk.ID)[0]
			if want := cosine(q.Vector, c.Vector); r.Metric == "cosine" && math.Abs(r.Score-want) > t.h.Tolerance {
				t.Faultf("Search for %s: the cosine of chunk %q is given as %v, but is %v", showQuery(q), c.ID, r.Score, want)
			}
		}
	}
}

func testTies(t *trial) {
	s := t.empty()
	v := t.vector()
	ids := slices.Compact(slices.Sorted(slices.Values(mixed())))
	for _, i := range t.rand.Perm(len(ids)) {
		c := t.chunk(ids[i], "doc", commonWord+" of every one")
		c.Vector = v
		s.put(c)
	}
	for _, q := range t.queries(s) {
		if q.Vector != nil {
			q.Vector = v
		}
		for _, q.K = range []int{len(ids), 5, 1} {
			hits := s.search(q)
			want := ids[:q.K]
			if q.Vector != nil && !q.Exact { // which of them is not promised, but in what order
				want = slices.Sorted(slices.Values(hitIDs(hits)))
			}
			if d := diffIDs(want, hitIDs(hits)); d != "" {
				t.Faultf("Search for %s among %d chunks that are alike: %s", showQuery(q), len(ids), d)
			}
		}
	}
}

func testFilterFirst(t *trial) {
	s := t.empty()
	v := t.vector()
	const n, pass = 300, 8
	chunks := make([]store.Chunk, n)
	var want []string
	for i := range chunks {
		c := t.chunk(fmt.Sprintf("c%03d", i), fmt.Sprintf("d%d", i), strings.Repeat(commonWord+" ", 5))
		if v != nil {
			c.Vector = near(t, v)
		}
		c.Meta = map[string]any{"lang": "en", "year": int64(i % 5)}
		if i%(n/pass) == 7 && len(want) < pass { // those that pass are the worst of all
			c.Text = commonWord + strings.Repeat(" other", 40)
			c.Vector = opposite(c.Vector)
			c.Meta["lang"], c.Source, c.Origin.Principals = "de", "rare", []string{"ann"}
			want = append(want, c.ID)
		}
		c.End = len(c.Text)
		chunks[i] = c
	}
	s.put(chunks...)
	for _, f := range []store.Filter{
		store.Eq("lang", "de"), store.IDs(want...), store.Sources("rare"), store.Not(store.Readable()),
		store.And(store.Not(store.Eq("lang", "en")), store.Ge("year", 0)),
	} {
		for _, q := range t.queries(s) {
			q.Filter, q.K = f, pass
			if q.Vector != nil {
				q.Vector = v
			}
			got := slices.Sorted(slices.Values(hitIDs(s.search(q))))
			if d := diffIDs(want, got); d != "" {
				t.Faultf("Search for %s, which the %d worst of %d chunks pass: %s", showQuery(q), pass, n, d)
			}
		}
	}
}

// near returns a unit vector close to v.
func near(t *trial, v []float32) []float32 {
	w := RandomVector(t.rand, len(v))
	sum := 0.0
	for i := range w {
		w[i] = v[i] + w[i]/4
		sum += float64(w[i]) * float64(w[i])
	}
	for i := range w {
		w[i] /= float32(math.Sqrt(sum))
	}
	return w
}

func testDeleted(t *trial) {
	s := t.empty()
	gone, changed, kept := t.chunk("gone", "doc one", "velbort"), t.chunk("changed", "doc two", "velbort"), t.chunk("kept", "doc three", "velbort")
	s.put(gone, changed, kept)
	v := changed.Vector
	next := t.chunk("changed", "doc two", "quixnar")
	next.Vector = opposite(v)
	c := t.upsert(next)
	c.Delete = store.Docs("doc one")
	s.write(c)
	for _, q := range t.queries(s) {
		want := []string{"kept"}
		if q.Vector != nil {
			q.Vector, want = v, []string{"changed", "kept"}
		} else {
			q.Text = "velbort"
		}
		hits := s.search(q)
		if d := diffIDs(want, slices.Sorted(slices.Values(hitIDs(hits)))); d != "" {
			t.Faultf("Search for %s after one chunk was deleted and one replaced: %s", showQuery(q), d)
		}
		if q.Vector != nil && hits[0].Chunk.ID == "changed" {
			t.Faultf("Search by the old vector of a replaced chunk finds it first")
		}
	}
}
