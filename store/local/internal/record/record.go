// Package record is the encoding of changes in the log of an embedded store.
//
// # Format
//
// A payload of the log holds the entries of one or more changes, one behind the other. Lengths and
// numbers are unsigned varints unless said otherwise; a string is its length and its bytes, a list
// its length and its elements.
//
//	entry     kind (1 byte: 1 write, 2 drop), sequence number, namespace; of a write also:
//	          deletion, space (string), dimensions, list of chunks, list of documents
//	deletion  flags (1 byte), then the lists of strings whose flag is set, lowest first:
//	          1 everything (no list), 2 documents, 4 sources, 8 chunks, 16 records
//	chunk     length of the text part, text part, 1 byte: 0 no vector, 1 followed by the vector:
//	          as many float32 (4 bytes, little-endian) as the entry has dimensions
//	text part ID, document ID, source, version, ordinal, start, text, prefix, origin,
//	          list of marks, embed key, list of metadata
//	origin    URI, title, language, modified, trust (1 byte), list of principals
//	time      1 byte: 0 none, 1 followed by microseconds since 1970 (signed varint)
//	mark      kind, start, end, label, anchor, level (signed varint)
//	metadata  key, kind (1 byte), value: 1 string, 2 false, 3 true, 4 integer (signed varint),
//	          5 float64 (8 bytes, little-endian), 6 time (signed varint), 7 list of strings; keys ascend
//	document  ID, source, ref, ref version, version, chunks, origin
//
// There are no checksums here: the log has them.
package record

import "github.com/quarry-go/quarry/store"

// An Entry is one change of one namespace.
type Entry struct {
	Seq       uint64 // its place in the history of the store
	Namespace string
	Drop      bool // the namespace ends; nothing below is set
	Delete    Deletion
	Body
}

// A Body is the part of a change that does not depend on the state before it. Of two chunks or
// documents with one ID the last wins.
type Body struct {
	Space  string
	Dim    int // length of each vector in Upsert; 0 where there is none and Space is of no interest
	Upsert []store.Chunk
	Docs   []store.Doc
}

// A Deletion says what a change removes: the union of what its fields name.
type Deletion struct {
	All     bool     // every chunk and document
	Docs    []string // the chunks and the record of each document
	Sources []string // the chunks of each source, with the records of their documents, and its documents without chunks
	Chunks  []string // each chunk, with the record of its document
	Records []string // the record of each document
}

// IsZero reports whether d removes nothing, whatever the state.
func (d *Deletion) IsZero() bool {
	return !d.All && len(d.Docs) == 0 && len(d.Sources) == 0 && len(d.Chunks) == 0 && len(d.Records) == 0
}

const (
	kindWrite = 1 + iota
	kindDrop
)

const (
	flagAll = 1 << iota
	flagDocs
	flagSources
	flagChunks
	flagRecords
)

const (
	metaString = 1 + iota
	metaFalse
	metaTrue
	metaInt
	metaFloat
	metaTime
	metaList
)
