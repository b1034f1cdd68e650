package store

// Query asks for the chunks nearest to a vector, or for those that match words
// best. It uses one ranker: exactly one of Vector and Text is set.
type Query struct {
	Vector []float32 // unit length
	Space  string    // fingerprint of the space that Vector is of; empty is not checked
	Text   string    // plain words in valid UTF-8; no syntax is special
	K      int       // at least 1
	Filter Filter    // nil passes every chunk
	Fields Fields    // what to fill in of each hit's Chunk
	// Exact asks for exact vector search where the store would approximate. A
	// text query has no use for it.
	Exact bool
}

// Fields chooses what is filled in of a [Chunk], besides ID, DocID, Source,
// Ordinal, Version, Start and End, which always are.
type Fields uint8

// The parts of a Chunk.
const (
	FieldText   Fields = 1 << iota // Text and Prefix
	FieldOrigin                    // Origin
	FieldMarks                     // Marks
	FieldMeta                      // Meta
	FieldVector                    // Vector and EmbedKey

	FieldsNone Fields = 0
	FieldsRead        = FieldText | FieldOrigin | FieldMarks | FieldMeta // what a reader of passages needs
	FieldsAll         = FieldsRead | FieldVector
)

// Hit is a chunk that a search found.
type Hit struct {
	Chunk Chunk
	// Score orders the hits of one result: higher is better. It is finite.
	// Scores of different queries or rankers do not compare.
	Score float64
	// Ranks says which rankers found the chunk, and what each said of it. A
	// store fills in one; fusion and reranking add theirs.
	Ranks []Rank
}

// Rank is one ranker's word about a hit.
type Rank struct {
	Ranker   string  // "vector", "text", or the name of a ranker above the store
	Position int     // from 1, in that ranker's own list
	Score    float64 // the ranker's own number, unchanged
	Metric   string  // what the number is: "cosine", "bm25", ...; higher is better
}

// The rankers of a store.
const (
	RankerVector = "vector"
	RankerText   = "text"
)

// DocQuery chooses document records. A record passes if it passes every field
// that is set; the zero DocQuery passes all, and an empty list is not set.
type DocQuery struct {
	Sources []string
	Refs    []string
	IDs     []string
}

// ScanQuery chooses chunks.
type ScanQuery struct {
	Filter Filter // nil passes every chunk
	Fields Fields
	After  string // only what comes behind this ID in the order of the scan, to go on where one ended
}
