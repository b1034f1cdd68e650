package bm25

import "slices"

// Purge gives up the snapshots before oldest, for good, and frees what only they could see once that is a quarter of
// the entries or more; it reports whether it did. Call it after writes, with the oldest snapshot that a search may
// still name: it costs next to nothing until there is enough to free, and then a walk over all postings, during which
// searches go on. Searches under way are not disturbed at any snapshot; new ones before oldest fail with ErrPurged.
func (ix *Index) Purge(oldest uint64) bool {
	dead := ix.giveUp(oldest)
	if dead == 0 || uint64(dead)*4 < uint64(dead)+uint64(ix.last().live) {
		return false
	}
	ix.purge(dead)
	return true
}

// giveUp forgets the snapshots before oldest and returns how many entries no other snapshot sees, of those that still
// have their postings.
func (ix *Index) giveUp(oldest uint64) uint32 {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.oldest = max(ix.oldest, oldest)
	s, _ := ix.state(ix.oldest)
	n := 0
	for n < len(ix.states) && ix.states[n].seq < s.seq {
		n++
	}
	if n > len(ix.states)/2 {
		ix.states = slices.Clone(ix.states[n:])
	}
	return s.added - s.live - ix.purged
}

// purge drops the postings of the dead entries that no snapshot sees, and the pages where nothing else is. Lists are
// replaced before pages, so that no search finds a posting without its page.
func (ix *Index) purge(dead uint32) {
	for t, l := range ix.terms {
		posts := ix.seen(l.posts)
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
	pages := ix.seenPages()
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.pages = pages
	ix.purged += dead
}

// seen returns the postings of entries that some snapshot sees: posts itself if that is all of them.
func (ix *Index) seen(posts []posting) []posting {
	n := 0
	for _, x := range posts {
		if ix.pages[x.ord>>pageBits].live(x.ord&pageMask, ix.oldest) {
			n++
		}
	}
	if n == len(posts) {
		return posts
	}
	kept := make([]posting, 0, n)
	for _, x := range posts {
		if ix.pages[x.ord>>pageBits].live(x.ord&pageMask, ix.oldest) {
			kept = append(kept, x)
		}
	}
	return kept
}

// seenPages returns the table of pages without those that are full of entries no snapshot sees. The others count only
// the deletions that some snapshot does not see yet: the postings of the rest are gone.
func (ix *Index) seenPages() []*page {
	limit := ix.last().limit
	pages := make([]*page, len(ix.pages))
	for i, p := range ix.pages {
		if p == nil {
			continue
		}
		used := min(uint64(len(p.lengths)), uint64(limit)-uint64(i)<<pageBits)
		live, later := 0, uint32(0)
		for slot := range uint32(used) {
			if !p.live(slot, ix.oldest) {
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
