package loaders

import (
	"time"
)

// A Document is one unit of text with a stable identity, and the structure
// that was found in it. Whoever receives a Document owns its slices and map.
type Document struct {
	// ID is the document's identity inside its source. It is the same on
	// every load, and no two documents of one load share it.
	ID string
	// Ref is the ID of the [Ref] that the document came from: a file, an
	// address, a row set. A mailbox or an archive gives many documents of
	// one Ref.
	Ref string
	// URI is where a person can open the document; empty if nowhere.
	URI string

	Title string
	Lang  string // BCP 47; empty if unknown

	// Text is valid UTF-8 without NUL. Every offset below counts its bytes.
	Text string
	// Spans is the structure of Text, sorted as [SortSpans] does.
	Spans []Span

	// Meta is the user's own data about the document. Its values are of the
	// types that package store lists for chunks.
	Meta map[string]any
	// Modified is when the content last changed; zero if unknown.
	Modified time.Time
	Trust    Trust
	// Principals names who may read the document; empty means everyone.
	Principals []string

	// Warnings says what a parser had to leave out of an otherwise good
	// document, as in "page 3: no such font". They are reported and not stored.
	Warnings []string
}

// Trust says how far the author of a text is known. It is a label for people
// and policies; no text of any trust is ever treated as instructions.
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

// A Span is a piece of structure: the byte range Text[Start:End] is a page, a
// heading, a table. Spans may nest and touch; two spans of one Kind never
// overlap partly.
type Span struct {
	Kind       SpanKind
	Start, End int // 0 <= Start <= End <= len(Text), on UTF-8 boundaries
	// Label is what a person calls the piece: the page "12" or "xiv", the
	// heading "Install", the function "pkg.Func", the sheet "Q3".
	Label string
	// Anchor is the fragment that opens the piece in the document's URI,
	// without '#': "page=12", "install"; empty if there is none.
	Anchor string
	// Level is the depth of a heading or list, from 1; 0 for other kinds.
	Level int
	// Boxes is where the piece is on its page, for viewers that highlight.
	Boxes []Box
}

// A SpanKind names a kind of structure. Other kinds than those below are
// allowed and carried along.
type SpanKind string

// The kinds that chunkers and citations know.
const (
	Page     SpanKind = "page"     // a page, slide or sheet
	Heading  SpanKind = "heading"  // the text of a heading; its section runs to the next heading of the same or a smaller Level
	Table    SpanKind = "table"    // a table
	Row      SpanKind = "row"      // a row of a table, or a record
	List     SpanKind = "list"     // a list
	Code     SpanKind = "code"     // a block of code
	Symbol   SpanKind = "symbol"   // a function, type or class in source code; Label is its qualified name
	Link     SpanKind = "link"     // the text of a link; Anchor is its target, an absolute URI
	Image    SpanKind = "image"    // the words that stand for a picture
	Footnote SpanKind = "footnote" // a note
)

// A Box is a rectangle on a page, in points of 1/72 inch from the page's
// upper left corner.
type Box struct {
	Page       int // from 0
	X0, Y0     float64
	X1, Y1     float64
	Start, End int // the byte range of Document.Text that it covers
}
