package storetest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/quarry-go/quarry/store"
)

// wrongWrites keep what they should refuse, or not what they should keep.
func wrongWrites() map[string]wrong {
	return map[string]wrong{
		"a refused Write writes its beginning": {rule: "refuse/chunks", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			if c.Validate() != nil && len(c.Upsert) > 0 {
				_, _ = s.Write(ctx, store.Change{Upsert: c.Upsert[:1], Space: c.Space})
			}
			return s.Write(ctx, c)
		}})},
		"a refused Write has deleted": {rule: "refuse/space", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			if c.Validate() == nil && c.Delete != nil {
				_, _ = s.Write(ctx, store.Change{Delete: c.Delete})
			}
			return s.Write(ctx, c)
		}})},
		"mends what is invalid": {rule: "refuse/meta", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			c = cloneChange(c)
			for i, u := range c.Upsert {
				for k, v := range u.Meta {
					if m, err := store.CanonicalMeta(map[string]any{k: v}); err == nil {
						c.Upsert[i].Meta[k] = m[k]
					}
				}
			}
			return s.Write(ctx, c)
		}})},
		"does not look at records": {rule: "refuse/records", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			c.Docs = slices.DeleteFunc(slices.Clone(c.Docs), func(d store.Doc) bool { return (&store.Change{Docs: []store.Doc{d}}).Validate() != nil })
			return s.Write(ctx, c)
		}})},
		"takes any vector": {rule: "refuse/vectors", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			c = cloneChange(c)
			for i := range c.Upsert {
				if store.CheckVector(c.Upsert[i].Vector) != nil {
					c.Upsert[i].Vector = nil
				}
			}
			return s.Write(ctx, c)
		}})},
		"takes any space": {rule: "refuse/space", h: by(changed(func(c *store.Change) {
			if c.Space != "" {
				c.Space = "storetest/1"
			}
		}))},
		"an error of its own": {rule: "refuse/queries", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if err := q.Validate(); err != nil {
				return nil, fmt.Errorf("%w: %v", errBackend, err)
			}
			return s.Search(ctx, q)
		}})},
		"a malformed filter is none": {rule: "refuse/filters", h: by(bent{scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
			if store.CheckFilter(q.Filter) != nil {
				q.Filter = nil
			}
			return s.Scan(ctx, q)
		}})},
		"does not keep its own limits": {rule: "refuse/limits", h: by(declares(func(i *store.Info) { i.Limits.TextBytes = 1000 }))},
		"does not keep its own schema": {rule: "refuse/schema", h: by(declares(func(i *store.Info) { i.Schema = Schema() }))},

		"duplicates are kept twice": {rule: "write/duplicate-chunks", h: by(recut(func(q store.ScanQuery, chunks []store.Chunk) []store.Chunk {
			if i := slices.IndexFunc(chunks, func(c store.Chunk) bool { return c.ID == "same" }); i >= 0 {
				chunks = slices.Insert(chunks, i, chunks[i])
			}
			return chunks
		}))},
		"the first of two wins": {rule: "write/duplicate-chunks", h: by(changed(func(c *store.Change) {
			slices.Reverse(c.Upsert)
		}))},
		"the first of two records wins": {rule: "write/duplicate-records", h: by(changed(func(c *store.Change) {
			slices.Reverse(c.Docs)
		}))},
		"old Meta shines through": {rule: "write/replace", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			c = cloneChange(c)
			for i, u := range c.Upsert {
				for _, old := range all(s, store.IDs(u.ID)) {
					if old.Meta != nil && u.Meta != nil {
						maps.Copy(old.Meta, u.Meta)
						c.Upsert[i].Meta = old.Meta
					}
				}
			}
			return s.Write(ctx, c)
		}})},
		"nil deletes all": {rule: "write/nil-delete", h: by(changed(func(c *store.Change) {
			if c.Delete == nil {
				c.Delete = store.All()
			}
		}))},
		"deletes the whole document": {rule: "write/delete", h: by(changed(func(c *store.Change) {
			if ids, ok := c.Delete.(store.HasID); ok && len(ids.IDs) == 1 {
				doc, _, _ := strings.Cut(ids.IDs[0], "#")
				c.Delete = store.Docs(doc)
			}
		}))},
		"refuses to do nothing": {rule: "write/nothing", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			if len(c.Upsert)+len(c.Docs) == 0 && c.Delete == nil {
				return store.Changed{}, errBackend
			}
			return s.Write(ctx, c)
		}})},
		"deletes what it has put": {rule: "write/delete-first", h: by(inSteps(func(c store.Change) []store.Change {
			return []store.Change{{Upsert: c.Upsert, Space: c.Space}, {Delete: c.Delete}, {Docs: c.Docs}}
		}, nil))},
		"Delete leaves records": {rule: "write/delete-records", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			before, _ := drain(s.Docs(ctx, store.DocQuery{}))
			if c.Validate() == nil {
				c.Docs = append(before, c.Docs...)
			}
			done, err := s.Write(ctx, c)
			done.Docs -= len(before)
			return done, err
		}})},
		"Delete removes the records it matches": {rule: "write/delete-records", h: by(bent{docs: func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
			return func(yield func(store.Doc, error) bool) {
				for d, err := range s.Docs(ctx, q) {
					if d.ID == "C" && len(all(s, store.IDs("a1"))) == 0 {
						continue
					}
					if !yield(d, err) {
						return
					}
				}
			}
		}})},
		"records go with their chunks": {rule: "write/records-last", h: by(inSteps(func(c store.Change) []store.Change {
			return []store.Change{{Docs: c.Docs}, {Delete: c.Delete, Upsert: c.Upsert, Space: c.Space}}
		}, nil))},
		"an Upsert removes the record": {rule: "write/records-stay", h: by(changed(func(c *store.Change) {
			var docs []string
			for _, u := range c.Upsert {
				docs = append(docs, u.DocID)
			}
			if c.Delete == nil && len(docs) > 0 {
				c.Delete = store.And(store.Docs(docs...), store.Ordinals(0, 0))
			}
		}))},
		"counts what it was given": {rule: "write/counts", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			done, err := s.Write(ctx, c)
			if err == nil {
				done.Upserted = len(c.Upsert)
			}
			return done, err
		}})},
		"64 KB of text at most": {rule: "write/large", h: by(stored(func(c *store.Chunk) {
			c.Text = c.Text[:min(len(c.Text), 1<<16)]
			c.End = c.Start + len(c.Text)
		}))},
		"a thousand at most": {rule: "write/many", h: by(changed(func(c *store.Change) { c.Upsert = c.Upsert[:min(len(c.Upsert), 1000)] }))},
		"whole floats become integers": {rule: "write/round-trip", h: by(stored(func(c *store.Chunk) {
			for k, v := range c.Meta {
				if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < store.MaxInt {
					c.Meta[k] = int64(f)
				}
			}
		}))},
		"empty lists are lost": {rule: "write/round-trip", h: by(stored(func(c *store.Chunk) {
			maps.DeleteFunc(c.Meta, func(_ string, v any) bool { l, ok := v.([]string); return ok && len(l) == 0 })
		}))},
		"times lose microseconds": {rule: "write/round-trip", h: by(stored(func(c *store.Chunk) { c.Origin.Modified = c.Origin.Modified.Truncate(time.Millisecond) }))},
		"moves the old way":       {rule: "write/move", h: by(bent{scan: oldDocument})},
	}
}

// oldDocument finds a moved chunk under its old document.
func oldDocument(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	if d, ok := q.Filter.(store.InDoc); ok && slices.Equal(d.IDs, []string{"doc one"}) {
		q.Filter = store.Docs("doc two")
	}
	return s.Scan(ctx, q)
}
