// Package text is not public.
package text

// T is made by New.
type T struct{}

// New has no example.
func New() *T { return nil }
