package pgstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/remote"
	"github.com/quarry-go/quarry/internal/text"
	"github.com/quarry-go/quarry/store"
)

// DDL returns the statements that make the tables which o names, each ending in a
// semicolon and a newline, for a role that may create them. They change nothing
// that is there. Without Space and Dim the first program that writes a vector
// alters the table of chunks, for which it must own it.
func DDL(o *Options) (string, error) {
	if o == nil {
		o = &Options{}
	}
	if err := o.check(); err != nil {
		return "", fmt.Errorf("pgstore: %w", err)
	}
	n, err := o.names()
	if err != nil {
		return "", fmt.Errorf("pgstore: %w", err)
	}
	return strings.Join(statements(o, n), ";\n") + ";\n", nil
}

// statements makes the tables, and binds them to a space if o names one.
func statements(o *Options, n names) []string {
	kind := "vector"
	if o.Dim > 0 {
		kind = o.vectorType(o.Dim)
	}
	index := func(suffix, on string) string {
		return fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s %s", quote(n.plain+suffix), n.chunks, on)
	}
	list := []string{
		"CREATE EXTENSION IF NOT EXISTS vector",
		`CREATE TABLE IF NOT EXISTS ` + n.namespaces + ` (
	name text COLLATE "C" PRIMARY KEY,
	chunks bigint NOT NULL DEFAULT 0,
	terms bigint NOT NULL DEFAULT 0
)`,
		`CREATE TABLE IF NOT EXISTS ` + n.docs + ` (
	ns text COLLATE "C" NOT NULL,
	id text COLLATE "C" NOT NULL,
	source text COLLATE "C" NOT NULL,
	ref text COLLATE "C" NOT NULL,
	ref_version text NOT NULL,
	version text NOT NULL,
	chunks integer NOT NULL,
	origin json NOT NULL,
	principals text[] NOT NULL,
	PRIMARY KEY (ns, id)
)`,
		fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (ns, source)", quote(n.plain+"_docs_source"), n.docs),
		fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (ns, ref)", quote(n.plain+"_docs_ref"), n.docs),
		`CREATE TABLE IF NOT EXISTS ` + n.chunks + ` (
	ns text COLLATE "C" NOT NULL,
	id text COLLATE "C" NOT NULL,
	doc text COLLATE "C" NOT NULL,
	source text COLLATE "C" NOT NULL,
	ordinal integer NOT NULL,
	version text NOT NULL,
	start_at bigint NOT NULL,
	end_at bigint NOT NULL,
	prefix text NOT NULL,
	body text NOT NULL,
	origin json NOT NULL,
	principals text[] NOT NULL,
	marks json NOT NULL,
	embed_key text NOT NULL,
	meta jsonb NOT NULL,
	terms bigint[] NOT NULL,
	counts integer[] NOT NULL,
	length integer NOT NULL,
	embedding ` + kind + `,
	PRIMARY KEY (ns, id)
)`,
		index("_doc", "(ns, doc)"),
		index("_source", "(ns, source)"),
		index("_terms", "USING gin (terms)"),
		index("_meta", "USING gin (meta jsonb_path_ops)"),
	}
	if o.RowSecurity {
		for _, table := range []string{n.docs, n.chunks} {
			list = append(list,
				"ALTER TABLE "+table+" ENABLE ROW LEVEL SECURITY",
				"ALTER TABLE "+table+" FORCE ROW LEVEL SECURITY",
				"DROP POLICY IF EXISTS quarry_namespace ON "+table,
				"CREATE POLICY quarry_namespace ON "+table+" USING (ns = current_setting('quarry.namespace', true))")
		}
	}
	return append(list, binding(o, n, o.Space, o.Dim)...)
}

// binding indexes the vectors and notes their space in the table's comment; a
// dim of 0 is no space yet.
func binding(o *Options, n names, space string, dim int) []string {
	var list []string
	if dim > 0 && !o.NoIndex {
		class := "vector_cosine_ops"
		if strings.HasPrefix(o.vectorType(dim), "half") {
			class = "halfvec_cosine_ops"
		}
		list = append(list, fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s USING hnsw (embedding %s)", quote(n.plain+"_embedding"), n.chunks, class))
	}
	note := fmt.Sprintf(`{"quarry": %d, "analyzer": "%s"`, format, text.Analyzer{}.Fingerprint())
	if dim > 0 {
		note += fmt.Sprintf(`, "space": %s, "dim": %d`, remote.AppendString(nil, space), dim)
	}
	return append(list, "COMMENT ON TABLE "+n.chunks+" IS "+literal(note+"}"))
}

// literal quotes a string as the server reads it whatever its settings are.
func literal(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `'`, `''`)
	return "E'" + s + "'"
}

// format is the version of the tables.
const format = 1

// A comment is what the table of chunks says of itself, as JSON.
type comment struct {
	Format   int    `json:"quarry"`
	Analyzer string `json:"analyzer"`
	Space    string `json:"space,omitempty"`
	Dim      int    `json:"dim,omitempty"`
}

// ensure makes the tables, unless they are there, and verifies them. Programs
// that do so at one time take turns. It returns the space that they are bound to.
func (d *driver) ensure(ctx context.Context) (space string, dim int, err error) {
	if !d.o.NoCreate {
		if err := d.create(ctx); err != nil {
			return "", 0, err
		}
	}
	if err := d.verify(ctx); err != nil {
		return "", 0, err
	}
	space, dim, err = d.Space(ctx)
	switch {
	case err != nil || d.o.Dim == 0:
		return space, dim, err
	case space == "":
		return d.o.Space, d.o.Dim, d.Bind(ctx, d.o.Space, d.o.Dim)
	case space != d.o.Space || dim != d.o.Dim:
		return "", 0, fmt.Errorf("%w: table %s holds %d dimensions of %q, the options say %d of %q", store.ErrSpace, d.n.chunks, dim, space, d.o.Dim, d.o.Space)
	}
	return space, dim, nil
}

func (d *driver) create(ctx context.Context) error {
	return d.transaction(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "quarry "+d.n.chunks); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", d.n.chunks).Scan(&there); err != nil || there {
			return err
		}
		for _, s := range statements(d.o, d.n) {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", firstLine(s), err)
			}
		}
		return nil
	})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// verify compares the columns of the tables with those that are needed.
func (d *driver) verify(ctx context.Context) error {
	for table, want := range map[string][]string{
		d.n.chunks:     {"body", "counts", "doc", "embed_key", "embedding", "end_at", "id", "length", "marks", "meta", "ns", "ordinal", "origin", "prefix", "principals", "source", "start_at", "terms", "version"},
		d.n.docs:       {"chunks", "id", "ns", "origin", "principals", "ref", "ref_version", "source", "version"},
		d.n.namespaces: {"chunks", "name", "terms"},
	} {
		have, err := d.columns(ctx, table)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			return fmt.Errorf("%w: table %s is not there, or cannot be seen", store.ErrInvalid, table)
		}
		for _, column := range want {
			if !slices.Contains(have, column) {
				return fmt.Errorf("%w: table %s has no column %s: it is not one of this package", store.ErrInvalid, table, column)
			}
		}
	}
	return nil
}

func (d *driver) columns(ctx context.Context, table string) (columns []string, err error) {
	err = d.read(ctx, "", into(&columns, pgx.RowTo[string]),
		"SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped", []any{table})
	return columns, err
}

// commentOf selects the comment of a table, in one row.
const commentOf = "SELECT coalesce(obj_description(to_regclass($1), 'pg_class'), '')"

// Space implements remote.Driver.
func (d *driver) Space(ctx context.Context) (space string, dim int, err error) {
	var notes []string
	if err := d.read(ctx, "", into(&notes, pgx.RowTo[string]), commentOf, []any{d.n.chunks}); err != nil {
		return "", 0, err
	}
	c, err := d.parse(notes[0])
	return c.Space, c.Dim, err
}

// parse reads the comment of the table of chunks.
func (d *driver) parse(note string) (c comment, err error) {
	switch err := json.Unmarshal([]byte(note), &c); {
	case err != nil || c.Format == 0:
		return c, fmt.Errorf("%w: table %s has no comment of this package, which says what it holds", store.ErrInvalid, d.n.chunks)
	case c.Format > format:
		return c, fmt.Errorf("%w: a newer version of this package made table %s", store.ErrInvalid, d.n.chunks)
	}
	if ours := (text.Analyzer{}).Fingerprint(); c.Analyzer != ours {
		return c, fmt.Errorf("%w: the words of table %s were cut by analyzer %s, this is %s", store.ErrInvalid, d.n.chunks, c.Analyzer, ours)
	}
	return c, nil
}

// Bind implements remote.Driver: it gives the column of vectors its length.
func (d *driver) Bind(ctx context.Context, space string, dim int) error {
	if dim > maxHalfDim {
		return fmt.Errorf("%w: vectors of %d dimensions, the server takes %d", store.ErrTooLarge, dim, maxHalfDim)
	}
	return d.transaction(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "quarry "+d.n.chunks); err != nil {
			return err
		}
		var note string
		if err := tx.QueryRow(ctx, commentOf, d.n.chunks).Scan(&note); err != nil {
			return err
		}
		c, err := d.parse(note)
		if err != nil {
			return err
		}
		if c.Space != "" {
			if c.Space != space || c.Dim != dim {
				return fmt.Errorf("%w: table %s holds %d dimensions of %q", store.ErrSpace, d.n.chunks, c.Dim, c.Space)
			}
			return nil
		}
		if d.o.NoCreate {
			return fmt.Errorf("%w: table %s was made for no vector space: make it with Options.Space and Dim", store.ErrInvalid, d.n.chunks)
		}
		alter := "ALTER TABLE " + d.n.chunks + " ALTER COLUMN embedding TYPE " + d.o.vectorType(dim)
		for _, s := range append([]string{alter}, binding(d.o, d.n, space, dim)...) {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", firstLine(s), err)
			}
		}
		return nil
	})
}
