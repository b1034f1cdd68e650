package loadertest

import (
	"errors"
	"fmt"
	"iter"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// maxPairs is more than any source under test yields.
const maxPairs = 1 << 20

// A pair is what a sequence yields.
type pair[T any] struct {
	v   T
	err error
}

// collect ranges over a sequence to its end, and holds it to what is said of
// errors. v is Document or Ref.
func collect[T any](t *trial, seq iter.Seq2[T, error]) []pair[T] {
	var pairs []pair[T]
	for v, err := range seq {
		pairs = append(pairs, pair[T]{v, err})
		if len(pairs) == maxPairs {
			t.Fatalf("the sequence goes on after %d pairs", maxPairs)
		}
	}
	return pairs
}

// values are the pairs without an error.
func values[T any](pairs []pair[T]) []T {
	var vs []T
	for _, p := range pairs {
		if p.err == nil {
			vs = append(vs, p.v)
		}
	}
	return vs
}

func docError(err error) (*loaders.DocError, bool) { return errors.AsType[*loaders.DocError](err) }

// faultsOfErrors checks what the contract says of pairs with an error.
func faultsOfErrors[T any](t *trial, pairs []pair[T]) {
	for i, p := range pairs {
		if p.err == nil {
			continue
		}
		if !reflect.ValueOf(&p.v).Elem().IsZero() {
			t.Faultf("pair %d has an error, %v, and a value, %+v", i, p.err, p.v)
		}
		if de, ok := docError(p.err); ok {
			if de.Ref == "" || de.Err == nil {
				t.Faultf("pair %d: a DocError without a Ref or without a cause: %+v", i, *de)
			}
		} else if i < len(pairs)-1 {
			t.Faultf("pair %d of %d has an error that is no DocError, and is not the last: %v", i, len(pairs), p.err)
		}
	}
}

// same reports how two rounds of one sequence of documents differ; "" if they
// do not.
func same(a, b []pair[loaders.Document]) string {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		switch {
		case (x.err == nil) != (y.err == nil):
			return fmt.Sprintf("pair %d: first error %v, then error %v", i, x.err, y.err)
		case x.err != nil:
			dx, okx := docError(x.err)
			dy, oky := docError(y.err)
			if okx != oky || okx && dx.Ref != dy.Ref {
				return fmt.Sprintf("pair %d: first %v, then %v", i, x.err, y.err)
			}
		case x.v.ID != y.v.ID:
			return fmt.Sprintf("pair %d: first document %q, then %q", i, x.v.ID, y.v.ID)
		case !reflect.DeepEqual(x.v, y.v):
			return fmt.Sprintf("document %q: first %s, then %s", x.v.ID, brief(x.v), brief(y.v))
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("first %d pairs, then %d", len(a), len(b))
	}
	return ""
}

func brief(d loaders.Document) string {
	if len(d.Text) > 200 {
		d.Text = d.Text[:200] + "..."
	}
	s := fmt.Sprintf("%+v", d)
	return s[:min(len(s), 600)]
}

// document returns the rule of loaders.Document that d breaks; "" if none.
func document(d loaders.Document) string {
	if err := d.Validate(); err != nil {
		return err.Error()
	}
	if d.Ref == "" {
		return fmt.Sprintf("document %q names no Ref", d.ID)
	}
	if _, err := url.Parse(d.URI); err != nil {
		return fmt.Sprintf("document %q: %v", d.ID, err)
	}
	if _, err := store.CanonicalMeta(d.Meta); err != nil {
		return fmt.Sprintf("document %q: %v", d.ID, err)
	}
	for _, p := range slices.Concat(d.Principals, d.Warnings) {
		if !utf8.ValidString(p) || p == "" {
			return fmt.Sprintf("document %q: principal or warning %q", d.ID, p)
		}
	}
	return spans(d)
}

// spans returns how two spans of d overlap that must not; "" if none do.
func spans(d loaders.Document) string {
	open := map[loaders.SpanKind][]loaders.Span{}
	for i, s := range d.Spans {
		if !utf8.ValidString(s.Label) || !utf8.ValidString(s.Anchor) || strings.HasPrefix(s.Anchor, "#") {
			return fmt.Sprintf("document %q: span %d has label %q, anchor %q", d.ID, i, s.Label, s.Anchor)
		}
		if s.Level < 0 {
			return fmt.Sprintf("document %q: span %d has level %d", d.ID, i, s.Level)
		}
		if s.Kind == loaders.Heading && s.Level == 0 {
			return fmt.Sprintf("document %q: span %d is a heading of level 0", d.ID, i)
		}
		outer := open[s.Kind]
		for len(outer) > 0 && outer[len(outer)-1].End <= s.Start {
			outer = outer[:len(outer)-1]
		}
		if n := len(outer); n > 0 && outer[n-1].End < s.End {
			return fmt.Sprintf("document %q: two spans of kind %q overlap partly: [%d:%d] and [%d:%d]",
				d.ID, s.Kind, outer[n-1].Start, outer[n-1].End, s.Start, s.End)
		}
		open[s.Kind] = append(outer, s)
	}
	return ""
}

// spoil changes all that can be changed in a document.
func spoil(d loaders.Document) {
	for i := range d.Spans {
		for j := range d.Spans[i].Boxes {
			d.Spans[i].Boxes[j] = loaders.Box{Page: -1}
		}
		d.Spans[i] = loaders.Span{Kind: "spoilt", Start: -1}
	}
	for k, v := range d.Meta {
		if list, ok := v.([]string); ok {
			fill(list)
		}
		d.Meta[k] = "spoilt"
	}
	if d.Meta != nil {
		d.Meta["spoilt"] = "spoilt"
	}
	fill(d.Principals)
	fill(d.Warnings)
	_ = append(d.Principals, "spoilt")
	_ = append(d.Warnings, "spoilt")
}

func fill(list []string) {
	for i := range list {
		list[i] = "spoilt"
	}
}
