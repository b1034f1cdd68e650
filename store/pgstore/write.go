package pgstore

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/remote"
	"github.com/quarry-go/quarry/store"
)

// Write implements remote.Transactor. The row of the namespace is locked first,
// so that writers take turns and its counts are right.
func (d *driver) Write(ctx context.Context, ns string, c store.Change) (changed store.Changed, err error) {
	err = d.transaction(ctx, func(tx pgx.Tx) error {
		w := writer{driver: d, ctx: ctx, tx: tx, ns: ns}
		changed, err = w.write(&c)
		return err
	})
	if err != nil {
		return store.Changed{}, err
	}
	return changed, nil
}

// A writer makes one change in one transaction.
type writer struct {
	*driver
	ctx context.Context
	tx  pgx.Tx
	ns  string
}

func (w *writer) exec(sql string, args ...any) error {
	_, err := w.tx.Exec(w.ctx, sql, args...)
	return err
}

func (w *writer) write(c *store.Change) (store.Changed, error) {
	if err := w.enter(w.ctx, w.tx, w.ns); err != nil {
		return store.Changed{}, err
	}
	if len(c.Upsert)+len(c.Docs) > 0 {
		if err := w.exec("INSERT INTO "+w.n.namespaces+" (name) VALUES ($1) ON CONFLICT DO NOTHING", w.ns); err != nil {
			return store.Changed{}, err
		}
	}
	var chunks, terms int64 // how many more there are
	err := w.tx.QueryRow(w.ctx, "SELECT chunks, terms FROM "+w.n.namespaces+" WHERE name = $1 FOR UPDATE", w.ns).Scan(&chunks, &terms)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Changed{}, nil // nothing to delete
	}
	if err != nil {
		return store.Changed{}, err
	}
	chunks, terms = 0, 0

	upserted := make([]string, len(c.Upsert))
	for i := range c.Upsert {
		upserted[i] = c.Upsert[i].ID
	}
	slices.Sort(upserted)
	changed := store.Changed{Upserted: len(c.Upsert), Docs: len(c.Docs)}
	if c.Delete != nil {
		if err := w.deleteRecordsAlone(c.Delete); err != nil {
			return changed, err
		}
		a := arguments{w.ns}
		gone, err := w.remove(chunkRow.where(c.Delete, &a), a)
		if err != nil {
			return changed, err
		}
		docs := map[string]bool{}
		for _, g := range gone {
			docs[g.doc] = true
			chunks--
			terms -= g.length
			if _, back := slices.BinarySearch(upserted, g.id); !back {
				changed.Deleted++
			}
		}
		if len(docs) > 0 {
			if err := w.exec("DELETE FROM "+w.n.docs+" WHERE ns = $1 AND id = ANY($2::text[])", w.ns, slices.Sorted(maps.Keys(docs))); err != nil {
				return changed, err
			}
		}
	}
	if len(upserted) > 0 {
		replaced, err := w.remove("id = ANY($2::text[])", arguments{w.ns, upserted})
		if err != nil {
			return changed, err
		}
		for _, g := range replaced {
			chunks--
			terms -= g.length
		}
	}
	for part := range slices.Chunk(c.Upsert, 500) {
		length, err := w.insert(part)
		if err != nil {
			return changed, err
		}
		chunks += int64(len(part))
		terms += length
	}
	for part := range slices.Chunk(c.Docs, 5000) {
		if err := w.record(part); err != nil {
			return changed, err
		}
	}
	if chunks == 0 && terms == 0 {
		return changed, nil
	}
	return changed, w.exec("UPDATE "+w.n.namespaces+" SET chunks = chunks + $2, terms = terms + $3 WHERE name = $1", w.ns, chunks, terms)
}

// deleteRecordsAlone removes the records without chunks that f matches.
func (w *writer) deleteRecordsAlone(f store.Filter) error {
	a := arguments{w.ns}
	where := recordRow.where(f, &a)
	return w.exec("DELETE FROM "+w.n.docs+" WHERE ns = $1 AND "+where+
		" AND NOT EXISTS (SELECT FROM "+w.n.chunks+" c WHERE c.ns = $1 AND c.doc = "+w.n.docs+".id)", a...)
}

// A removed chunk: its length is in terms.
type removed struct {
	id, doc string
	length  int64
}

func (w *writer) remove(where string, a arguments) ([]removed, error) {
	rows, err := w.tx.Query(w.ctx, "DELETE FROM "+w.n.chunks+" WHERE ns = $1 AND "+where+" RETURNING id, doc, length", a...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (g removed, err error) {
		err = r.Scan(&g.id, &g.doc, &g.length)
		return g, err
	})
}

// insert adds chunks that are not there, in one statement. It returns the sum of
// their lengths in terms.
func (w *writer) insert(chunks []store.Chunk) (length int64, err error) {
	n := len(chunks)
	var (
		ids, docs, sources, versions   = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		prefixes, bodies, origins      = make([]string, n), make([]string, n), make([]string, n)
		principals, marks, keys, metas = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		terms, counts                  = make([]string, n), make([]string, n)
		ordinals, starts, ends, sizes  = make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
		vectors                        = make([]*string, n)
	)
	for i := range chunks {
		c := &chunks[i]
		ids[i], docs[i], sources[i], versions[i] = c.ID, c.DocID, c.Source, c.Version
		prefixes[i], bodies[i], keys[i] = c.Prefix, c.Text, c.EmbedKey
		ordinals[i], starts[i], ends[i] = int64(c.Ordinal), int64(c.Start), int64(c.End)
		if origins[i], err = encode(c.Origin); err != nil {
			return 0, err
		}
		if principals[i], err = encode(list(c.Origin.Principals)); err != nil {
			return 0, err
		}
		if marks[i], err = encode(c.Marks); err != nil {
			return 0, err
		}
		metas[i] = string(remote.AppendMeta(nil, c.Meta))
		vectors[i] = formatVector(c.Vector)
		words, times := count(w.ns, c.Prefix+"\n"+c.Text)
		terms[i], counts[i] = formatArray(words), formatArray(times)
		for _, n := range times {
			sizes[i] += int64(n)
		}
		length += sizes[i]
	}
	vectorType := "vector"
	if i := slices.IndexFunc(chunks, func(c store.Chunk) bool { return c.Vector != nil }); i >= 0 {
		vectorType = w.o.vectorType(len(chunks[i].Vector))
	}
	return length, w.exec("INSERT INTO "+w.n.chunks+` (ns, id, doc, source, ordinal, version, start_at, end_at, prefix, body, origin, principals, marks, embed_key, meta, terms, counts, length, embedding)
SELECT $1, id, doc, source, ordinal, version, start_at, end_at, prefix, body, origin::json, ARRAY(SELECT json_array_elements_text(principals::json)), marks::json, embed_key, meta::jsonb,
	terms::bigint[], counts::integer[], length, embedding::`+vectorType+`
FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::bigint[], $19::text[])
	AS t (id, doc, source, ordinal, version, start_at, end_at, prefix, body, origin, principals, marks, embed_key, meta, terms, counts, length, embedding)`,
		w.ns, ids, docs, sources, ordinals, versions, starts, ends, prefixes, bodies, origins, principals, marks, keys, metas, terms, counts, sizes, vectors)
}

// record writes the records of documents.
func (w *writer) record(docs []store.Doc) error {
	n := len(docs)
	ids, sources, refs, refVersions, versions, origins, principals := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	chunks := make([]int64, n)
	var err error
	for i := range docs {
		d := &docs[i]
		ids[i], sources[i], refs[i], refVersions[i], versions[i], chunks[i] = d.ID, d.Source, d.Ref, d.RefVersion, d.Version, int64(d.Chunks)
		if origins[i], err = encode(d.Origin); err != nil {
			return err
		}
		if principals[i], err = encode(list(d.Origin.Principals)); err != nil {
			return err
		}
	}
	return w.exec("INSERT INTO "+w.n.docs+` (ns, id, source, ref, ref_version, version, chunks, origin, principals)
SELECT $1, id, source, ref, ref_version, version, chunks, origin::json, ARRAY(SELECT json_array_elements_text(principals::json))
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[]) AS t (id, source, ref, ref_version, version, chunks, origin, principals)
ON CONFLICT (ns, id) DO UPDATE SET source = excluded.source, ref = excluded.ref, ref_version = excluded.ref_version,
	version = excluded.version, chunks = excluded.chunks, origin = excluded.origin, principals = excluded.principals`,
		w.ns, ids, sources, refs, refVersions, versions, chunks, origins, principals)
}

// Drop implements remote.Driver.
func (d *driver) Drop(ctx context.Context, ns string) error {
	return d.transaction(ctx, func(tx pgx.Tx) error {
		w := writer{driver: d, ctx: ctx, tx: tx, ns: ns}
		if err := w.enter(ctx, tx, ns); err != nil {
			return err
		}
		// First the row that writers lock.
		return errors.Join(
			w.exec("DELETE FROM "+d.n.namespaces+" WHERE name = $1", ns),
			w.exec("DELETE FROM "+d.n.docs+" WHERE ns = $1", ns),
			w.exec("DELETE FROM "+d.n.chunks+" WHERE ns = $1", ns),
		)
	})
}
