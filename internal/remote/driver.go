// Package remote makes a [store.DB] of a vector database that is reached over a
// network. What such stores have in common is here, once: the checks of the
// contract, limits and batches, the order of steps that makes a write safe
// where the server has no transactions, filters that the server cannot answer
// whole, ties, retries, errors of contexts, and the end of a DB. What is
// particular to one server is its [Driver].
package remote

import (
	"context"

	"github.com/quarry-go/quarry/store"
)

// A Driver speaks to one server about one collection, which holds the chunks
// and the records of documents of many namespaces.
//
// The arguments of its methods keep the rules of package store: the DB has
// checked them, and the limits that Info states, before. No list of IDs, chunks
// or records is empty or holds an ID twice. All methods are safe for concurrent
// use, and may be called again after an error: each is idempotent.
//
// Errors wrap the sentinels of package store: ErrUnauthorized, ErrRateLimited,
// ErrUnavailable for what a retry may cure, ErrTooLarge, ErrInvalid for what the
// server refuses, ErrCorrupt for what it holds and nobody can read. A context's
// error needs no care: the DB returns it where the context has ended.
type Driver interface {
	// Info states the limits, features, schema and analyzer. Its Space and Dim
	// are not looked at. It does no I/O, and never says otherwise than before.
	Info() store.Info

	// Space returns the vector space that the collection is bound to and the
	// length of its vectors, or "" and 0 if it is not bound yet.
	Space(ctx context.Context) (space string, dim int, err error)
	// Bind makes the collection ready for vectors of the space. It is called
	// before the first vector is written, and wraps ErrSpace if the collection
	// was bound to another space or length, by another program in that moment
	// perhaps.
	Bind(ctx context.Context, space string, dim int) error

	// Namespaces returns the names of the namespaces that exist, in any order.
	Namespaces(ctx context.Context) ([]string, error)
	// Drop removes a namespace, which may not exist.
	Drop(ctx context.Context, ns string) error

	// Can reports whether the server answers a condition itself, exactly as
	// store.Match does. f is one condition, or the Negation of one; it is
	// never a Conjunction, Disjunction, Everything or a Compare with OpNe.
	// Filters in later arguments hold only what Can accepts, joined by
	// Conjunction and Disjunction, none of them empty; nil passes everything.
	Can(f store.Filter) bool

	// Search returns the K best chunks, best first; fewer only where fewer
	// pass. Vector queries find the chunks that have a vector. The order of
	// ties is free. Each hit has its Score and one Rank; the DB numbers them.
	Search(ctx context.Context, ns string, q store.Query) ([]store.Hit, error)
	// Get returns the chunks with the given IDs that are there, in any order.
	Get(ctx context.Context, ns string, ids []string, f store.Fields) ([]store.Chunk, error)
	// Scan returns a page of the chunks that the query chooses, in ascending
	// order of Key(ID), and where the next page begins; next is empty at the
	// end, and a page may be empty before. cursor is empty, or the next that an
	// earlier call with the same query returned.
	Scan(ctx context.Context, ns string, q store.ScanQuery, cursor string) (page []store.Chunk, next string, err error)
	// Docs returns a page of the records that the query chooses, as Scan does.
	// No list of the query is over Batch.IDs.
	Docs(ctx context.Context, ns string, q store.DocQuery, cursor string) (page []store.Doc, next string, err error)
	// Key returns what Scan and Docs order IDs by: the ID itself where
	// Info().Features.Ordered holds.
	Key(id string) string

	// Batch bounds one call of Get, Docs, and of the methods of Parts.
	Batch() Batch

	// Close frees what the Driver made; clients that were given to it stay
	// open. No other method is called during or after it.
	Close() error
}

// Parts is a Driver whose server has no transactions: a change is made of many
// requests.
type Parts interface {
	Driver
	// PutChunks writes chunks; each replaces one with its ID whole. The
	// namespace is made if it does not exist. An error may be a
	// *store.WriteError that says which of them were written.
	PutChunks(ctx context.Context, ns string, chunks []store.Chunk) error
	// DeleteChunks removes chunks; those that are not there are no error.
	DeleteChunks(ctx context.Context, ns string, ids []string) error
	// PutDocs writes records; each replaces one with its ID. The namespace is
	// made if it does not exist.
	PutDocs(ctx context.Context, ns string, docs []store.Doc) error
	// DeleteDocs removes records; those that are not there are no error.
	DeleteDocs(ctx context.Context, ns string, ids []string) error
}

// A Transactor is a Driver whose server has transactions. It gets each change
// whole, after the checks and without duplicates, of any length.
type Transactor interface {
	Driver
	// Write makes the change, all of it or nothing, and makes the namespace if
	// the change puts something in it.
	Write(ctx context.Context, ns string, c store.Change) (store.Changed, error)
}

// Batch bounds one request; 0 means no bound.
type Batch struct {
	Chunks int // chunks or records of one request
	Bytes  int // bytes of text, metadata and vectors of one request
	IDs    int // IDs, refs or sources of one request
}
