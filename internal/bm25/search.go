package bm25

import (
	"context"
	"iter"
	"math/bits"
	"slices"
	"sort"
	"strings"
)

// A Query says what to search for, and at which snapshot.
type Query struct {
	Terms iter.Seq[[]byte] // read once; a term that occurs n times weighs n times as much
	K     int              // the most hits wanted; 0 or less gives none
	At    uint64           // the snapshot

	// Filter reports whether an entry may be a hit. It is asked before an entry is ranked, in ascending order, and
	// not about entries that could not be among the hits in any case. A nil Filter lets every entry pass.
	Filter func(ord uint32) bool

	// Tie orders entries of equal score, negative for a before b. Those it calls equal, or all when it is nil, are
	// ordered by ordinal.
	Tie func(a, b uint32) int
}

// A Hit is an entry that has a term of the query.
type Hit struct {
	Ord   uint32
	Score float64 // above 0
}

// Search returns the best entries of a snapshot, best first, of those that have a term of the query and pass the
// filter. The statistics behind the scores are those of all entries of the snapshot, whatever the filter. Filter and
// Tie are called on this goroutine with no lock held, for entries of the snapshot only. The error is ErrPurged when
// the snapshot was given up, or that of ctx, which is looked at once for every few thousand ordinals.
func (ix *Index) Search(ctx context.Context, q Query) ([]Hit, error) {
	w, err := ix.open(q)
	if err != nil || q.K <= 0 {
		return nil, err
	}
	if err := w.weigh(ctx); err != nil {
		return nil, err
	}
	sc, _ := ix.scratch.Get().(*scratch)
	if sc == nil {
		sc = new(scratch)
	}
	best := top{k: q.K, tie: q.Tie}
	err = w.walk(ctx, sc, q.Filter, &best)
	ix.scratch.Put(sc) // not when Filter or Tie panics: it may not be clean
	if err != nil {
		return nil, err
	}
	return best.sorted(), nil
}

// A cursor walks the posting list of a term of the query.
type cursor struct {
	posts  []posting // what is left of it
	weight float64   // the term's share of the query; then times its idf
}

// A walk is a search under way.
type walk struct {
	state   state
	at      uint64
	pages   []*page
	dead    bool     // some postings may be of entries that are not live at the snapshot
	cursors []cursor // in the order of their terms, so that scores do not depend on that of the query
	scorer  Scorer
}

// open finds the terms of the query and all that the search needs of the index.
func (ix *Index) open(q Query) (*walk, error) {
	terms := bag(q.Terms)
	w := &walk{at: q.At, cursors: make([]cursor, 0, len(terms))}
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	var err error
	if w.state, err = ix.state(q.At); err != nil {
		return nil, err
	}
	w.pages = ix.pages
	w.dead = w.state.added-w.state.live > ix.purged
	for _, t := range terms {
		if l := ix.terms[t.term]; l != nil {
			w.cursors = append(w.cursors, cursor{l.posts, t.weight})
		}
	}
	return w, nil
}

// A weighted is a term with the number of times that a query has it.
type weighted struct {
	term   string
	weight float64
}

// bag returns the different terms of a query, sorted.
func bag(terms iter.Seq[[]byte]) []weighted {
	if terms == nil {
		return nil
	}
	var all []weighted
	for t := range terms {
		all = append(all, weighted{string(t), 1})
	}
	slices.SortFunc(all, func(a, b weighted) int { return strings.Compare(a.term, b.term) })
	n := 0
	for i := range all {
		if n > 0 && all[n-1].term == all[i].term {
			all[n-1].weight++
			continue
		}
		all[n] = all[i]
		n++
	}
	return all[:n]
}

// weigh cuts the lists to the snapshot, drops those without an entry in it, and gives the others their weight.
func (w *walk) weigh(ctx context.Context) error {
	w.scorer = NewScorer(w.state.stats())
	n := 0
	for _, c := range w.cursors {
		c.posts = below(c.posts, w.state.limit)
		df, err := w.live(ctx, c.posts)
		if err != nil {
			return err
		}
		if df == 0 {
			continue
		}
		c.weight *= w.scorer.IDF(df)
		w.cursors[n] = c
		n++
	}
	w.cursors = w.cursors[:n]
	return nil
}

// live counts the postings of entries that are live at the snapshot.
func (w *walk) live(ctx context.Context, posts []posting) (int, error) {
	if !w.dead {
		return len(posts), nil
	}
	n := 0
	for len(posts) > 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		in, rest := splitPage(posts, int(posts[0].ord>>pageBits))
		posts = rest
		p := w.pages[in[0].ord>>pageBits]
		if p.deaths.Load() == 0 {
			n += len(in)
			continue
		}
		for _, x := range in {
			if p.live(x.ord&pageMask, w.at) {
				n++
			}
		}
	}
	return n, nil
}

// A scratch holds the scores of one page while they are summed. It is clean, all zeros, between pages.
type scratch struct {
	scores  [pageSize]float64
	touched [pageSize / 64]uint64
}

// walk scores page after page.
func (w *walk) walk(ctx context.Context, sc *scratch, filter func(uint32) bool, best *top) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := -1
		for i := range w.cursors {
			if p := w.cursors[i].posts; len(p) > 0 {
				if n := int(p[0].ord >> pageBits); next < 0 || n < next {
					next = n
				}
			}
		}
		if next < 0 {
			return nil
		}
		w.score(next, sc)
		w.collect(next, sc, filter, best)
	}
}

// score adds up what the terms give the entries of a page.
func (w *walk) score(number int, sc *scratch) {
	lengths := w.pages[number].lengths
	for i := range w.cursors {
		c := &w.cursors[i]
		var in []posting
		in, c.posts = splitPage(c.posts, number)
		for _, x := range in {
			slot := x.ord & pageMask
			sc.scores[slot] += Score(c.weight, x.tf, w.scorer.Norm(lengths[slot]))
			sc.touched[slot/64] |= 1 << (slot % 64)
		}
	}
}

// collect offers the scored entries of a page to the best, and leaves the scratch clean.
func (w *walk) collect(number int, sc *scratch, filter func(uint32) bool, best *top) {
	p := w.pages[number]
	marked := w.dead && p.deaths.Load() > 0
	floor := best.floor()
	for i, set := range sc.touched {
		sc.touched[i] = 0
		for ; set != 0; set &= set - 1 {
			slot := uint32(i*64 + bits.TrailingZeros64(set))
			score := sc.scores[slot&pageMask]
			sc.scores[slot&pageMask] = 0
			if score < floor {
				continue
			}
			ord := uint32(number)<<pageBits | slot
			if marked && !p.live(slot, w.at) || filter != nil && !filter(ord) {
				continue
			}
			best.offer(Hit{ord, score})
			floor = best.floor()
		}
	}
}

// splitPage parts the postings on the page of that number, which is the first, from those after it.
func splitPage(posts []posting, number int) (in, rest []posting) {
	end := (uint64(number) + 1) << pageBits
	if n := len(posts); n == 0 || uint64(posts[n-1].ord) < end {
		return posts, nil
	}
	// Gallop, then halve: most lists have few postings on a page.
	hi := 1
	for hi < len(posts) && uint64(posts[hi-1].ord) < end {
		hi *= 2
	}
	lo := hi / 2
	hi = min(hi, len(posts))
	n := lo + sort.Search(hi-lo, func(i int) bool { return uint64(posts[lo+i].ord) >= end })
	return posts[:n], posts[n:]
}
