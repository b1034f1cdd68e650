package store

import (
	"fmt"
	"slices"
	"time"
)

// A Schema declares Meta keys and their kinds. Stores may make columns of
// them, servers may need them for ranges, and questions can be turned into
// filters over them. A chunk may lack a declared key, but has no value of
// another kind under it. Keys that are not declared are allowed unless Strict.
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

// Check returns an error that wraps [ErrInvalid] and names the key unless meta,
// as [CanonicalMeta] makes it, fits s.
func (s Schema) Check(meta map[string]any) error {
	for k, v := range meta {
		i := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Key == k })
		switch {
		case i < 0 && s.Strict:
			return fmt.Errorf("%w: meta %s is not in the schema", ErrInvalid, k)
		case i >= 0 && kindOf(v) != s.Fields[i].Kind:
			return fmt.Errorf("%w: meta %s is %T, the schema has %s", ErrInvalid, k, v, s.Fields[i].Kind)
		}
	}
	return nil
}

// kindOf returns the kind of a canonical value, "" for any other.
func kindOf(v any) Kind {
	switch v.(type) {
	case string:
		return KindString
	case bool:
		return KindBool
	case int64:
		return KindInt
	case float64:
		return KindFloat
	case time.Time:
		return KindTime
	case []string:
		return KindList
	}
	return ""
}
