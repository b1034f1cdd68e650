package store

import "slices"

// Match reports whether f passes c. It defines the meaning of every filter,
// and needs f to be well formed: [CheckFilter] returns nil. A nil f passes
// every chunk.
func Match(f Filter, c *Chunk) bool {
	switch f := f.(type) {
	case nil, Everything:
		return true
	case HasID:
		return slices.Contains(f.IDs, c.ID)
	case InDoc:
		return slices.Contains(f.IDs, c.DocID)
	case InSource:
		return slices.Contains(f.Names, c.Source)
	case InOrdinals:
		return f.First <= c.Ordinal && c.Ordinal <= f.Last
	case ReadableBy:
		return len(c.Origin.Principals) == 0 || intersect(f.Principals, c.Origin.Principals)
	case Compare:
		v, ok := c.Meta[f.Key]
		return ok && compare(v, f.Op, f.Value)
	case OneOf:
		v, ok := c.Meta[f.Key]
		return ok && slices.ContainsFunc(f.Values, func(w any) bool { return equal(v, w) })
	case Present:
		_, ok := c.Meta[f.Key]
		return ok
	case ListHas:
		list, _ := c.Meta[f.Key].([]string)
		return intersect(f.Values, list)
	case Conjunction:
		return !slices.ContainsFunc(f.Filters, func(g Filter) bool { return !Match(g, c) })
	case Disjunction:
		return slices.ContainsFunc(f.Filters, func(g Filter) bool { return Match(g, c) })
	case Negation:
		return !Match(f.Filter, c)
	}
	return false
}

func compare(v any, op Op, w any) bool {
	if op == OpEq {
		return equal(v, w)
	}
	if op == OpNe {
		return !equal(v, w)
	}
	c, ok := order(v, w)
	if !ok {
		return false
	}
	switch op {
	case OpLt:
		return c < 0
	case OpLe:
		return c <= 0
	case OpGt:
		return c > 0
	case OpGe:
		return c >= 0
	}
	return false
}

func equal(v, w any) bool {
	if a, ok := v.(bool); ok {
		b, ok := w.(bool)
		return ok && a == b
	}
	c, ok := order(v, w)
	return ok && c == 0
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
