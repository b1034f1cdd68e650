package store

// Documented is.
type Documented struct{ Field int }

type Bare struct{}

func (Documented) Bare() {}

func (d *Documented) Error() string { return "" }

func (d *Documented) Unwrap() error { return nil }

func (hidden) Method() {}

type hidden struct{}

func Function() {}

// A group has one comment.
const (
	A = iota
	B
)

const C = 1

const D = 2 // or one behind it

var (
	// E has one above.
	E error
	F error
)

// Contract says what it is, and what its methods do.
type Contract interface {
	// Said does.
	Said()
	Unsaid()
	error
}

type generic[T any] struct{}

func (g *generic[T]) Method() {}

// Generic has parameters.
type Generic[K, V any] struct{}

func (g *Generic[K, V]) Bare() {}

// One has one method, told here.
type One interface{ Do() }
