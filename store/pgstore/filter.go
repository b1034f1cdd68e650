package pgstore

import (
	"fmt"
	"strings"
	"time"

	"github.com/quarry-go/quarry/internal/remote"
	"github.com/quarry-go/quarry/store"
)

// A row says where a filter finds what it asks about.
type row struct{ id, doc, source, ordinal, principals, meta string }

var (
	chunkRow  = row{"id", "doc", "source", "ordinal", "principals", "meta"}
	recordRow = row{"''::text", "id", "source", "0", "principals", "'{}'::jsonb"}
)

// An arguments list collects the values of a statement; nothing but its
// placeholders gets into the SQL.
type arguments []any

// add returns the placeholder of a value.
func (a *arguments) add(v any) string {
	*a = append(*a, v)
	return fmt.Sprintf("$%d", len(*a))
}

// where returns f as a condition, which is true or false and never null.
func (r row) where(f store.Filter, a *arguments) string {
	switch f := f.(type) {
	case nil, store.Everything:
		return "true"
	case store.HasID:
		return fmt.Sprintf("(%s = ANY(%s::text[]))", r.id, a.add(list(f.IDs)))
	case store.InDoc:
		return fmt.Sprintf("(%s = ANY(%s::text[]))", r.doc, a.add(list(f.IDs)))
	case store.InSource:
		return fmt.Sprintf("(%s = ANY(%s::text[]))", r.source, a.add(list(f.Names)))
	case store.InOrdinals:
		return fmt.Sprintf("(%s BETWEEN %s::bigint AND %s::bigint)", r.ordinal, a.add(f.First), a.add(f.Last))
	case store.ReadableBy:
		return fmt.Sprintf("(%s = '{}' OR %[1]s && %[2]s::text[])", r.principals, a.add(list(f.Principals)))
	case store.Present:
		return fmt.Sprintf("(%s ? %s::text)", r.meta, a.add(f.Key))
	case store.OneOf:
		values := make([]string, len(f.Values))
		for i, v := range f.Values {
			values[i] = jsonOf(v)
		}
		return fmt.Sprintf("coalesce(%s->%s::text = ANY(%s::text[]::jsonb[]), false)", r.meta, a.add(f.Key), a.add(values))
	case store.ListHas:
		key := a.add(f.Key)
		return fmt.Sprintf("coalesce(jsonb_typeof(%s->%s::text) = 'array' AND %[1]s->%[2]s::text ?| %[3]s::text[], false)", r.meta, key, a.add(list(f.Values)))
	case store.Compare:
		return r.compare(f, a)
	case store.Negation:
		return "(NOT " + r.where(f.Filter, a) + ")"
	case store.Conjunction:
		return r.join(f.Filters, " AND ", "true", a)
	case store.Disjunction:
		return r.join(f.Filters, " OR ", "false", a)
	}
	return "false"
}

func (r row) join(fs []store.Filter, by, none string, a *arguments) string {
	if len(fs) == 0 {
		return none
	}
	parts := make([]string, len(fs))
	for i, f := range fs {
		parts[i] = r.where(f, a)
	}
	return "(" + strings.Join(parts, by) + ")"
}

// compare returns a comparison. The type of the value is looked at before it is
// cast, since keys may have values of any.
func (r row) compare(c store.Compare, a *arguments) string {
	switch c.Op {
	case store.OpNe:
		equal := store.Compare{Key: c.Key, Op: store.OpEq, Value: c.Value}
		return "(" + r.where(store.Exists(c.Key), a) + " AND NOT " + r.compare(equal, a) + ")"
	case store.OpEq:
		pair := remote.AppendMeta(nil, map[string]any{c.Key: c.Value}) // for the index
		return fmt.Sprintf("coalesce(%s @> %s::text::jsonb AND %[1]s->%[3]s::text = %[4]s::text::jsonb, false)", r.meta, a.add(string(pair)), a.add(c.Key), a.add(jsonOf(c.Value)))
	}
	var kind, cast, value string
	key := a.add(c.Key)
	switch v := c.Value.(type) {
	case string:
		kind, cast, value = "string", fmt.Sprintf(`(%s->>%s::text) COLLATE "C"`, r.meta, key), a.add(v)+"::text"
	case time.Time:
		kind, cast, value = "object", fmt.Sprintf("(%s->%s::text->>'time')::bigint", r.meta, key), a.add(v.UnixMicro())+"::bigint"
	default:
		kind, cast, value = "number", fmt.Sprintf("(%s->>%s::text)::numeric", r.meta, key), a.add(jsonOf(v))+"::text::numeric"
	}
	return fmt.Sprintf("coalesce(CASE jsonb_typeof(%s->%s::text) WHEN '%s' THEN %s %s %s ELSE false END, false)", r.meta, key, kind, cast, c.Op, value)
}

func jsonOf(v any) string { return string(remote.AppendValue(nil, v)) }

// list returns a list that is an empty array to the server where it is nil.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
