package pgstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/remote"
	"github.com/quarry-go/quarry/internal/text"
	"github.com/quarry-go/quarry/store"
)

// Info implements remote.Driver.
func (d *driver) Info() store.Info {
	return store.Info{
		Analyzer: text.Analyzer{}.Fingerprint(),
		Schema:   d.o.Schema,
		Limits: store.Limits{
			Dim:       maxHalfDim,
			TextBytes: 128 << 20,
			MetaBytes: 128 << 20,
			IDBytes:   1024, // keys of indexes are bounded by a third of a page, names are in them too
		},
		Features: store.Features{
			Vectors: true, Lexical: true, Exact: true, Ordered: true,
			Atomicity: store.AtomicChange, Visibility: store.Immediate, Durability: store.Durable,
		},
	}
}

// Batch implements remote.Driver.
func (d *driver) Batch() remote.Batch { return remote.Batch{IDs: 10_000} }

// Key implements remote.Driver: the columns are compared by bytes.
func (d *driver) Key(id string) string { return id }

// Can implements remote.Driver: SQL says it all.
func (d *driver) Can(store.Filter) bool { return true }

// page is how many rows are read at a time.
const page = 1000

// Namespaces implements remote.Driver.
func (d *driver) Namespaces(ctx context.Context) (names []string, err error) {
	err = d.read(ctx, "", into(&names, pgx.RowTo[string]), "SELECT name FROM "+d.n.namespaces, nil)
	return names, err
}

// Get implements remote.Driver.
func (d *driver) Get(ctx context.Context, ns string, ids []string, f store.Fields) (chunks []store.Chunk, err error) {
	err = d.read(ctx, ns, into(&chunks, chunkOf(f)), "SELECT "+columns(f)+" FROM "+d.n.chunks+" WHERE ns = $1 AND id = ANY($2::text[])", []any{ns, ids})
	return chunks, err
}

// Scan implements remote.Driver.
func (d *driver) Scan(ctx context.Context, ns string, q store.ScanQuery, cursor string) (chunks []store.Chunk, next string, err error) {
	after := q.After
	if cursor != "" {
		after = cursor
	}
	a := arguments{ns, after}
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE ns = $1 AND id > $2 AND %s ORDER BY id LIMIT %d",
		columns(q.Fields), d.n.chunks, chunkRow.where(q.Filter, &a), page)
	err = d.read(ctx, ns, into(&chunks, chunkOf(q.Fields)), sql, a)
	if len(chunks) == page {
		next = chunks[page-1].ID
	}
	return chunks, next, err
}

// Docs implements remote.Driver.
func (d *driver) Docs(ctx context.Context, ns string, q store.DocQuery, cursor string) (docs []store.Doc, next string, err error) {
	a := arguments{ns, cursor}
	sql := "SELECT id, source, ref, ref_version, version, chunks, origin::text FROM " + d.n.docs + " WHERE ns = $1 AND id > $2"
	for _, f := range []struct {
		column string
		list   []string
	}{{"source", q.Sources}, {"ref", q.Refs}, {"id", q.IDs}} {
		if len(f.list) > 0 {
			sql += " AND " + f.column + " = ANY(" + a.add(f.list) + "::text[])"
		}
	}
	sql += fmt.Sprintf(" ORDER BY id LIMIT %d", page)
	err = d.read(ctx, ns, into(&docs, scanDoc), sql, a)
	if len(docs) == page {
		next = docs[page-1].ID
	}
	return docs, next, err
}
