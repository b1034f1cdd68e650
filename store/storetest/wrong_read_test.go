package storetest

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// wrongReads show otherwise than asked, or declare what is not.
func wrongReads() map[string]wrong {
	return map[string]wrong{
		"Get in the order of IDs": {rule: "read/get-order", h: by(bent{get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			return s.Get(ctx, slices.Sorted(slices.Values(ids)), f)
		}})},
		"Get stops at what is missing": {rule: "read/get-missing", h: by(bent{get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			chunks, err := s.Get(ctx, ids, f)
			if err == nil && len(chunks) == 0 && len(ids) > 0 {
				err = errBackend
			}
			return chunks, err
		}})},
		"Get returns twice": {rule: "read/get-once", h: by(bent{get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			var out []store.Chunk
			for _, id := range ids {
				c, err := s.Get(ctx, []string{id}, f)
				if err != nil {
					return nil, err
				}
				out = append(out, c...)
			}
			return out, ctx.Err()
		}})},
		"ignores Fields": {rule: "read/fields", h: by(bent{get: func(s store.Store, ctx context.Context, ids []string, _ store.Fields) ([]store.Chunk, error) {
			return s.Get(ctx, ids, store.FieldsAll)
		}})},
		"Search forgets Fields": {rule: "read/fields", h: by(bent{search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			q.Fields &^= store.FieldMarks
			return s.Search(ctx, q)
		}})},
		"Scan in a dictionary's order": {rule: "read/scan-order", h: by(recut(func(_ store.ScanQuery, chunks []store.Chunk) []store.Chunk {
			slices.SortStableFunc(chunks, func(a, b store.Chunk) int { return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)) })
			return chunks
		}))},
		"Scan drops one at a page's border": {rule: "read/scan-complete", h: by(recut(func(_ store.ScanQuery, chunks []store.Chunk) []store.Chunk {
			if len(chunks) > 1000 {
				chunks = slices.Delete(chunks, 1000, 1001)
			}
			return chunks
		}))},
		"Scan repeats one at a page's border": {rule: "read/scan-complete", h: by(recut(func(_ store.ScanQuery, chunks []store.Chunk) []store.Chunk {
			if len(chunks) > 100 {
				chunks = slices.Insert(chunks, 100, chunks[99])
			}
			return chunks
		}))},
		"After is included": {rule: "read/scan-after", h: by(bent{scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
			if store.CheckFilter(q.Filter) == nil && q.After != "" {
				q.Filter = store.Or(store.Not(store.Or()), store.IDs(q.After))
				q.After = q.After[:len(q.After)-1]
			}
			return s.Scan(ctx, q)
		}})},
		"Docs unsorted": {rule: "read/docs-order", h: by(redocumented(func(_ store.DocQuery, docs []store.Doc) []store.Doc {
			slices.Reverse(docs)
			return docs
		}))},
		"Scan in an order that chance makes": {rule: "read/scan-order", h: hashed(func(string) string { return fmt.Sprint(rand.Int()) })},
		"Scan in the order of writing": {rule: "read/scan-order", h: by(bent{
			info: func(i *store.Info) { i.Features.Ordered = false },
			scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
				chunks, err := drain(s.Scan(ctx, q))
				if len(chunks) > 0 && chunks[0].DocID == "another" {
					slices.Reverse(chunks)
				}
				return sequence(ctx, NewReference(), chunks, err)
			},
		})},
		"After by bytes, the order by hashes": {rule: "read/scan-after", h: by(bent{
			info: func(i *store.Info) { i.Features.Ordered = false },
			scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
				chunks, err := drain(s.Scan(ctx, q))
				slices.SortFunc(chunks, func(a, b store.Chunk) int { return strings.Compare(hashOf(a.ID), hashOf(b.ID)) })
				return sequence(ctx, NewReference(), chunks, err)
			},
		})},
		"Docs in an order that chance makes": {rule: "read/docs-order", h: hashed(func(string) string { return fmt.Sprint(rand.Int()) })},
		"Docs by the first 256 refs": {rule: "read/docs-many", h: by(bent{docs: func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
			q.Refs = q.Refs[:min(len(q.Refs), 256)]
			return s.Docs(ctx, q)
		}})},
		"Docs by any of its fields": {rule: "read/docs-query", h: by(bent{docs: func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
			if len(q.Sources) > 0 {
				q.Refs = nil
			}
			return s.Docs(ctx, q)
		}})},
		"an empty list is a condition": {rule: "read/docs-query", h: by(redocumented(func(q store.DocQuery, docs []store.Doc) []store.Doc {
			if q.IDs != nil && len(q.IDs) == 0 {
				return nil
			}
			return docs
		}))},
		"records without chunks are hidden": {rule: "read/records-alone", h: by(bent{docs: func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
			docs, err := drain(s.Docs(ctx, q))
			return sequence(ctx, NewReference(), slices.DeleteFunc(docs, func(d store.Doc) bool { return d.Chunks > 0 && len(all(s, store.Docs(d.ID))) == 0 }), err)
		}})},
		"visible some time later": {rule: "read/other-handle", h: opens(func(*Reference) store.DB {
			return bentDB{NewWeak(nil), func(s store.Store) store.Store {
				return bent{Store: s, info: func(i *store.Info) { i.Features.Visibility, i.Features.Durability = store.Immediate, store.Volatile }}
			}}
		})},

		"ignores a text query": {rule: "info/no-text", h: by(bent{info: func(i *store.Info) { i.Features.Lexical, i.Analyzer = false, "" }, search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
			if q.Text != "" {
				return nil, nil
			}
			return s.Search(ctx, q)
		}})},
		"ignores vectors":          {rule: "info/no-vectors", h: by(declares(func(i *store.Info) { i.Features.Vectors, i.Features.Exact = false, false }))},
		"ignores Exact":            {rule: "info/no-exact", h: by(declares(func(i *store.Info) { i.Features.Exact = false }))},
		"does not say its space":   {rule: "info/space", h: by(declares(func(i *store.Info) { i.Dim = 0 }))},
		"declares what is not":     {rule: "info/declaration", h: by(declares(func(i *store.Info) { i.Features.Atomicity = 7 }))},
		"durable without evidence": {rule: "info/declaration", h: by(declares(func(i *store.Info) { i.Features.Durability = store.Durable }))},
	}
}

// redocumented returns a store whose Docs are changed.
func redocumented(f func(q store.DocQuery, docs []store.Doc) []store.Doc) bent {
	return bent{docs: func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
		docs, err := drain(s.Docs(ctx, q))
		return sequence(ctx, NewReference(), f(q, docs), err)
	}}
}
