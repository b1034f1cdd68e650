package bm25

import (
	"iter"
	"sort"
)

// A posting says how often an entry has a term.
type posting struct {
	ord, tf uint32
}

// A list is the posting list of a term, ascending by ordinal. It grows at its end alone, so that a copy of the slice
// header is a snapshot of it.
type list struct {
	posts []posting
	count uint32 // of the term in the entry being added; the writer's own
}

// An entry gathers the terms of what is being added, for the writer, outside the lock.
type entry struct {
	lists []*list
	grown [][]posting      // lists[i].posts with this entry at the end
	fresh map[string]*list // terms that the index does not have yet
}

// read counts the terms of all sequences and returns how many there are, repetitions included.
func (e *entry) read(terms map[string]*list, seqs []iter.Seq[[]byte]) uint32 {
	e.clear()
	var n uint32
	for _, seq := range seqs {
		for t := range seq {
			n++
			l := terms[string(t)]
			if l == nil {
				l = e.freshList(t)
			}
			if l.count == 0 {
				e.lists = append(e.lists, l)
			}
			l.count++
		}
	}
	return n
}

func (e *entry) freshList(t []byte) *list {
	if l := e.fresh[string(t)]; l != nil {
		return l
	}
	if e.fresh == nil {
		e.fresh = map[string]*list{}
	}
	l := new(list)
	e.fresh[string(t)] = l
	return l
}

// grow extends the lists of the entry's terms by it. What readers hold of the lists does not change.
func (e *entry) grow(ord uint32) {
	for _, l := range e.lists {
		e.grown = append(e.grown, append(l.posts, posting{ord, l.count}))
	}
}

// link makes the grown lists those of the index, under the lock.
func (e *entry) link(terms map[string]*list) {
	for i, l := range e.lists {
		l.posts = e.grown[i]
	}
	for t, l := range e.fresh {
		terms[t] = l
	}
}

// clear makes e ready for the next entry.
func (e *entry) clear() {
	for _, l := range e.lists {
		l.count = 0
	}
	clear(e.lists)
	clear(e.grown)
	e.lists, e.grown = e.lists[:0], e.grown[:0]
	clear(e.fresh)
}

// below returns the postings of entries under limit.
func below(posts []posting, limit uint32) []posting {
	if n := len(posts); n == 0 || posts[n-1].ord < limit {
		return posts
	}
	return posts[:sort.Search(len(posts), func(i int) bool { return posts[i].ord >= limit })]
}
