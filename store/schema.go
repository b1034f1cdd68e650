package store

import (
	"fmt"
	"slices"
)

// A Schema declares Meta keys and their kinds. Stores may make columns of
// them, servers may need them for ranges, and questions can be turned into
// filters over them. Keys that it does not declare are allowed unless Strict.
type Schema struct {
	Fields []Field
	Strict bool
}

// A Field declares one Meta key.
type Field struct {
	Key  string
	Kind Kind
	// About says what the value means, for people and models.
	About string
}

// Kind is the kind of a Meta value.
type Kind string

// The kinds of Meta values.
const (
	KindString Kind = "string"
	KindBool   Kind = "bool"
	KindInt    Kind = "int"
	KindFloat  Kind = "float"
	KindTime   Kind = "time"
	KindList   Kind = "list" // of strings
)

// Validate returns an error that wraps [ErrInvalid] for a malformed or
// doubled key or an unknown kind.
func (s Schema) Validate() error {
	for i, f := range s.Fields {
		if err := checkKey(f.Key); err != nil {
			return fmt.Errorf("%w: schema: %w", ErrInvalid, err)
		}
		if !slices.Contains([]Kind{KindString, KindBool, KindInt, KindFloat, KindTime, KindList}, f.Kind) {
			return fmt.Errorf("%w: schema: %s has unknown kind %q", ErrInvalid, f.Key, f.Kind)
		}
		if slices.ContainsFunc(s.Fields[:i], func(g Field) bool { return g.Key == f.Key }) {
			return fmt.Errorf("%w: schema: %s is declared twice", ErrInvalid, f.Key)
		}
	}
	return nil
}
