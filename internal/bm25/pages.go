package bm25

import "sync/atomic"

// A search walks the index one page of ordinals at a time, so the scores of a page should fit the first-level cache.
const (
	pageBits  = 12
	pageSize  = 1 << pageBits
	pageMask  = pageSize - 1
	pageLeast = 16 // slots a new page has room for; it doubles up to pageSize
)

// gone marks the slots of ordinals that were left out.
const gone = 1

// A page holds what is known of a run of consecutive ordinals, which are its slots.
type page struct {
	lengths []uint32        // terms of each entry, repetitions included; a slot is filled before it can be seen
	deleted []atomic.Uint64 // sequence number of each deletion, 0 for none; marks appear while readers look
	deaths  atomic.Uint32   // marks set, counted before they are: 0 says that there is none to look for
}

// live reports whether an entry that was added in time is there at snapshot at.
func (p *page) live(slot uint32, at uint64) bool {
	d := p.deleted[slot].Load()
	return d == 0 || d > at
}

// delete marks an entry deleted at seq and reports whether it was not before.
func (p *page) delete(slot uint32, seq uint64) bool {
	if p.deleted[slot].Load() != 0 {
		return false
	}
	p.deaths.Add(1)
	p.deleted[slot].Store(seq)
	return true
}

// withRoom returns p, or a larger copy if p has no slot of that number. A nil page has none. Readers of the smaller
// page miss nothing: the deletions that follow are later than their snapshots.
func (p *page) withRoom(slot uint32) *page {
	n := pageLeast
	if p != nil {
		n = len(p.lengths)
	}
	if p != nil && int(slot) < n {
		return p
	}
	for n <= int(slot) {
		n *= 2
	}
	q := &page{lengths: make([]uint32, n), deleted: make([]atomic.Uint64, n)}
	if p == nil {
		return q
	}
	copy(q.lengths, p.lengths)
	for i := range p.deleted {
		q.deleted[i].Store(p.deleted[i].Load())
	}
	q.deaths.Store(p.deaths.Load())
	return q
}
