package store

import (
	"time"
)

// A Filter is a condition on a chunk: a tree made by the functions below. It
// is true or false for every chunk, never unknown: a condition on a Meta key
// that the chunk lacks is false, and Not is the complement.
//
// Meta values compare within their kind: numbers with numbers, int64 and
// float64 by value, strings by bytes, times by instant, booleans and string
// lists for equality alone. Values of different kinds are never equal and in
// no order. [CheckFilter] says which filters are well formed; [Match] defines
// what each means.
//
// A Filter is immutable, and safe for concurrent use if the values given to
// its constructor are not changed.
type Filter interface{ filter() }

// The nodes of a filter tree, for implementations that translate it. Programs
// build filters by the functions of similar names.
type (
	// Everything is what [All] returns.
	Everything struct{}
	// HasID is what [IDs] returns.
	HasID struct{ IDs []string }
	// InDoc is what [Docs] returns.
	InDoc struct{ IDs []string }
	// InSource is what [Sources] returns.
	InSource struct{ Names []string }
	// InOrdinals is what [Ordinals] returns.
	InOrdinals struct{ First, Last int }
	// ReadableBy is what [Readable] returns.
	ReadableBy struct{ Principals []string }
	// Compare is what [Eq], [Ne], [Lt], [Le], [Gt] and [Ge] return.
	Compare struct {
		Key   string
		Op    Op
		Value any
	}
	// OneOf is what [In] returns.
	OneOf struct {
		Key    string
		Values []any
	}
	// Present is what [Exists] returns.
	Present struct{ Key string }
	// ListHas is what [Contains] and [ContainsAny] return.
	ListHas struct {
		Key    string
		Values []string
	}
	// Conjunction is what [And] returns.
	Conjunction struct{ Filters []Filter }
	// Disjunction is what [Or] returns.
	Disjunction struct{ Filters []Filter }
	// Negation is what [Not] returns.
	Negation struct{ Filter Filter }
)

func (Everything) filter()  {}
func (HasID) filter()       {}
func (InDoc) filter()       {}
func (InSource) filter()    {}
func (InOrdinals) filter()  {}
func (ReadableBy) filter()  {}
func (Compare) filter()     {}
func (OneOf) filter()       {}
func (Present) filter()     {}
func (ListHas) filter()     {}
func (Conjunction) filter() {}
func (Disjunction) filter() {}
func (Negation) filter()    {}

// Op is how a [Compare] compares.
type Op string

// The comparisons.
const (
	OpEq Op = "=="
	OpNe Op = "!="
	OpLt Op = "<"
	OpLe Op = "<="
	OpGt Op = ">"
	OpGe Op = ">="
)

// All passes every chunk.
func All() Filter { return Everything{} }

// IDs passes the chunks with the given IDs; with none it passes nothing.
func IDs(ids ...string) Filter { return HasID{ids} }

// Docs passes the chunks of the documents with the given IDs; with none it
// passes nothing.
func Docs(ids ...string) Filter { return InDoc{ids} }

// Sources passes the chunks of the named sources; with none it passes nothing.
func Sources(names ...string) Filter { return InSource{names} }

// Ordinals passes chunks whose Ordinal is at least first and at most last.
func Ordinals(first, last int) Filter { return InOrdinals{first, last} }

// Readable passes chunks that everyone may read, and those that name one of
// the given principals.
func Readable(principals ...string) Filter { return ReadableBy{principals} }

// Eq passes chunks whose Meta value of key equals v: a string, bool, time, or
// any of Go's number types.
func Eq(key string, v any) Filter { return Compare{key, OpEq, canonical(v)} }

// Ne passes chunks that have the key and whose value does not equal v. It is
// And(Exists(key), Not(Eq(key, v))).
func Ne(key string, v any) Filter { return Compare{key, OpNe, canonical(v)} }

// Lt passes chunks whose value of key is less than v: a number, string or time.
func Lt(key string, v any) Filter { return Compare{key, OpLt, canonical(v)} }

// Le passes chunks whose value of key is at most v: a number, string or time.
func Le(key string, v any) Filter { return Compare{key, OpLe, canonical(v)} }

// Gt passes chunks whose value of key is greater than v: a number, string or time.
func Gt(key string, v any) Filter { return Compare{key, OpGt, canonical(v)} }

// Ge passes chunks whose value of key is at least v: a number, string or time.
func Ge(key string, v any) Filter { return Compare{key, OpGe, canonical(v)} }

// In passes chunks whose value of key equals one of vs; with none it passes
// nothing.
func In(key string, vs ...any) Filter {
	c := make([]any, len(vs))
	for i, v := range vs {
		c[i] = canonical(v)
	}
	return OneOf{key, c}
}

// Exists passes chunks that have the key.
func Exists(key string) Filter { return Present{key} }

// Contains passes chunks whose value of key is a list that holds v. It looks
// for whole elements, not for parts of a string.
func Contains(key, v string) Filter { return ListHas{key, []string{v}} }

// ContainsAny passes chunks whose value of key is a list that holds one of vs;
// with none it passes nothing.
func ContainsAny(key string, vs ...string) Filter { return ListHas{key, vs} }

// And passes what all of fs pass; with none it passes every chunk.
func And(fs ...Filter) Filter { return Conjunction{fs} }

// Or passes what one of fs passes; with none it passes nothing.
func Or(fs ...Filter) Filter { return Disjunction{fs} }

// Not passes what f does not.
func Not(f Filter) Filter { return Negation{f} }

// canonical returns v as the type that Meta holds it in, or v itself where
// CheckFilter is to refuse it.
func canonical(v any) any {
	if c, err := canonicalValue(v); err == nil {
		return c
	}
	return v
}

// order compares two canonical values of one kind; ok is false for values of
// different kinds and for kinds that have no order.
func order(a, b any) (c int, ok bool) {
	switch a := a.(type) {
	case string:
		if b, is := b.(string); is {
			return compareOrdered(a, b), true
		}
	case time.Time:
		if b, is := b.(time.Time); is {
			return a.Compare(b), true
		}
	case int64:
		switch b := b.(type) {
		case int64:
			return compareOrdered(a, b), true
		case float64:
			return compareOrdered(float64(a), b), true // exact: |a| <= 2^53
		}
	case float64:
		switch b := b.(type) {
		case int64:
			return compareOrdered(a, float64(b)), true
		case float64:
			return compareOrdered(a, b), true
		}
	}
	return 0, false
}

func compareOrdered[T string | int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
