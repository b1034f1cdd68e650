package chunk

import (
	"context"
	"iter"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// A Chunker cuts a document into pieces. It is safe for concurrent use.
type Chunker interface {
	// Chunk yields the pieces of d in ascending order, of Start and of End.
	// Each is a range of d.Text on UTF-8 boundaries that holds something to
	// read. Together they cover the text: a character that lies in no piece is
	// white space ([unicode.IsSpace]), and text of white space alone gives no
	// piece. For equal documents it yields equal pieces, and it does not
	// change d.
	//
	// An error is the last pair; when the context ends, it wraps the
	// context's error.
	Chunk(ctx context.Context, d loaders.Document) iter.Seq2[Piece, error]
	// Fingerprint names the cutting rule and its settings: documents cut
	// under another one are cut again.
	Fingerprint() string
}

// A Piece is a range of a document that becomes a chunk.
type Piece struct {
	Start, End int
	Prefix     string // as store.Chunk.Prefix
	// Marks is the structure that the range overlaps, sorted by Start: as the
	// document's spans have it, but a heading's mark reaches to the end of
	// its section. The last heading whose range holds a place is the
	// innermost one above it.
	Marks []store.Mark
}
