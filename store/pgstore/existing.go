package pgstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/internal/remote"
	"github.com/quarry-go/quarry/store"
)

// Columns name what a table of another program keeps. Empty ones are not there.
type Columns struct {
	Table  string // perhaps with its schema: "app.passages"; required
	ID     string // of the row, unique in its namespace; of any type; required
	Text   string // what is found and cited
	Vector string // of pgvector's types; Space must be set too

	Document  string // what several rows belong to; without it each is a document
	Namespace string // a column of text: without it the only namespace is "default"
	URI       string // where a person can open it
	Title     string
	Meta      string // of type jsonb; values of other kinds than Meta's are left out

	// Space is the vector space that the vectors are of, as embed.Model.Space
	// names it.
	Space string
}

// ReadOnly returns a store that reads a table which another program made and
// writes. It answers vector queries, exactly or through the table's index, and
// filters on IDs, documents and Meta. It knows no spans: the text of a chunk is a
// whole of its own, and a citation leads to the URI. Write, Docs and text queries
// are refused with [errors.ErrUnsupported], and so is a sync.
//
// Errors wrap [store.ErrInvalid] for columns that are not there, and those of
// [Open].
func ReadOnly(ctx context.Context, conn Conn, c Columns) (store.DB, error) {
	e := &existing{driver: driver{conn: conn, o: &Options{}}, c: c}
	if _, pooled := conn.(*pgxpool.Pool); !pooled {
		e.turn = &sync.Mutex{}
	}
	if err := e.open(ctx); err != nil {
		return nil, fmt.Errorf("pgstore: open table %s: %w", c.Table, err)
	}
	return remote.NewTransactional(e, &remote.Options{Name: "pgstore", Space: c.Space, Dim: e.dim}), nil
}

// An existing implements remote.Driver over a table of another program.
type existing struct {
	driver
	c   Columns
	row row
	dim int
	typ string // of the vectors
}

// onlyNamespace is the namespace of a table that has no column for it.
const onlyNamespace = "default"

func (e *existing) open(ctx context.Context) error {
	if e.c.Table == "" || e.c.ID == "" || e.c.Text == "" && e.c.Vector == "" {
		return fmt.Errorf("%w: Table, ID, and Text or Vector are needed", store.ErrInvalid)
	}
	if (e.c.Vector == "") != (e.c.Space == "") {
		return fmt.Errorf("%w: Vector is %q and Space %q: want both or neither", store.ErrInvalid, e.c.Vector, e.c.Space)
	}
	n, err := (&Options{Table: e.c.Table}).names()
	if err != nil {
		return err
	}
	e.n = n
	there, err := e.columns(ctx, n.chunks)
	if err != nil {
		return err
	}
	for _, name := range []string{e.c.ID, e.c.Text, e.c.Vector, e.c.Document, e.c.Namespace, e.c.URI, e.c.Title, e.c.Meta} {
		if name != "" && !slices.Contains(there, name) {
			return fmt.Errorf("%w: no column %s; there are %s", store.ErrInvalid, name, strings.Join(there, ", "))
		}
	}
	e.row = row{
		id: asText(e.c.ID), doc: asText(cmp.Or(e.c.Document, e.c.ID)), source: "''", ordinal: "0", principals: "'{}'::text[]", meta: "'{}'::jsonb",
	}
	if e.c.Meta != "" {
		e.row.meta = "coalesce(" + quote(e.c.Meta) + "::jsonb, '{}')"
	}
	if e.c.Vector == "" {
		return nil
	}
	var types []string
	err = e.read(ctx, "", into(&types, pgx.RowTo[string]), "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2", []any{n.chunks, e.c.Vector})
	if err != nil {
		return err
	}
	e.typ = types[0]
	if !strings.HasSuffix(e.typ, "vector") && !strings.HasSuffix(e.typ, "halfvec") {
		return fmt.Errorf("%w: column %s is of type %s, want vector or halfvec", store.ErrInvalid, e.c.Vector, e.typ)
	}
	var dims []int
	err = e.read(ctx, "", into(&dims, pgx.RowTo[int]), "SELECT vector_dims("+quote(e.c.Vector)+") FROM "+n.chunks+" WHERE "+quote(e.c.Vector)+" IS NOT NULL LIMIT 1", nil)
	if len(dims) > 0 {
		e.dim = dims[0]
	}
	return err
}

// asText returns a column as text, whose order is that of its bytes.
func asText(column string) string { return "(" + quote(column) + `::text COLLATE "C")` }

// Info implements remote.Driver.
func (e *existing) Info() store.Info {
	return store.Info{Features: store.Features{
		Vectors: e.c.Vector != "", Exact: e.c.Vector != "", Ordered: true,
		Atomicity: store.AtomicChange, Visibility: store.Immediate, Durability: store.Durable,
	}}
}

// Space implements remote.Driver: of a table without vectors it is not known.
func (e *existing) Space(context.Context) (space string, dim int, err error) {
	if e.dim == 0 {
		return "", 0, nil
	}
	return e.c.Space, e.dim, nil
}

var errReadOnly = fmt.Errorf("a table of another program is only read: %w", errors.ErrUnsupported)

// Bind implements remote.Driver.
func (e *existing) Bind(context.Context, string, int) error { return errReadOnly }

// Write implements remote.Transactor.
func (e *existing) Write(context.Context, string, store.Change) (store.Changed, error) {
	return store.Changed{}, errReadOnly
}

// Drop implements remote.Driver.
func (e *existing) Drop(context.Context, string) error { return errReadOnly }

// Docs implements remote.Driver.
func (e *existing) Docs(context.Context, string, store.DocQuery, string) ([]store.Doc, string, error) {
	return nil, "", fmt.Errorf("records of documents: %w", errReadOnly)
}

// Namespaces implements remote.Driver.
func (e *existing) Namespaces(ctx context.Context) (names []string, err error) {
	if e.c.Namespace == "" {
		return []string{onlyNamespace}, nil
	}
	column := quote(e.c.Namespace)
	err = e.read(ctx, "", into(&names, pgx.RowTo[string]), "SELECT DISTINCT "+column+" FROM "+e.n.chunks+" WHERE "+column+" <> ''", nil)
	return names, err
}

// from returns the part of a statement that chooses the rows of a namespace.
func (e *existing) from(ns string, a *arguments) string {
	if e.c.Namespace == "" {
		return " FROM " + e.n.chunks + " WHERE " + a.add(ns) + "::text = '" + onlyNamespace + "'"
	}
	return " FROM " + e.n.chunks + " WHERE " + quote(e.c.Namespace) + " = " + a.add(ns) + "::text"
}

// selected returns what to select of a row.
func (e *existing) selected() string {
	column := func(name string) string {
		if name == "" {
			return "''"
		}
		return "coalesce(" + quote(name) + "::text, '')"
	}
	vector := "NULL"
	if e.c.Vector != "" {
		vector = quote(e.c.Vector) + "::text"
	}
	return "SELECT " + strings.Join([]string{e.row.id, "coalesce(" + e.row.doc + ", '')", column(e.c.Text), column(e.c.URI), column(e.c.Title), e.row.meta + "::text", vector}, ", ")
}

func (e *existing) scan(r pgx.CollectableRow, f store.Fields, more ...any) (store.Chunk, error) {
	var c store.Chunk
	var meta string
	var vector *string
	if err := r.Scan(append([]any{&c.ID, &c.DocID, &c.Text, &c.Origin.URI, &c.Origin.Title, &meta, &vector}, more...)...); err != nil {
		return c, err
	}
	c.End = len(c.Text)
	c.Meta = remote.LooseMeta([]byte(meta))
	if vector != nil && f&store.FieldVector != 0 {
		v, err := parseVector(*vector)
		if err != nil {
			return c, fmt.Errorf("%w: row %q: vector: %w", store.ErrCorrupt, c.ID, err)
		}
		c.Vector = v
	}
	return c.Select(f), nil
}

func (e *existing) chunkOf(f store.Fields) pgx.RowToFunc[store.Chunk] {
	return func(r pgx.CollectableRow) (store.Chunk, error) { return e.scan(r, f) }
}

// Get implements remote.Driver.
func (e *existing) Get(ctx context.Context, ns string, ids []string, f store.Fields) (chunks []store.Chunk, err error) {
	var a arguments
	sql := e.selected() + e.from(ns, &a) + " AND " + e.row.where(store.IDs(ids...), &a)
	err = e.read(ctx, "", into(&chunks, e.chunkOf(f)), sql, a)
	return chunks, err
}

// Scan implements remote.Driver.
func (e *existing) Scan(ctx context.Context, ns string, q store.ScanQuery, cursor string) (chunks []store.Chunk, next string, err error) {
	var a arguments
	sql := e.selected() + e.from(ns, &a) + " AND " + e.row.where(q.Filter, &a) + " AND " + e.row.id + " > " + a.add(cmp.Or(cursor, q.After)) +
		fmt.Sprintf(" ORDER BY %s LIMIT %d", e.row.id, page)
	err = e.read(ctx, "", into(&chunks, e.chunkOf(q.Fields)), sql, a)
	if len(chunks) == page {
		next = chunks[page-1].ID
	}
	return chunks, next, err
}

// Search implements remote.Driver.
func (e *existing) Search(ctx context.Context, ns string, q store.Query) ([]store.Hit, error) {
	hits, err := e.nearest(ctx, ns, &q, q.Exact)
	if err == nil && len(hits) < q.K && !q.Exact {
		return e.nearest(ctx, ns, &q, true)
	}
	return hits, err
}

func (e *existing) nearest(ctx context.Context, ns string, q *store.Query, exact bool) (hits []store.Hit, err error) {
	var a arguments
	vector := quote(e.c.Vector)
	distance := vector + " <=> (SELECT " + a.add(*formatVector(q.Vector)) + "::text::" + e.typ + ")"
	order := distance
	var settings []setting
	if exact {
		order = "1 - (" + distance + ") DESC"
	} else {
		settings = nearestSettings(q.K)
	}
	sql := e.selected() + ", 1 - (" + distance + ")" + e.from(ns, &a) + " AND " + vector + " IS NOT NULL AND " + e.row.where(q.Filter, &a) +
		fmt.Sprintf(" ORDER BY %s LIMIT %d", order, q.K)
	err = e.read(ctx, "", into(&hits, func(r pgx.CollectableRow) (h store.Hit, err error) {
		h.Chunk, err = e.scan(r, q.Fields, &h.Score)
		h.Ranks = []store.Rank{{Ranker: store.RankerVector, Metric: "cosine", Score: h.Score}}
		return h, err
	}), sql, a, settings...)
	return hits, err
}
