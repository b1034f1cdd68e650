package chunk

import (
	"context"
	"iter"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// A Chunker cuts a document into pieces.
//
// Chunk yields pieces in ascending order of Start. Each is a range of d.Text
// on UTF-8 boundaries, none is empty, and together they cover the text; a text
// without anything to read gives none. For equal documents it yields equal
// pieces. An error is the last pair; when the context ends, it wraps the
// context's error.
//
// A Chunker is safe for concurrent use, and does not change d.
type Chunker interface {
	Chunk(ctx context.Context, d loaders.Document) iter.Seq2[Piece, error]
	// Fingerprint names the cutting rule and its settings: documents cut
	// under another one are cut again.
	Fingerprint() string
}

// A Piece is a range of a document that becomes a chunk.
type Piece struct {
	Start, End int
	Prefix     string       // as store.Chunk.Prefix
	Marks      []store.Mark // the structure that the range overlaps, sorted by Start
}
