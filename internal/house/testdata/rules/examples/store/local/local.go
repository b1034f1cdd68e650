// Package local has constructors.
package local

import "testing"

// DB is what they make.
type DB struct{}

// Open has an example.
func Open(dir string) (*DB, error) { return nil, nil }

// Memory has one that does not run.
func Memory() *DB { return nil }

// Filter is an interface.
type Filter interface{ Match() bool }

// All makes one.
func All() (Filter, error) { return nil, nil }

// As finds one.
func As[T any](f Filter) (t T, ok bool) { return t, false }

// Stats returns a plain value.
func Stats(d *DB) DB { return *d }

// NewName makes what is not of this package.
func NewName() string { return "" }

// Count makes nothing.
func Count(d *DB) int { return 0 }

// Clone is a method.
func (d *DB) Clone() *DB { return d }

// ForTest cannot have an example.
func ForTest(t *testing.T) *DB { return nil }

func hidden() *DB { return nil }
