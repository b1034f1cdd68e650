package store

import (
	"time"
)

// A Chunk is a passage of a document, as it is stored and found.
type Chunk struct {
	ID      string // unique in its namespace
	DocID   string // the Doc it belongs to
	Source  string // the source of that Doc
	Ordinal int    // position in the document, from 0
	Version string // Version of that Doc

	// Text is the document's text from byte Start to byte End, exactly.
	Text       string
	Start, End int
	// Prefix is context that is indexed and embedded with Text but is no part
	// of it: title and heading path, or a model's sentence about the chunk.
	Prefix string

	Origin Origin
	Marks  []Mark // structure that the chunk overlaps, sorted by Start

	// EmbedKey is a hash of Prefix, Text and the vector's space. A chunk with
	// an equal one may keep its vector.
	EmbedKey string
	// Vector has unit length; nil where the chunk is not embedded.
	Vector []float32

	// Meta is the user's own data, of the types that [CanonicalMeta] lists.
	Meta map[string]any
}

// Origin is where a text comes from, for citations and for access rights.
type Origin struct {
	URI, Title, Lang string
	Modified         time.Time // zero if unknown; UTC in microseconds
	Trust            Trust
	Principals       []string // who may read it; empty means everyone
}

// Trust says how far the author of a text is known.
type Trust uint8

// The degrees of trust, the least first.
const (
	Untrusted Trust = iota // the default: anybody may have written it
	Reviewed               // somebody answerable has read it
	Internal               // written by the organisation itself
)

// String returns the degree's name in lower case.
func (t Trust) String() string {
	switch t {
	case Untrusted:
		return "untrusted"
	case Reviewed:
		return "reviewed"
	case Internal:
		return "internal"
	}
	return "invalid"
}

// A Mark is a piece of the document's structure that a chunk overlaps: the
// page it is on, the headings above it, its lines. Start and End are bytes of
// the document, not of the chunk, and may reach beyond it. The mark of a
// heading reaches to the end of the heading's section.
type Mark struct {
	Kind       string // as loaders.SpanKind: "page", "heading", "symbol"
	Start, End int
	Label      string
	Anchor     string
	Level      int
}

// A Doc is the state of one document: what a sync compares with.
type Doc struct {
	ID     string // unique in its namespace
	Source string // the source whose sync owns it
	Ref    string // the Ref it was loaded from
	// RefVersion is the opaque version of the Ref: an equal one means that
	// the Ref need not be read.
	RefVersion string
	// Version is a hash of text and metadata and of the settings that cut
	// them: an equal one means that the chunks are right as they are.
	Version string
	Chunks  int // how many there are
	Origin  Origin
}

// Change is one write.
//
// The state after it is the state before, less what Delete matches, plus
// Upsert and Docs. A chunk replaces one with its ID, a Doc one with its ID,
// whatever document or source that was of; of two with one ID in the Change
// the last wins.
//
// Delete also removes the records of documents: of each with a chunk that it
// matches, though Upsert may put the chunk back, and of each without chunks
// that it matches on what the record says (DocID, Source and Origin of an
// otherwise empty chunk). Those in Docs are written after that. Upsert alone
// leaves records as they are.
type Change struct {
	Docs   []Doc
	Delete Filter // nil deletes nothing; [All] must be said
	Upsert []Chunk
	// Space is the fingerprint of the space that the vectors in Upsert are
	// of; required if any has one, and not looked at if none has. A namespace
	// keeps the space and length of the first vectors written to it, even
	// when those are gone, and refuses others.
	Space string
}

// Changed counts what a Write did.
type Changed struct {
	Upserted int // distinct chunk IDs written
	Deleted  int // chunks that were there before and are no more; -1 if the store cannot tell
	Docs     int // distinct records written
}

// Distinct returns c with each chunk and record once: of those with one ID the
// last, in its place. It shares the slices of c where they hold none twice.
func (c *Change) Distinct() Change {
	d := *c
	d.Upsert = lastWins(c.Upsert, func(c *Chunk) string { return c.ID })
	d.Docs = lastWins(c.Docs, func(d *Doc) string { return d.ID })
	return d
}

// lastWins returns list without the elements that one of the same ID follows.
func lastWins[T any](list []T, id func(*T) string) []T {
	last := make(map[string]int, len(list))
	for i := range list {
		last[id(&list[i])] = i
	}
	if len(last) == len(list) {
		return list
	}
	kept := make([]T, 0, len(last))
	for i := range list {
		if last[id(&list[i])] == i {
			kept = append(kept, list[i])
		}
	}
	return kept
}
