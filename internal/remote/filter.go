package remote

import (
	"slices"

	"github.com/quarry-go/quarry/store"
)

// Simplify returns a filter that passes what f does, f being well formed, in
// negation normal form: Negation stands before single conditions only, and there
// is no Compare with OpNe. Constants are folded: the result is nil where
// everything passes, nothing is true where nothing does, and in the tree there
// are no Everything, no Conjunction or Disjunction of fewer than two, and no
// condition on an empty list.
func Simplify(f store.Filter) (simple store.Filter, nothing bool) {
	return fold(f, true, nil)
}

// Weaken is Simplify with every condition that can refuses replaced by one that
// always passes: the result passes all that f passes, and exactly that where
// exact is true.
func Weaken(f store.Filter, can func(store.Filter) bool) (weak store.Filter, nothing, exact bool) {
	exact = true
	weak, nothing = fold(f, true, func(leaf store.Filter) store.Filter {
		if can(leaf) {
			return leaf
		}
		exact = false
		return store.All()
	})
	return weak, nothing, exact
}

// fold simplifies f, or its complement if want is false. replace, if given,
// makes something else of a condition that is left.
func fold(f store.Filter, want bool, replace func(store.Filter) store.Filter) (simple store.Filter, nothing bool) {
	switch f := f.(type) {
	case nil, store.Everything:
		return nil, !want
	case store.Negation:
		return fold(f.Filter, !want, replace)
	case store.Conjunction:
		return foldAll(f.Filters, want, want, replace)
	case store.Disjunction:
		return foldAll(f.Filters, !want, want, replace)
	case store.Compare:
		if f.Op != store.OpNe {
			break
		}
		equal := store.Compare{Key: f.Key, Op: store.OpEq, Value: f.Value}
		return fold(store.And(store.Exists(f.Key), store.Not(equal)), want, replace)
	case store.InOrdinals:
		if f.First > f.Last || f.Last < 0 {
			return nil, want
		}
	}
	if emptyList(f) {
		return nil, want
	}
	if !want {
		f = store.Not(f)
	}
	if replace != nil {
		f = replace(f)
	}
	if f == store.All() {
		return nil, false
	}
	return f, false
}

// foldAll folds the members of a conjunction, or of a disjunction if all is
// false; each of them, or its complement if want is false.
func foldAll(fs []store.Filter, all, want bool, replace func(store.Filter) store.Filter) (simple store.Filter, nothing bool) {
	var left []store.Filter
	for _, f := range fs {
		simple, nothing := fold(f, want, replace)
		switch {
		case nothing && all:
			return nil, true
		case nothing:
		case simple == nil && all:
		case simple == nil:
			return nil, false
		default:
			left = append(left, simple)
		}
	}
	switch {
	case len(left) == 0:
		return nil, !all
	case len(left) == 1:
		return left[0], false
	case all:
		return store.And(left...), false
	}
	return store.Or(left...), false
}

// emptyList reports whether f asks for one of none.
func emptyList(f store.Filter) bool {
	switch f := f.(type) {
	case store.HasID:
		return len(f.IDs) == 0
	case store.InDoc:
		return len(f.IDs) == 0
	case store.InSource:
		return len(f.Names) == 0
	case store.OneOf:
		return len(f.Values) == 0
	case store.ListHas:
		return len(f.Values) == 0
	}
	return false
}

// ofRecord returns what f asks of the record of a document without chunks: a
// chunk that has a DocID, a Source and an Origin and nothing else.
func ofRecord(f store.Filter) (simple store.Filter, nothing bool) {
	return fold(constantOn(f), true, nil)
}

// constantOn replaces conditions on what a record lacks by their value.
func constantOn(f store.Filter) store.Filter {
	constant := func(holds bool) store.Filter {
		if holds {
			return store.All()
		}
		return store.Or()
	}
	switch f := f.(type) {
	case store.HasID:
		return constant(slices.Contains(f.IDs, ""))
	case store.InOrdinals:
		return constant(f.First <= 0 && 0 <= f.Last)
	case store.Compare, store.OneOf, store.Present, store.ListHas:
		return constant(false)
	case store.Negation:
		return store.Not(constantOn(f.Filter))
	case store.Conjunction:
		return store.And(constantsOn(f.Filters)...)
	case store.Disjunction:
		return store.Or(constantsOn(f.Filters)...)
	}
	return f
}

func constantsOn(fs []store.Filter) []store.Filter {
	out := make([]store.Filter, len(fs))
	for i, f := range fs {
		out[i] = constantOn(f)
	}
	return out
}

// named returns a query that chooses every record that f may pass, by the
// documents or sources that f, which is simplified, names; the zero query if it
// names none.
func named(f store.Filter) store.DocQuery {
	switch f := f.(type) {
	case store.InDoc:
		return store.DocQuery{IDs: f.IDs}
	case store.InSource:
		return store.DocQuery{Sources: f.Names}
	case store.Conjunction:
		for _, g := range f.Filters {
			if q := named(g); q.IDs != nil || q.Sources != nil {
				return q
			}
		}
	case store.Disjunction:
		var q store.DocQuery
		for _, g := range f.Filters {
			part := named(g)
			if part.IDs == nil && part.Sources == nil {
				return store.DocQuery{}
			}
			q.IDs = append(q.IDs, part.IDs...)
			q.Sources = append(q.Sources, part.Sources...)
		}
		if q.IDs == nil || q.Sources == nil {
			return q
		}
	}
	return store.DocQuery{}
}
