package table

import (
	"slices"

	"github.com/quarry-go/quarry/store"
)

// A View is the state of a table after a change. The zero View is a namespace that does not exist.
type View struct {
	table *Table
	seq   uint64
}

// At returns the state after change seq. The writer must have finished it, and must not purge
// beyond it while the view is in use.
func (t *Table) At(seq uint64) View { return View{t, seq} }

// candidates returns versions of chunks, of any state, among which are all that the view has and f
// matches, in the order of writing. The slice must not be changed.
func (v View) candidates(f store.Filter) []*version[chunk] {
	if vs, ok := v.narrow(f); ok {
		return vs
	}
	return v.table.chunks.all()
}

// narrow is candidates where there is a short way to them.
func (v View) narrow(f store.Filter) (vs []*version[chunk], ok bool) {
	switch f := f.(type) {
	case store.HasID:
		return inOrder(v.table.chunks.find(v.seq, f.IDs)), true
	case store.InDoc:
		return v.table.chunks.inGroup(byDoc, f.IDs), true
	case store.InSource:
		return v.table.chunks.inGroup(chunkBySource, f.Names), true
	case store.Conjunction:
		for _, g := range f.Filters {
			if ws, can := v.narrow(g); can && (!ok || len(ws) < len(vs)) {
				vs, ok = ws, true
			}
		}
		return vs, ok
	case store.Disjunction:
		for _, g := range f.Filters {
			ws, can := v.narrow(g)
			if !can {
				return nil, false
			}
			vs = append(vs, ws...)
		}
		return inOrder(vs), true
	}
	return nil, false
}

// fewValues is how many values a search through a list is quicker for than a set.
const fewValues = 8

// matcher returns a function that agrees with store.Match for f, and is quicker where f holds long
// lists of names.
func matcher(f store.Filter) func(*store.Chunk) bool {
	switch f := f.(type) {
	case nil, store.Everything:
		return func(*store.Chunk) bool { return true }
	case store.HasID:
		if len(f.IDs) > fewValues {
			has := setOf(f.IDs)
			return func(c *store.Chunk) bool { return has[c.ID] }
		}
	case store.InDoc:
		if len(f.IDs) > fewValues {
			has := setOf(f.IDs)
			return func(c *store.Chunk) bool { return has[c.DocID] }
		}
	case store.InSource:
		if len(f.Names) > fewValues {
			has := setOf(f.Names)
			return func(c *store.Chunk) bool { return has[c.Source] }
		}
	case store.Conjunction:
		all := matchers(f.Filters)
		return func(c *store.Chunk) bool {
			return !slices.ContainsFunc(all, func(m func(*store.Chunk) bool) bool { return !m(c) })
		}
	case store.Disjunction:
		any := matchers(f.Filters)
		return func(c *store.Chunk) bool {
			return slices.ContainsFunc(any, func(m func(*store.Chunk) bool) bool { return m(c) })
		}
	case store.Negation:
		m := matcher(f.Filter)
		return func(c *store.Chunk) bool { return !m(c) }
	}
	return func(c *store.Chunk) bool { return store.Match(f, c) }
}

func matchers(fs []store.Filter) []func(*store.Chunk) bool {
	ms := make([]func(*store.Chunk) bool, len(fs))
	for i, f := range fs {
		ms[i] = matcher(f)
	}
	return ms
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set
}
