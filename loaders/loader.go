package loaders

import (
	"context"
	"iter"
)

// A Loader yields the documents of a source.
//
// Load yields each document once, in an order that is the same while the
// source does not change. A pair with an error of type *[DocError] says that
// one document or Ref could not be read; the sequence goes on with the next.
// Any other error is the last pair: what follows is unknown. An error comes
// with a zero Document. When the context ends, the last pair's error wraps
// the context's error. Leaving the sequence early releases what it holds.
//
// A Loader is safe for concurrent use, and each Load reads the source anew.
type Loader interface {
	Load(ctx context.Context) iter.Seq2[Document, error]
}

// A Lister is a [Loader] that can say what is there without reading it, so
// that what did not change is never opened. List and Load give the same
// documents: those of Load are those of every Ref's Load in List's order.
type Lister interface {
	Loader
	// List yields each [Ref] once. A *[DocError] says that one Ref could not be
	// listed, or with its Prefix set a whole group of them, and the sequence
	// goes on; any other error ends it. A Ref that was listed before and is not
	// now is gone only if no other error ended the listing and no DocError of it
	// [DocError.Covers] that Ref.
	List(ctx context.Context) iter.Seq2[Ref, error]
}

// A Ref is one readable thing in a source: a file, a page, a row set. It gives
// no document, one, or many.
type Ref struct {
	// ID identifies the Ref inside its source and is the same on every
	// listing. Document.Ref repeats it.
	ID  string
	URI string
	// Version is opaque. An equal one at the next listing means that Load
	// would give the same documents, their principals included. Empty means
	// unknown: it has to be loaded to know.
	Version string
	// Load yields the documents of the Ref, as [Loader] says.
	Load func(ctx context.Context) iter.Seq2[Document, error]
}

// LoaderFunc adapts a function to a [Loader].
type LoaderFunc func(ctx context.Context) iter.Seq2[Document, error]

// Load calls f.
func (f LoaderFunc) Load(ctx context.Context) iter.Seq2[Document, error] { return f(ctx) }

// Slice returns a [Loader] that yields copies of the given documents. Its
// documents are their own Refs where they name none.
func Slice(docs ...Document) Loader {
	return LoaderFunc(func(ctx context.Context) iter.Seq2[Document, error] {
		return func(yield func(Document, error) bool) {
			for _, d := range docs {
				if err := ctx.Err(); err != nil {
					yield(Document{}, err)
					return
				}
				if d.Ref == "" {
					d.Ref = d.ID
				}
				if !yield(d.Clone(), nil) {
					return
				}
			}
		}
	})
}
