package retrieve

import (
	"cmp"
	"math"
	"slices"

	"github.com/quarry-go/quarry/store"
)

// A list is what one retriever found, best first.
type list struct {
	hits   []store.Hit
	weight float64
}

// rrfK is the constant of reciprocal rank fusion.
const rrfK = 60

// merge makes one list of several, best first, ties by ID.
func merge(m Method, lists []list) []store.Hit {
	total := 0.0
	for i := range lists {
		total += lists[i].weight
		lists[i].hits = distinct(lists[i].hits)
	}
	var (
		out  []store.Hit
		at   = map[string]int{} // by chunk ID, index in out
		base float64            // score of a hit that no list has
	)
	for _, l := range lists {
		weight := 1 / float64(len(lists)) // of those left after failures all weigh 0
		if total > 0 {
			weight = l.weight / total
		}
		score, missing := m.scores(l.hits, padding(l.hits, lists))
		base += weight * missing
		for i, h := range l.hits {
			n, ok := at[h.Chunk.ID]
			if !ok {
				n = len(out)
				at[h.Chunk.ID] = n
				out = append(out, store.Hit{Chunk: h.Chunk})
			} else if unread(out[n]) {
				out[n].Chunk = h.Chunk
			}
			out[n].Ranks = append(out[n].Ranks, h.Ranks...)
			out[n].Score += weight * (score(i) - missing)
		}
	}
	for i := range out {
		out[i].Score += base
	}
	slices.SortFunc(out, func(a, b store.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Chunk.ID, b.Chunk.ID))
	})
	for i := range out {
		h := &out[i]
		h.Ranks = append(h.Ranks, store.Rank{Ranker: "fuse", Position: i + 1, Score: h.Score, Metric: string(m)})
	}
	return out
}

// scores returns what the i-th of hits counts, and what a hit that is not
// among them does. pad is how many zeros the list is filled up with.
func (m Method) scores(hits []store.Hit, pad int) (score func(i int) float64, missing float64) {
	if m == RRF {
		return func(i int) float64 { return 1 / float64(rrfK+i+1) }, 0
	}
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, h := range hits {
		lowest, highest = min(lowest, h.Score), max(highest, h.Score)
	}
	if m == Convex {
		if highest <= lowest {
			return func(int) float64 { return 1 }, 0
		}
		return func(i int) float64 { return (hits[i].Score - lowest) / (highest - lowest) }, 0
	}
	if pad > 0 {
		lowest, highest = min(lowest, 0), max(highest, 0)
	}
	if highest <= lowest { // also of no hits at all
		return func(int) float64 { return 0 }, 0
	}
	n := float64(len(hits) + pad)
	mean, square := 0.0, 0.0
	for _, h := range hits {
		mean += h.Score / n
	}
	for _, h := range hits {
		square += (h.Score - mean) * (h.Score - mean)
	}
	square += float64(pad) * mean * mean
	deviation := math.Sqrt(square / n)
	z := func(s float64) float64 { return (s - mean) / deviation }
	return func(i int) float64 { return z(hits[i].Score) }, z(lowest)
}

// padding returns how many zeros fill hits up to the longest list that is not
// a keyword ranker's; none for a list that is not one itself.
func padding(hits []store.Hit, lists []list) int {
	if !lexical(hits) {
		return 0
	}
	longest := 0
	for _, l := range lists {
		if !lexical(l.hits) {
			longest = max(longest, len(l.hits))
		}
	}
	return max(0, longest-len(hits))
}

// lexical reports whether hits are a keyword ranker's.
func lexical(hits []store.Hit) bool {
	return len(hits) > 0 && len(hits[0].Ranks) == 1 && hits[0].Ranks[0].Ranker == store.RankerText
}

// distinct returns hits without those whose chunk came before.
func distinct(hits []store.Hit) []store.Hit {
	seen := make(map[string]bool, len(hits))
	out := make([]store.Hit, 0, len(hits))
	for _, h := range hits {
		if !seen[h.Chunk.ID] {
			seen[h.Chunk.ID] = true
			out = append(out, h)
		}
	}
	return out
}
