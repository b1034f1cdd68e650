package pgstore

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/store"
)

// Options are the settings of a store. Nil and the zero value are the defaults.
type Options struct {
	// Table is the name of the table of chunks, perhaps after that of a schema
	// and a dot; empty means "quarry". Two more tables are named after it, with
	// "_docs" and "_namespaces" appended. Quotes are no syntax: each part is
	// one identifier, of at most 40 bytes.
	Table string

	// Space and Dim name the vector space that the tables are for, as
	// embed.Model.Space does, and its length. Without them the first vector
	// decides. A store of another space is refused with [store.ErrSpace].
	Space string
	Dim   int

	// HalfPrecision keeps vectors in half precision, at half the size and about
	// three digits. Vectors of over 2,000 dimensions always are.
	HalfPrecision bool

	// NoIndex leaves out the HNSW index: every search is exact, and slower in
	// proportion to the namespace.
	NoIndex bool

	// RowSecurity has the server check that a statement touches no namespace
	// but its handle's, by row-level security. It holds for the tables that
	// are made with it.
	RowSecurity bool

	// NoCreate makes nothing: the tables must be there, as [DDL] says.
	NoCreate bool

	// Schema declares Meta keys; what does not fit it is refused.
	Schema store.Schema
}

const (
	maxDim     = 2000 // of an index over single precision
	maxHalfDim = 4000 // of an index over half precision
	maxName    = 40   // so that the names of indexes stay below the server's 63
)

// names are the quoted names that SQL is made with.
type names struct {
	chunks, docs, namespaces string
	plain                    string // of the chunks, for the names of indexes
	schema                   string // quoted, with its dot, or empty
}

func (o *Options) names() (names, error) {
	table := o.Table
	if table == "" {
		table = "quarry"
	}
	schema, plain, dotted := strings.Cut(table, ".")
	if !dotted {
		schema, plain = "", table
	}
	for _, part := range []string{schema, plain} {
		if len(part) > maxName || strings.ContainsAny(part, ".\x00") {
			return names{}, fmt.Errorf("%w: table %q: want name or schema.name, of at most %d bytes each", store.ErrInvalid, table, maxName)
		}
	}
	if plain == "" || dotted && schema == "" {
		return names{}, fmt.Errorf("%w: table %q: a part is empty", store.ErrInvalid, table)
	}
	n := names{plain: plain}
	if dotted {
		n.schema = quote(schema) + "."
	}
	n.chunks = n.schema + quote(plain)
	n.docs = n.schema + quote(plain+"_docs")
	n.namespaces = n.schema + quote(plain+"_namespaces")
	return n, nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// check refuses options that contradict each other.
func (o *Options) check() error {
	if (o.Space == "") != (o.Dim == 0) {
		return fmt.Errorf("%w: Space is %q and Dim %d: want both or neither", store.ErrInvalid, o.Space, o.Dim)
	}
	if o.Dim < 0 || o.Dim > maxHalfDim {
		return fmt.Errorf("%w: Dim is %d, want at most %d", store.ErrTooLarge, o.Dim, maxHalfDim)
	}
	return o.Schema.Validate()
}

// vectorType returns the type of a column for vectors of a length.
func (o *Options) vectorType(dim int) string {
	if o.HalfPrecision || dim > maxDim {
		return fmt.Sprintf("halfvec(%d)", dim)
	}
	return fmt.Sprintf("vector(%d)", dim)
}
