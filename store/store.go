package store

import (
	"context"
	"iter"
)

// A DB is a set of namespaces.
//
// All methods are safe for concurrent use. After Close every method of the DB
// and of its Stores returns an error that wraps [ErrClosed]; Close waits for
// calls in flight, or makes them return such an error, and a second Close
// returns nil. It waits for no sequence that stands between pairs, which then
// ends or yields such an error, and for no view of a [Snapshotter].
type DB interface {
	// Namespace returns a handle on the named namespace. It does no I/O: a
	// namespace exists from the first Write that puts something in it, and
	// reading one that does not exist finds nothing. The handle has nothing to
	// close and cannot reach another namespace. A name that [CheckNamespace]
	// refuses is an error that wraps [ErrInvalid].
	Namespace(name string) (Store, error)
	// Namespaces yields the names of the namespaces that exist, in ascending
	// order; one that everything was deleted from may be among them or not. An
	// error is the last pair.
	Namespaces(ctx context.Context) iter.Seq2[string, error]
	// Drop removes a namespace and all that it holds; handles on it stay good,
	// and find it empty. Dropping one that does not exist is no error, but a
	// name that [CheckNamespace] refuses is, as in Namespace.
	Drop(ctx context.Context, name string) error
	// Close frees what the DB holds, as said above. What was acknowledged
	// before is not lost by it, to the degree that Info().Features states.
	Close() error
}

// A Store is one namespace of a [DB].
//
// All methods are safe for concurrent use. Results are copies: the caller owns
// them, and they stay valid after Close. Arguments are only read, and not kept
// after the call. When the context ends, methods return soon with an error
// that wraps the context's error; a Write that returned one may have happened
// or not. Sequences hold no lock between pairs, may be left early, and end
// with an error pair if there was an error; when the context ends between
// pairs, soon. Strings are in order by their bytes.
type Store interface {
	// Search returns the K best chunks that pass the filter, best first, ties
	// in ascending order of ID; fewer where fewer pass or match. The filter
	// is applied before ranking: K chunks are found wherever K pass.
	//
	// A text query finds the chunks that share a term with it in Prefix or
	// Text; a vector query finds any chunk that has a vector.
	//
	// Errors wrap [ErrInvalid] for a query that [Query.Validate] refuses,
	// [ErrFilter] for its filter, [ErrSpace] for a vector of another space or
	// dimension than those stored, [ErrTooLarge] for a K over the limit.
	Search(ctx context.Context, q Query) ([]Hit, error)

	// Get returns the chunks with the given IDs in the order of ids, each
	// once, where its ID comes first. IDs that are not there are left out.
	Get(ctx context.Context, ids []string, f Fields) ([]Chunk, error)

	// Write makes a change. After a nil error the change is not lost, to the
	// degree that Info().Features states. After an error it is not there,
	// unless the error is the context's or wraps [ErrUnavailable]: then it may
	// be. Where the store is not atomic, a *[WriteError] says what is there.
	//
	// Errors wrap [ErrInvalid] for a change that [Change.Validate] or
	// [Schema.Check] refuses, [ErrFilter], [ErrSpace], [ErrTooLarge]; nothing
	// is written then, by any store.
	Write(ctx context.Context, c Change) (Changed, error)

	// Docs yields document records in the order of IDs that
	// Info().Features.Ordered states.
	Docs(ctx context.Context, q DocQuery) iter.Seq2[Doc, error]

	// Scan yields chunks in the same order. What is written meanwhile may be
	// seen or not; every chunk that is there from the start to the end
	// of the scan is yielded once. The error wraps [ErrFilter] for a filter
	// that [CheckFilter] refuses.
	Scan(ctx context.Context, q ScanQuery) iter.Seq2[Chunk, error]

	// Info says what the store is and can do. It does no I/O.
	Info() Info
}

// A Snapshotter is a Store that can show one state to several calls.
type Snapshotter interface {
	// Snapshot returns a view of the current state that no later Write or
	// Drop changes; its Write wraps [errors.ErrUnsupported]. release frees
	// what the view holds; it may be called more than once, and the view must
	// not be used after it.
	Snapshot(ctx context.Context) (view Store, release func(), err error)
}

// As returns the first value of type T in the chain that starts at s and goes
// on through methods Unwrap() Store. It finds optional interfaces, such as
// [Snapshotter], through wrappers.
func As[T any](s Store) (t T, ok bool) {
	for s != nil {
		if t, ok := s.(T); ok {
			return t, true
		}
		w, ok := s.(interface{ Unwrap() Store })
		if !ok {
			break
		}
		s = w.Unwrap()
	}
	return t, false
}

// Info describes a store.
type Info struct {
	// Space and Dim name the vector space of the stored vectors and their
	// length; empty and 0 while none is known.
	Space string
	Dim   int
	// Analyzer is the fingerprint of what turns text into terms; empty where
	// there is no text search.
	Analyzer string
	Schema   Schema
	Limits   Limits
	Features Features
}

// Limits is what a store accepts; 0 means no limit beyond memory.
type Limits struct {
	K         int // hits of one search
	Dim       int // vector length
	TextBytes int // bytes of a chunk's Text and Prefix together
	MetaBytes int // bytes of a chunk's Meta as JSON
	IDBytes   int // bytes of the ID of a chunk or document, of a Ref, of a source's name
}

// Features is what a store can do and promises.
type Features struct {
	Vectors bool // keeps vectors and answers Query.Vector
	Lexical bool // answers Query.Text
	Exact   bool // vector search is exact, or is when Query.Exact asks for it
	// Ordered: Scan and Docs go in ascending order of ID. Without it they go
	// in another order that depends on nothing but the IDs, such as that of
	// their hashes.
	Ordered    bool
	Atomicity  Atomicity
	Visibility Visibility
	Durability Durability
}

// Atomicity is how much of a Change is all or nothing, for readers and crashes.
type Atomicity uint8

// The degrees of atomicity, the least first.
const (
	// AtomicNone: parts of a Change may be seen or survive alone. The store
	// removes the record of a document before the first of its chunks
	// changes, and writes the new one, or the old again if Docs has none and
	// Delete leaves it, after every chunk was acknowledged: a record never
	// vouches for chunks that are not there. It writes Upsert before it
	// deletes, so that a reader finds the old or the new. The state in the end
	// is that of any store.
	AtomicNone Atomicity = iota
	// AtomicChange: the whole Change or nothing of it.
	AtomicChange
)

// Visibility is when later reads see an acknowledged Write.
type Visibility uint8

// The degrees of visibility, the least first.
const (
	Eventual  Visibility = iota // some time later
	Session                     // at once for this handle and its DB, later for others
	Immediate                   // at once for everybody
)

// Durability is what an acknowledged Write survives.
type Durability uint8

// The degrees of durability, the least first.
const (
	Volatile   Durability = iota // nothing: it is in this process's memory
	Durable                      // power failure of the machine
	Replicated                   // the loss of a machine
)
