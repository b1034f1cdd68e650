package assemble

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/quarry-go/quarry/internal/sentence"
)

// overBudget is why most hits are dropped.
const overBudget = "over the budget"

// anyNonce stands for the nonce of the final prompt while that is not known.
const anyNonce = "00000000000000000000000000000000"

// fit returns of ps, best first, what fits into the budget. A passage of
// several chunks that does not fit is taken apart, and its best chunks stay.
// The first chunk that does not fit is trimmed if enough of it is left, and
// what comes later may still fit whole.
func (a *assembler) fit(ps []*piece) ([]*piece, error) {
	if n := a.counter.Count(frame(a.question, anyNonce, nil)); n > a.manifest.Budget {
		return nil, fmt.Errorf("%w: the question alone is %d of %d", ErrBudget, n, a.manifest.Budget)
	}
	left := a.manifest.Budget - a.counter.Count(head(anyNonce)) - a.counter.Count(tail(a.question)) - 2 - a.slack()
	var kept []*piece
	trimmed := false
	for _, p := range ps {
		fitting := a.choose(p, left)
		if fitting == nil && !trimmed {
			if q := a.trim(p.best(), left, len(kept) == 0); q != nil {
				fitting, trimmed = []*piece{q}, true
			}
		}
		a.drop(p.parts, overBudget) // those that are kept say so in the end
		for _, q := range fitting {
			left -= a.cost(q)
		}
		kept = append(kept, fitting...)
	}
	slices.SortStableFunc(kept, func(a, b *piece) int { return cmp.Compare(a.rank, b.rank) })
	return kept, nil
}

// choose returns p, or passages of as many of its best parts as cost at most
// left; none if not even the best one does.
func (a *assembler) choose(p *piece, left int) []*piece {
	if a.cost(p) <= left {
		return []*piece{p}
	}
	best := slices.Clone(p.parts)
	slices.SortFunc(best, func(a, b part) int { return cmp.Compare(a.rank, b.rank) })
	n := sort.Search(len(best)-1, func(n int) bool {
		cost := 0
		for _, q := range join(best[:n+1]) {
			cost += a.cost(q)
		}
		return cost > left
	})
	return join(best[:n])
}

// cost returns what p takes in the prompt, with the one token that joining
// texts may add.
func (a *assembler) cost(p *piece) int {
	return a.counter.Count(p.block(len(a.manifest.Entries), anyNonce)) + 1 + 2*a.slack()
}

// slack returns what another nonce can cost more than anyNonce: at most a
// token for each of its digits.
func (a *assembler) slack() int {
	return max(0, len(anyNonce)-a.counter.Count(anyNonce))
}

// minTrim is the least share of a passage that is worth keeping beside others.
const minTrim = 0.25

// trim returns the longest run of whole sentences from the start of p that
// costs at most left; nil if there is none, or if there are better passages
// and it is less than minTrim of p.
func (a *assembler) trim(p *piece, left int, only bool) *piece {
	var ends []int
	for _, end := range sentence.Spans(p.Text) {
		ends = append(ends, end)
	}
	n := sort.Search(len(ends), func(i int) bool { return a.cost(p.cut(ends[i])) > left })
	if n == 0 || !only && float64(ends[n-1]) < minTrim*float64(len(p.Text)) {
		return nil
	}
	return p.cut(ends[n-1])
}
