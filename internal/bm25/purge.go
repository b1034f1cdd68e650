package bm25

import "slices"

// Purge gives up the snapshots before oldest, and frees what only they could see, once that is a quarter of all
// entries: call it after writes, with the oldest snapshot that a search may still ask for. It reports whether it
// freed anything. Searches under way at any snapshot go on undisturbed; new ones before oldest fail with ErrPurged.
func (ix *Index) Purge(oldest uint64) bool {
	dead := ix.giveUp(oldest)
	if dead == 0 || uint64(dead)*4 < uint64(dead)+uint64(ix.last().live) {
		return false
	}
	ix.purge(oldest, dead)
	return true
}

// giveUp forgets the states before the snapshot oldest and returns how many entries have postings that no other
// snapshot sees.
func (ix *Index) giveUp(oldest uint64) uint32 {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if oldest < ix.oldest {
		oldest = ix.oldest
	}
	ix.oldest = oldest
	s, _ := ix.state(oldest)
	n := 0
	for n < len(ix.states) && ix.states[n].seq < s.seq {
		n++
	}
	if n > len(ix.states)/2 {
		ix.states = slices.Clone(ix.states[n:])
	}
	return s.added - s.live - ix.purged
}

// purge drops the postings of the dead entries that are deleted at oldest, and the pages where nothing else is.
func (ix *Index) purge(oldest uint64, dead uint32) {
	for t, l := range ix.terms {
		posts := ix.seen(l.posts, oldest)
		if len(posts) == len(l.posts) {
			continue
		}
		ix.mu.Lock()
		l.posts = posts
		if len(posts) == 0 {
			delete(ix.terms, t)
		}
		ix.mu.Unlock()
	}
	pages := ix.seenPages(oldest)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.pages = pages
	ix.purged += dead
}

// seen returns the postings of entries that a snapshot from at on can see: posts itself if that is all of them.
func (ix *Index) seen(posts []posting, at uint64) []posting {
	n := 0
	for _, x := range posts {
		if ix.pages[x.ord>>pageBits].live(x.ord&pageMask, at) {
			n++
		}
	}
	if n == len(posts) {
		return posts
	}
	kept := make([]posting, 0, n)
	for _, x := range posts {
		if ix.pages[x.ord>>pageBits].live(x.ord&pageMask, at) {
			kept = append(kept, x)
		}
	}
	return kept
}

// seenPages returns the table of pages without those that no snapshot from at on can see an entry of. The others
// count only the deletions after it: postings of earlier ones are gone.
func (ix *Index) seenPages(at uint64) []*page {
	limit := ix.last().limit
	pages := make([]*page, len(ix.pages))
	for i, p := range ix.pages {
		if p == nil {
			continue
		}
		used := min(uint64(len(p.lengths)), uint64(limit)-uint64(i)<<pageBits)
		live, later := 0, uint32(0)
		for slot := range uint32(used) {
			if !p.live(slot, at) {
				continue
			}
			live++
			if p.deleted[slot].Load() != 0 {
				later++
			}
		}
		if live == 0 && used == pageSize {
			continue
		}
		q := &page{lengths: p.lengths, deleted: p.deleted}
		q.deaths.Store(later)
		pages[i] = q
	}
	return pages
}
