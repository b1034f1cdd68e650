package bm25

import (
	"cmp"
	"math"
	"slices"
)

// A top keeps the best k hits it is offered, as a heap whose root is the worst of them.
type top struct {
	k    int
	tie  func(a, b uint32) int
	hits []Hit
}

// compare is negative when a comes before b.
func (t *top) compare(a, b Hit) int {
	if c := cmp.Compare(b.Score, a.Score); c != 0 {
		return c
	}
	if t.tie != nil {
		if c := t.tie(a.Ord, b.Ord); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.Ord, b.Ord)
}

// floor returns the score below which no hit gets in.
func (t *top) floor() float64 {
	if len(t.hits) < t.k {
		return math.Inf(-1)
	}
	return t.hits[0].Score
}

func (t *top) offer(h Hit) {
	if len(t.hits) < t.k {
		t.hits = append(t.hits, h)
		t.up(len(t.hits) - 1)
		return
	}
	if t.compare(h, t.hits[0]) < 0 {
		t.hits[0] = h
		t.down(0)
	}
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if t.compare(t.hits[i], t.hits[parent]) <= 0 {
			return
		}
		t.hits[i], t.hits[parent] = t.hits[parent], t.hits[i]
		i = parent
	}
}

func (t *top) down(i int) {
	for {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.hits); child++ {
			if t.compare(t.hits[child], t.hits[worst]) > 0 {
				worst = child
			}
		}
		if worst == i {
			return
		}
		t.hits[i], t.hits[worst] = t.hits[worst], t.hits[i]
		i = worst
	}
}

// sorted returns the hits, best first, and leaves t empty.
func (t *top) sorted() []Hit {
	h := t.hits
	t.hits = nil
	slices.SortFunc(h, t.compare)
	return h
}
