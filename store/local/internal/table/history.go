package table

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// A version is a record from the change that wrote it to the one that replaced or deleted it.
type version[T any] struct {
	rec     T
	ord     uint32        // its place in the order of writing
	added   uint64        // sequence number of the change that wrote it
	deleted atomic.Uint64 // that of the change that ended it; 0 while there is none
	older   *version[T]   // the version of the same ID before it; guarded by history.mu
}

// at reports whether the version is there in the state of a sequence number.
func (v *version[T]) at(seq uint64) bool {
	d := v.deleted.Load()
	return v.added <= seq && (d == 0 || d > seq)
}

// lives reports whether nothing has ended the version, in the latest state.
func (v *version[T]) lives() bool { return v != nil && v.deleted.Load() == 0 }

// A history holds the versions of the records of one kind, found by ID, by groups such as the
// chunks of one document, and in the order of writing. One goroutine writes; any number read, of
// states that the writer has finished.
type history[T any] struct {
	id     func(*T) string
	weight func(*T) int      // about how many bytes a record takes in the log
	groups []func(*T) string // keys of the groups that a record belongs to

	mu     sync.RWMutex // guards what follows; the writer, being alone, reads it without
	newest map[string]*version[T]
	member []map[string][]*version[T] // for each of groups: key to versions, in the order of writing
	order  []*version[T]

	live  atomic.Int64 // versions that nothing ended
	bytes atomic.Int64 // their weight
	next  uint32       // ord of the next version; the writer's own
	kept  int          // dead versions that the last purge had to leave; the writer's own
}

func newHistory[T any](id func(*T) string, weight func(*T) int, groups ...func(*T) string) *history[T] {
	h := &history[T]{id: id, weight: weight, groups: groups, newest: map[string]*version[T]{}}
	for range groups {
		h.member = append(h.member, map[string][]*version[T]{})
	}
	return h
}

// end marks a version as ended by change seq, and reports whether it lived.
func (h *history[T]) end(v *version[T], seq uint64) bool {
	if !v.lives() {
		return false
	}
	v.deleted.Store(seq)
	h.live.Add(-1)
	h.bytes.Add(-int64(h.weight(&v.rec)))
	return true
}

// version makes the version of a record that change seq writes. It is part of the history after
// link.
func (h *history[T]) version(rec T, seq uint64) *version[T] {
	v := &version[T]{rec: rec, ord: h.next, added: seq}
	h.next++
	return v
}

// link adds a version to the history, behind those made before it.
func (h *history[T]) link(v *version[T]) {
	id := h.id(&v.rec)
	h.mu.Lock()
	defer h.mu.Unlock()
	v.older = h.newest[id]
	h.newest[id] = v
	for i, key := range h.groups {
		k := key(&v.rec)
		h.member[i][k] = append(h.member[i][k], v)
	}
	h.order = append(h.order, v)
	h.live.Add(1)
	h.bytes.Add(int64(h.weight(&v.rec)))
}

// find returns the versions with the given IDs in the state of seq, in the order of ids, each once.
func (h *history[T]) find(seq uint64, ids []string) []*version[T] {
	found := make([]*version[T], 0, min(len(ids), 1024))
	seen := make(map[string]struct{}, min(len(ids), 1024))
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, id := range ids {
		v := h.newest[id]
		for v != nil && !v.at(seq) {
			v = v.older
		}
		if v == nil {
			continue
		}
		if _, ok := seen[id]; ok {
			continue
		}
		seen[id] = struct{}{}
		found = append(found, v)
	}
	return found
}

// inGroup returns the versions of group i that have one of the keys, of all states, in the order of
// writing.
func (h *history[T]) inGroup(i int, keys []string) []*version[T] {
	var all []*version[T]
	h.mu.RLock()
	for _, k := range keys {
		all = append(all, h.member[i][k]...)
	}
	h.mu.RUnlock()
	return inOrder(all)
}

// inOrder sorts versions by the order of writing and leaves each in once.
func inOrder[T any](vs []*version[T]) []*version[T] {
	slices.SortFunc(vs, func(a, b *version[T]) int { return cmp.Compare(a.ord, b.ord) })
	return slices.Compact(vs)
}

// all returns the versions of all states in the order of writing. The slice must not be changed.
func (h *history[T]) all() []*version[T] {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.order
}

// worn reports whether a quarter of the versions died since the last purge.
func (h *history[T]) worn() bool { return 4*(len(h.order)-int(h.live.Load())-h.kept) > len(h.order) }

// purge forgets the versions that no state from oldest on has, and puts copies in the place of the
// others, whose records renew makes. Readers go on with what they have: whatever happens to a copy
// is later than their states.
func (h *history[T]) purge(oldest uint64, renew func(T) T) {
	order := make([]*version[T], 0, h.live.Load())
	newest := make(map[string]*version[T], h.live.Load())
	member := make([]map[string][]*version[T], len(h.groups))
	for i := range member {
		member[i] = map[string][]*version[T]{}
	}
	for _, v := range h.order {
		d := v.deleted.Load()
		if d != 0 && d <= oldest {
			continue
		}
		id := h.id(&v.rec)
		w := &version[T]{rec: renew(v.rec), ord: v.ord, added: v.added, older: newest[id]}
		w.deleted.Store(d)
		newest[id] = w
		order = append(order, w)
		for i, key := range h.groups {
			k := key(&w.rec)
			member[i][k] = append(member[i][k], w)
		}
	}
	h.kept = len(order) - int(h.live.Load())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.newest, h.member, h.order = newest, member, order
}
