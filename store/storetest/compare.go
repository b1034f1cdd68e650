package storetest

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// diffChunk says in what got differs from want; "" if in nothing. An empty
// slice or map equals a nil one, except inside Meta. Vectors may be off by
// tolerance in each number.
func diffChunk(want, got store.Chunk, tolerance float64) string {
	if d := diffVector(want.Vector, got.Vector, tolerance); d != "" {
		return fmt.Sprintf("chunk %.60q: Vector: %s", want.ID, d)
	}
	for k, v := range want.Meta {
		w, ok := got.Meta[k]
		if !ok {
			return fmt.Sprintf("chunk %.60q: Meta lacks %q", want.ID, k)
		}
		if !sameValue(v, w) {
			return fmt.Sprintf("chunk %.60q: Meta %s is %T %#v, want %T %#v", want.ID, k, w, w, v, v)
		}
	}
	for k := range got.Meta {
		if _, ok := want.Meta[k]; !ok {
			return fmt.Sprintf("chunk %.60q: Meta has %q, want no such key", want.ID, k)
		}
	}
	want.Vector, got.Vector, want.Meta, got.Meta = nil, nil, nil, nil
	if d := diffStruct(plainChunk(want), plainChunk(got)); d != "" {
		return fmt.Sprintf("chunk %.60q: %s", want.ID, d)
	}
	return ""
}

func diffDoc(want, got store.Doc) string {
	want.Origin, got.Origin = plainOrigin(want.Origin), plainOrigin(got.Origin)
	if d := diffStruct(want, got); d != "" {
		return fmt.Sprintf("record %.60q: %s", want.ID, d)
	}
	return ""
}

func diffVector(want, got []float32, tolerance float64) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d dimensions, want %d", len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(float64(want[i]) - float64(got[i])); !(d <= tolerance) {
			return fmt.Sprintf("%v at %d, want %v", got[i], i, want[i])
		}
	}
	return ""
}

// sameValue compares Meta values in kind and content. Times must be in UTC.
func sameValue(v, w any) bool {
	if a, ok := v.([]string); ok {
		b, ok := w.([]string)
		return ok && b != nil && slices.Equal(a, b)
	}
	return w != nil && reflect.TypeOf(w).Comparable() && v == w
}

func plainChunk(c store.Chunk) store.Chunk {
	c.Origin = plainOrigin(c.Origin)
	if len(c.Marks) == 0 {
		c.Marks = nil
	}
	return c
}

func plainOrigin(o store.Origin) store.Origin {
	if len(o.Principals) == 0 {
		o.Principals = nil
	}
	return o
}

// diffStruct names the first field in which two structs of one type differ.
func diffStruct(want, got any) string {
	a, b := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range a.NumField() {
		x, y := a.Field(i).Interface(), b.Field(i).Interface()
		if !reflect.DeepEqual(x, y) {
			return fmt.Sprintf("%s is %s, want %s", a.Type().Field(i).Name, short(y), short(x))
		}
	}
	return ""
}

func short(v any) string {
	s := fmt.Sprintf("%#v", v)
	if str, ok := v.(string); ok {
		s = fmt.Sprintf("%q", str)
	}
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	return s
}

// diffChunks compares two lists in order.
func diffChunks(want, got []store.Chunk, tolerance float64) string {
	if d := diffIDs(chunkIDs(want), chunkIDs(got)); d != "" {
		return d
	}
	for i := range want {
		if d := diffChunk(want[i], got[i], tolerance); d != "" {
			return d
		}
	}
	return ""
}

func diffDocs(want, got []store.Doc) string {
	if d := diffIDs(docIDs(want), docIDs(got)); d != "" {
		return d
	}
	for i := range want {
		if d := diffDoc(want[i], got[i]); d != "" {
			return d
		}
	}
	return ""
}

// diffIDs compares two lists of IDs in order, and says what is missing, too
// much, or out of order.
func diffIDs(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	missing, extra := without(want, got), without(got, want)
	switch {
	case len(missing) > 0 && len(extra) > 0:
		return fmt.Sprintf("missing %s and %s too much (%d, want %d)", list(missing), list(extra), len(got), len(want))
	case len(missing) > 0:
		return fmt.Sprintf("missing %s (%d, want %d)", list(missing), len(got), len(want))
	case len(extra) > 0:
		return fmt.Sprintf("%s too much (%d, want %d)", list(extra), len(got), len(want))
	case len(want) != len(got):
		return fmt.Sprintf("%d, some of them twice, want %d: %s", len(got), len(want), list(got))
	}
	for i := range want {
		if want[i] != got[i] {
			return fmt.Sprintf("wrong order: %.60q at %d, want %.60q", got[i], i, want[i])
		}
	}
	return ""
}

func without(a, b []string) []string {
	in := map[string]bool{}
	for _, s := range b {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return in[s] })
}

func list(ids []string) string {
	var b strings.Builder
	for i, id := range ids {
		if i == 5 {
			fmt.Fprintf(&b, " and %d more", len(ids)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.60q", id)
	}
	return b.String()
}

func chunkIDs(chunks []store.Chunk) []string {
	ids := make([]string, len(chunks))
	for i := range chunks {
		ids[i] = chunks[i].ID
	}
	return ids
}

func docIDs(docs []store.Doc) []string {
	ids := make([]string, len(docs))
	for i := range docs {
		ids[i] = docs[i].ID
	}
	return ids
}

func hitIDs(hits []store.Hit) []string {
	ids := make([]string, len(hits))
	for i := range hits {
		ids[i] = hits[i].Chunk.ID
	}
	return ids
}

// showChange describes a change in a line.
func showChange(c store.Change) string {
	s := fmt.Sprintf("{%d chunks, %d records", len(c.Upsert), len(c.Docs))
	if c.Delete != nil {
		s += ", Delete " + showFilter(c.Delete)
	}
	return s + "}"
}

// showQuery describes a query in a line.
func showQuery(q store.Query) string {
	s := fmt.Sprintf("{Text %.60q", q.Text)
	if q.Vector != nil {
		s = fmt.Sprintf("{Vector of %d", len(q.Vector))
	}
	s += fmt.Sprintf(", K %d", q.K)
	if q.Filter != nil {
		s += ", Filter " + showFilter(q.Filter)
	}
	return s + "}"
}

// showFilter writes a filter as the calls that make it.
func showFilter(f store.Filter) string {
	s := formatFilter(f)
	if len(s) > 600 {
		s = s[:600] + "..."
	}
	return s
}

func formatFilter(f store.Filter) string {
	call := func(name string, args ...any) string {
		parts := make([]string, len(args))
		for i, a := range args {
			parts[i] = fmt.Sprintf("%#v", a)
		}
		return name + "(" + strings.Join(parts, ", ") + ")"
	}
	join := func(name string, fs []store.Filter) string {
		parts := make([]string, len(fs))
		for i, g := range fs {
			parts[i] = formatFilter(g)
		}
		return name + "(" + strings.Join(parts, ", ") + ")"
	}
	switch f := f.(type) {
	case store.Everything:
		return "All()"
	case store.HasID:
		return call("IDs", f.IDs)
	case store.InDoc:
		return call("Docs", f.IDs)
	case store.InSource:
		return call("Sources", f.Names)
	case store.InOrdinals:
		return call("Ordinals", f.First, f.Last)
	case store.ReadableBy:
		return call("Readable", f.Principals)
	case store.Compare:
		return fmt.Sprintf("(%s %s %#v)", f.Key, f.Op, f.Value)
	case store.OneOf:
		return call("In", f.Key, f.Values)
	case store.Present:
		return call("Exists", f.Key)
	case store.ListHas:
		return call("ContainsAny", f.Key, f.Values)
	case store.Conjunction:
		return join("And", f.Filters)
	case store.Disjunction:
		return join("Or", f.Filters)
	case store.Negation:
		return "Not(" + formatFilter(f.Filter) + ")"
	}
	return fmt.Sprintf("%#v", f)
}
