package retrieve

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/store"
)

// zscore is the rule for a keyword and a vector ranker, word for word: fill
// the keyword list with zeros to the length of the other, take standard
// scores, give what a list lacks its lowest, add.
func zscore(keyword, dense map[string]float64, w float64) map[string]float64 {
	standard := func(m map[string]float64, n int) (z func(id string) float64) {
		values := slices.Collect(func(yield func(float64) bool) {
			for _, s := range m {
				if !yield(s) {
					return
				}
			}
		})
		for len(values) < n {
			values = append(values, 0)
		}
		if len(values) == 0 {
			return func(string) float64 { return 0 }
		}
		mu, variance := 0.0, 0.0
		for _, v := range values {
			mu += v
		}
		mu /= float64(len(values))
		for _, v := range values {
			variance += (v - mu) * (v - mu)
		}
		sd := math.Sqrt(variance / float64(len(values)))
		return func(id string) float64 {
			s, ok := m[id]
			if !ok {
				s = slices.Min(values)
			}
			if sd < 1e-12 {
				return 0
			}
			return (s - mu) / sd
		}
	}
	zk, zd := standard(keyword, len(dense)), standard(dense, 0)
	fused := map[string]float64{}
	for _, m := range []map[string]float64{keyword, dense} {
		for id := range m {
			fused[id] = (1-w)*zk(id) + w*zd(id)
		}
	}
	return fused
}

func hits(m map[string]float64, ranker string) []store.Hit {
	var list []store.Hit
	for id, s := range m {
		list = append(list, store.Hit{Chunk: store.Chunk{ID: id}, Score: s})
	}
	slices.SortFunc(list, func(a, b store.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Chunk.ID, b.Chunk.ID))
	})
	for i := range list {
		list[i].Ranks = []store.Rank{{Ranker: ranker, Position: i + 1, Score: list[i].Score}}
	}
	return list
}

func TestZScoreFollowsTheRule(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 0))
		random := func(n int, f func() float64) map[string]float64 {
			m := map[string]float64{}
			for range n {
				m[fmt.Sprintf("c%02d", r.IntN(40))] = f()
			}
			return m
		}
		keyword := random(r.IntN(20), func() float64 { return 1 + 9*r.Float64() })
		dense := random(r.IntN(30), func() float64 { return 2*r.Float64() - 1 })
		if r.IntN(5) == 0 {
			dense = random(r.IntN(30), func() float64 { return .5 })
		}
		w := []float64{.5, .5, .3, 1, 0}[r.IntN(5)]
		want := zscore(keyword, dense, w)
		got := merge(ZScore, []list{{hits(keyword, store.RankerText), 1 - w}, {hits(dense, store.RankerVector), w}})
		if len(got) != len(want) {
			t.Fatalf("seed %d: %d hits, want %d", seed, len(got), len(want))
		}
		for i, h := range got {
			if math.Abs(h.Score-want[h.Chunk.ID]) > 1e-9 {
				t.Fatalf("seed %d: %s has %v, want %v", seed, h.Chunk.ID, h.Score, want[h.Chunk.ID])
			}
			if i > 0 && cmp.Or(cmp.Compare(got[i-1].Score, h.Score), cmp.Compare(h.Chunk.ID, got[i-1].Chunk.ID)) < 0 {
				t.Fatalf("seed %d: %s out of order", seed, h.Chunk.ID)
			}
			ranks := 1
			for _, m := range []map[string]float64{keyword, dense} {
				if _, ok := m[h.Chunk.ID]; ok {
					ranks++
				}
			}
			if last := h.Ranks[len(h.Ranks)-1]; len(h.Ranks) != ranks || last != (store.Rank{Ranker: "fuse", Position: i + 1, Score: h.Score, Metric: "zscore"}) {
				t.Fatalf("seed %d: %s has ranks %+v", seed, h.Chunk.ID, h.Ranks)
			}
		}
	}
}

func TestConvexAndRRF(t *testing.T) {
	keyword := hits(map[string]float64{"a": 10, "b": 6, "c": 2}, store.RankerText)
	dense := hits(map[string]float64{"b": .9, "d": .5}, store.RankerVector)
	for _, c := range []struct {
		method Method
		want   map[string]float64
	}{
		{Convex, map[string]float64{"a": .25 * 1, "b": .25*.5 + .75*1, "c": 0, "d": 0}},
		{RRF, map[string]float64{"a": .25 / 61, "b": .25/62 + .75/61, "c": .25 / 63, "d": .75 / 62}},
	} {
		for _, h := range merge(c.method, []list{{keyword, 1}, {dense, 3}}) {
			if math.Abs(h.Score-c.want[h.Chunk.ID]) > 1e-12 {
				t.Errorf("%s: %s has %v, want %v", c.method, h.Chunk.ID, h.Score, c.want[h.Chunk.ID])
			}
		}
	}
	one := merge(Convex, []list{{hits(map[string]float64{"a": 3}, store.RankerText), 1}})
	if one[0].Score != 1 {
		t.Errorf("convex of a single hit is %v, want 1", one[0].Score)
	}
}
