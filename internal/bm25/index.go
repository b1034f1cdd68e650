// Package bm25 is an inverted index in memory that ranks entries by BM25, exactly, while it changes.
//
// Entries are known by ordinals that the caller gives in ascending order, and they appear and disappear at sequence
// numbers that never decrease. A search names the sequence number it looks at, its snapshot: it sees the entries
// added at or before it and not deleted at or before it, and scores them with the number of entries, the document
// frequencies and the average length of just these. Its result is equal, bit for bit, to that of an index built from
// these entries alone.
//
// One goroutine writes; any number search meanwhile. A search holds a lock only while it looks up its terms, and a
// writer only while it links one entry in.
package bm25

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"
	"sync"
)

var (
	// ErrOrder is returned for an ordinal or a sequence number below what came before.
	ErrOrder = errors.New("bm25: out of order")
	// ErrUnknown is returned for a deletion of an entry that is not there.
	ErrUnknown = errors.New("bm25: no such entry")
	// ErrPurged is returned for a search at a snapshot that has been given up.
	ErrPurged = errors.New("bm25: snapshot is gone")
)

// An Index is an inverted index. New makes one. Add, Delete and Purge are for one goroutine at a time; Search and
// Stats are safe at any time. It holds nothing that must be closed.
type Index struct {
	mu     sync.RWMutex // guards what follows; the writer, being alone, reads it without
	terms  map[string]*list
	pages  []*page // nil where no entry can be seen any more
	states []state // ascending by seq
	oldest uint64  // snapshots before it are gone
	purged uint32  // entries whose postings are gone

	scratch sync.Pool // *scratch, of searches
	entry   entry     // the writer's own
}

// A state is the index as it is from a sequence number on until that of the next state.
type state struct {
	seq    uint64
	limit  uint32 // ordinals below it were added
	added  uint32 // entries ever added
	live   uint32
	length uint64 // terms of the live ones
}

// New returns an empty index.
func New() *Index {
	return &Index{terms: map[string]*list{}}
}

// Add adds entry ord at sequence number seq, with the terms of all sequences taken together as one bag. They are read
// one after the other before Add returns, and copied. An entry without terms counts as an entry all the same. Gaps
// between ordinals are allowed, and so is any number of entries at one sequence number. The error is ErrOrder, and
// nothing is added, for an ordinal that is not above every earlier one or is math.MaxUint32, and for a sequence
// number that is 0 or below an earlier one.
//
// Searches at seq or later see the entry from now on, so the caller lets readers use a sequence number only when it
// has added and deleted all that belongs to it.
func (ix *Index) Add(ord uint32, seq uint64, terms ...iter.Seq[[]byte]) error {
	last := ix.last()
	if ord < last.limit || ord == math.MaxUint32 || seq < last.seq || seq == 0 {
		return fmt.Errorf("%w: entry %d at %d after entries below %d at %d", ErrOrder, ord, seq, last.limit, last.seq)
	}
	length := ix.entry.read(ix.terms, terms)
	ix.entry.grow(ord)
	ix.place(ord, last.limit, length)

	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.entry.link(ix.terms)
	last.limit = ord + 1
	last.added++
	last.live++
	last.length += uint64(length)
	ix.advance(seq, last)
	return nil
}

// Delete removes entry ord at sequence number seq. Searches at earlier snapshots still see it. The error is
// ErrUnknown when it was never added or is deleted already, and ErrOrder for a sequence number that is 0 or below an
// earlier one.
func (ix *Index) Delete(ord uint32, seq uint64) error {
	last := ix.last()
	if seq < last.seq || seq == 0 {
		return fmt.Errorf("%w: deletion at %d after %d", ErrOrder, seq, last.seq)
	}
	p := ix.page(ord)
	if p == nil || ord >= last.limit || !p.delete(ord&pageMask, seq) {
		return fmt.Errorf("%w: %d", ErrUnknown, ord)
	}
	length := p.lengths[ord&pageMask]
	ix.mu.Lock()
	defer ix.mu.Unlock()
	last.live--
	last.length -= uint64(length)
	ix.advance(seq, last)
	return nil
}

// Stats returns the statistics of the entries at a snapshot. The error is ErrPurged when Purge gave the snapshot up.
func (ix *Index) Stats(at uint64) (Stats, error) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	s, err := ix.state(at)
	return s.stats(), err
}

func (s state) stats() Stats { return Stats{Entries: int(s.live), Length: s.length} }

// state finds the state in force at a snapshot, under the lock.
func (ix *Index) state(at uint64) (state, error) {
	if at < ix.oldest {
		return state{}, fmt.Errorf("%w: %d is before %d", ErrPurged, at, ix.oldest)
	}
	i := sort.Search(len(ix.states), func(i int) bool { return ix.states[i].seq > at })
	if i == 0 {
		return state{}, nil
	}
	return ix.states[i-1], nil
}

// last returns the latest state, for the writer.
func (ix *Index) last() state {
	if n := len(ix.states); n > 0 {
		return ix.states[n-1]
	}
	return state{}
}

// advance makes s the state from seq on, under the lock.
func (ix *Index) advance(seq uint64, s state) {
	s.seq = seq
	if n := len(ix.states); n > 0 && ix.states[n-1].seq == seq {
		ix.states[n-1] = s
		return
	}
	ix.states = append(ix.states, s)
}

// page returns the page of an ordinal, or nil.
func (ix *Index) page(ord uint32) *page {
	if i := int(ord >> pageBits); i < len(ix.pages) {
		return ix.pages[i]
	}
	return nil
}

// place makes room for entry ord, the first from limit on, and notes its length. Ordinals left out in between count
// as deleted.
func (ix *Index) place(ord, limit, length uint32) {
	old := ix.page(ord)
	p := old.withRoom(ord & pageMask)
	for gap := max(limit, ord&^pageMask); gap < ord; gap++ {
		p.delete(gap&pageMask, gone)
	}
	p.lengths[ord&pageMask] = length
	if p == old {
		return
	}
	pages := slices.Clone(ix.pages) // readers look at the old table
	for len(pages) <= int(ord>>pageBits) {
		pages = append(pages, nil)
	}
	pages[ord>>pageBits] = p
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.pages = pages
}
