package store

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// MaxNamespace is the greatest length of a namespace's name, in bytes.
const MaxNamespace = 256

// CheckNamespace returns an error that wraps [ErrInvalid] unless name is
// valid UTF-8 without NUL, of 1 to MaxNamespace bytes.
func CheckNamespace(name string) error {
	if name == "" || len(name) > MaxNamespace {
		return fmt.Errorf("%w: namespace of %d bytes, want 1 to %d", ErrInvalid, len(name), MaxNamespace)
	}
	if err := checkString(name); err != nil {
		return fmt.Errorf("%w: namespace: %w", ErrInvalid, err)
	}
	return nil
}

// Validate returns an error that wraps [ErrInvalid] or [ErrFilter] and names
// the rule unless q can be asked: exactly one of Vector and Text, K at least
// 1, a unit vector of finite numbers, text in UTF-8, a well-formed filter.
func (q *Query) Validate() error {
	if (q.Vector == nil) == (q.Text == "") {
		return fmt.Errorf("%w: query: want exactly one of Vector and Text", ErrInvalid)
	}
	if q.K < 1 {
		return fmt.Errorf("%w: query: K is %d, want at least 1", ErrInvalid, q.K)
	}
	if q.Vector != nil {
		if err := CheckVector(q.Vector); err != nil {
			return fmt.Errorf("%w: query: %w", ErrInvalid, err)
		}
	}
	if !utf8.ValidString(q.Text) {
		return fmt.Errorf("%w: query: text is not valid UTF-8", ErrInvalid)
	}
	if q.Fields&^FieldsAll != 0 {
		return fmt.Errorf("%w: query: unknown fields %#x", ErrInvalid, q.Fields)
	}
	return CheckFilter(q.Filter)
}

// Validate returns an error that wraps [ErrInvalid] or [ErrFilter] unless
// every part of c keeps the rules of this package; it names the part that does
// not. Vectors must all have one length, and need a Space.
func (c *Change) Validate() error {
	dim := 0
	for i := range c.Upsert {
		u := &c.Upsert[i]
		if err := u.check(); err != nil {
			return fmt.Errorf("%w: chunk %q (%d of %d): %w", ErrInvalid, u.ID, i, len(c.Upsert), err)
		}
		if u.Vector == nil {
			continue
		}
		if c.Space == "" {
			return fmt.Errorf("%w: chunk %q has a vector, but the change names no space", ErrInvalid, u.ID)
		}
		if dim != 0 && dim != len(u.Vector) {
			return fmt.Errorf("%w: %w: chunk %q has %d dimensions, one before it %d", ErrInvalid, ErrSpace, u.ID, len(u.Vector), dim)
		}
		dim = len(u.Vector)
	}
	for i := range c.Docs {
		if err := c.Docs[i].check(); err != nil {
			return fmt.Errorf("%w: document %q: %w", ErrInvalid, c.Docs[i].ID, err)
		}
	}
	if err := checkString(c.Space); err != nil {
		return fmt.Errorf("%w: space: %w", ErrInvalid, err)
	}
	return CheckFilter(c.Delete)
}

// check applies the rules of a stored chunk.
func (c *Chunk) check() error {
	switch {
	case c.ID == "":
		return errors.New("no ID")
	case c.DocID == "":
		return errors.New("no DocID")
	case c.Ordinal < 0:
		return fmt.Errorf("ordinal %d", c.Ordinal)
	case c.Start < 0 || c.End-c.Start != len(c.Text):
		return fmt.Errorf("text of %d bytes at [%d:%d]", len(c.Text), c.Start, c.End)
	}
	if err := checkStrings(c.ID, c.DocID, c.Source, c.Version, c.Text, c.Prefix, c.EmbedKey); err != nil {
		return err
	}
	if err := c.Origin.check(); err != nil {
		return err
	}
	for i, m := range c.Marks {
		if m.Start < 0 || m.End < m.Start {
			return fmt.Errorf("mark %d at [%d:%d]", i, m.Start, m.End)
		}
		if err := checkStrings(m.Kind, m.Label, m.Anchor); err != nil {
			return fmt.Errorf("mark %d: %w", i, err)
		}
	}
	for k, v := range c.Meta {
		if err := checkKey(k); err != nil {
			return fmt.Errorf("meta: %w", err)
		}
		if err := isCanonical(v); err != nil {
			return fmt.Errorf("meta %s: %w", k, err)
		}
	}
	if c.Vector != nil {
		return CheckVector(c.Vector)
	}
	return nil
}

func (d *Doc) check() error {
	if d.ID == "" {
		return errors.New("no ID")
	}
	if d.Chunks < 0 {
		return fmt.Errorf("%d chunks", d.Chunks)
	}
	if err := checkStrings(d.ID, d.Source, d.Ref, d.RefVersion, d.Version); err != nil {
		return err
	}
	return d.Origin.check()
}

func (o *Origin) check() error {
	if o.Trust > Internal {
		return fmt.Errorf("unknown trust %d", o.Trust)
	}
	if err := checkStrings(o.URI, o.Title, o.Lang); err != nil {
		return err
	}
	if isCanonical(o.Modified) != nil {
		return fmt.Errorf("modified %v is not in UTC and whole microseconds", o.Modified)
	}
	return checkStrings(o.Principals...)
}

func checkStrings(list ...string) error {
	for _, s := range list {
		if err := checkString(s); err != nil {
			return err
		}
	}
	return nil
}

// unitTolerance is how far the length of a unit vector may be off 1, from
// rounding in half precision.
const unitTolerance = 1e-2

// CheckVector returns an error unless v is not empty, all finite, and of unit
// length within a hundredth.
func CheckVector(v []float32) error {
	if len(v) == 0 {
		return errors.New("vector without dimensions")
	}
	sum := 0.0
	for i, x := range v {
		if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("vector holds %v at %d", x, i)
		}
		sum += float64(x) * float64(x)
	}
	if n := math.Sqrt(sum); math.Abs(n-1) > unitTolerance {
		return fmt.Errorf("vector has length %.4g, want 1", n)
	}
	return nil
}

// maxFilterDepth bounds how deep a filter may nest.
const maxFilterDepth = 64

// CheckFilter returns an error that wraps [ErrFilter] and names the condition
// unless f is well formed: keys as in Meta, values of the types that Meta
// holds, an order asked only of numbers, strings and times, no nil filter
// inside And, Or and Not, and at most 64 levels. A nil f is well formed.
func CheckFilter(f Filter) error {
	if f == nil {
		return nil
	}
	if err := checkFilter(f, 1); err != nil {
		return fmt.Errorf("%w: %w", ErrFilter, err)
	}
	return nil
}

func checkFilter(f Filter, depth int) error {
	if depth > maxFilterDepth {
		return fmt.Errorf("nested over %d deep", maxFilterDepth)
	}
	switch f := f.(type) {
	case nil:
		return errors.New("nil inside And, Or or Not")
	case Everything, InOrdinals:
		return nil
	case HasID:
		return checkStrings(f.IDs...)
	case InDoc:
		return checkStrings(f.IDs...)
	case InSource:
		return checkStrings(f.Names...)
	case ReadableBy:
		return checkStrings(f.Principals...)
	case Compare:
		return checkCompare(f)
	case OneOf:
		for _, v := range f.Values {
			if err := checkCompare(Compare{f.Key, OpEq, v}); err != nil {
				return err
			}
		}
		return checkKey(f.Key)
	case Present:
		return checkKey(f.Key)
	case ListHas:
		if err := checkStrings(f.Values...); err != nil {
			return fmt.Errorf("%s: %w", f.Key, err)
		}
		return checkKey(f.Key)
	case Conjunction:
		return checkFilters(f.Filters, depth)
	case Disjunction:
		return checkFilters(f.Filters, depth)
	case Negation:
		return checkFilter(f.Filter, depth+1)
	}
	return fmt.Errorf("unknown condition %T", f)
}

func checkFilters(fs []Filter, depth int) error {
	for _, f := range fs {
		if err := checkFilter(f, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func checkCompare(c Compare) error {
	if err := checkKey(c.Key); err != nil {
		return err
	}
	switch c.Op {
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
	default:
		return fmt.Errorf("%s: unknown comparison %q", c.Key, c.Op)
	}
	switch c.Value.(type) {
	case []string:
		return fmt.Errorf("%s: a list cannot be compared; use Contains", c.Key)
	case bool:
		if c.Op != OpEq && c.Op != OpNe {
			return fmt.Errorf("%s: booleans have no order", c.Key)
		}
	}
	if err := isCanonical(c.Value); err != nil {
		return fmt.Errorf("%s: %w", c.Key, err)
	}
	return nil
}

// CanonicalTime returns t in UTC and whole microseconds, as Origin and Meta
// keep it.
func CanonicalTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
