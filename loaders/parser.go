package loaders

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"mime"
	"path"
	"slices"
	"strings"
	"time"
)

// A Parser turns bytes into documents.
//
// Parse yields the documents of in, usually one, and follows the rules of
// [Loader] for errors and for early exit. Every document names in.Ref, has an
// ID that is in.Ref itself or starts with in.Ref and "#", and passes
// [Document.Validate]. A part that cannot be read costs that part: it becomes
// a warning of the document, or a *[DocError] where the part would have been a
// document. Parse never panics, whatever the bytes, and stays within
// in.Budget. It keeps no reference to in after the sequence ends.
//
// A Parser is safe for concurrent use.
type Parser interface {
	Parse(ctx context.Context, in Input) iter.Seq2[Document, error]
}

// ParserFunc adapts a function to a [Parser].
type ParserFunc func(ctx context.Context, in Input) iter.Seq2[Document, error]

// Parse calls f.
func (f ParserFunc) Parse(ctx context.Context, in Input) iter.Seq2[Document, error] {
	return f(ctx, in)
}

// Single returns a [Parser] of contents that are one document each, which read
// returns. An error of read becomes a *[DocError] that says name before it,
// unless the context has ended: then it is the last pair as it is.
func Single(name string, read func(ctx context.Context, in Input) (Document, error)) Parser {
	return ParserFunc(func(ctx context.Context, in Input) iter.Seq2[Document, error] {
		return func(yield func(Document, error) bool) {
			d, err := read(ctx, in)
			if err != nil {
				d = Document{}
				if ctx.Err() == nil {
					err = &DocError{Ref: in.Ref, URI: in.URI, Err: fmt.Errorf("%s: %w", name, err)}
				}
			}
			yield(d, err)
		}
	})
}

// Input is what a [Parser] reads.
type Input struct {
	Ref      string // becomes Document.Ref, and the ID of a sole document
	URI      string
	Name     string // file name with its extension, without folders; may be empty
	MIME     string // media type if the source knows it, such as "text/html; charset=gbk"
	Modified time.Time
	Trust    Trust

	io.ReaderAt       // valid until the sequence ends
	Size        int64 // bytes that ReaderAt holds

	Budget  *Budget // shared by all parts of one Ref; nil: no limits
	Parsers Formats // for nested parts: an attachment, an entry of an archive
}

// ReadAll returns the whole content. The error wraps [ErrBudget] when Size is
// over the budget's MaxInput.
func (in Input) ReadAll() ([]byte, error) {
	if err := in.Budget.Input(in.Size); err != nil {
		return nil, err
	}
	b := make([]byte, in.Size)
	n, err := in.ReadAt(b, 0)
	if int64(n) == in.Size {
		return b, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// Head returns up to the first n bytes.
func (in Input) Head(n int) ([]byte, error) {
	b := make([]byte, min(int64(n), in.Size))
	m, err := in.ReadAt(b, 0)
	if m == len(b) || err == io.EOF {
		err = nil
	}
	return b[:m], err
}

// Document returns a document with what in says of it: identity, address,
// time and trust. Parsers fill in the rest.
func (in Input) Document() Document {
	return Document{ID: in.Ref, Ref: in.Ref, URI: in.URI, Modified: in.Modified, Trust: in.Trust}
}

// BytesInput returns an Input over b, for tests and parts held in memory.
func BytesInput(ref string, b []byte) Input {
	return Input{Ref: ref, Name: path.Base(ref), ReaderAt: bytes.NewReader(b), Size: int64(len(b))}
}

// A Format tells which content a parser reads.
type Format struct {
	Name       string   // "pdf"; what error messages and reports call it
	Extensions []string // with the dot, in lower case: ".pdf"
	MIMEs      []string // without parameters, in lower case: "application/pdf"
	// Sniff reports whether content that starts with head is of this format
	// for certain, as a magic number tells; nil if nothing tells.
	Sniff func(head []byte) bool
	// Guess reports whether content that no format claims by Sniff, name or
	// media type may be read as this one; nil for never. Plain text guesses.
	Guess func(head []byte) bool
	// Version changes when the parser or its options do so that equal bytes
	// would give other documents: what was read under another is read again.
	Version string
	Parser
}

// Formats is the list of what can be read. The earlier of two that both fit wins.
type Formats []Format

// Find returns the format for a file name, a media type and the first bytes of
// the content: the first whose Sniff knows the head, else the first with the
// name's extension, else the first with the media type, else the first that
// guesses so. ok is false if none fits.
func (fs Formats) Find(name, mediaType string, head []byte) (f Format, ok bool) {
	for _, f := range fs {
		if f.Sniff != nil && len(head) > 0 && f.Sniff(head) {
			return f, true
		}
	}
	ext := strings.ToLower(path.Ext(name))
	if ext == "" {
		ext = strings.ToLower(name) // a Makefile, a Dockerfile
	}
	for _, f := range fs {
		if slices.Contains(f.Extensions, ext) {
			return f, true
		}
	}
	if t, _, err := mime.ParseMediaType(mediaType); err == nil {
		for _, f := range fs {
			if slices.Contains(f.MIMEs, t) {
				return f, true
			}
		}
	}
	for _, f := range fs {
		if f.Guess != nil && f.Guess(head) {
			return f, true
		}
	}
	return Format{}, false
}

// SniffLen is how many bytes of the content [Formats.Parse] shows to Sniff and
// Guess.
const SniffLen = 4096

// Parse finds the format of in and lets its parser read it, with fs for nested
// parts if in names none. The sole pair is a *[DocError] that wraps
// [ErrNoParser] where no format fits, or [ErrBudget] where in is too large.
func (fs Formats) Parse(ctx context.Context, in Input) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		fail := func(err error) { yield(Document{}, &DocError{Ref: in.Ref, URI: in.URI, Err: err}) }
		if err := in.Budget.Input(in.Size); err != nil {
			fail(err)
			return
		}
		head, err := in.Head(SniffLen)
		if err != nil {
			fail(err)
			return
		}
		f, ok := fs.Find(in.Name, in.MIME, head)
		if !ok {
			fail(fmt.Errorf("%w: %s", ErrNoParser, describe(in, head)))
			return
		}
		if in.Parsers == nil {
			in.Parsers = fs
		}
		f.Parse(ctx, in)(yield)
	}
}

func describe(in Input, head []byte) string {
	kind := Magic(head)
	if kind == "" && bytes.IndexByte(head, 0) >= 0 {
		kind = "binary data"
	}
	ext := path.Ext(in.Name)
	switch {
	case kind != "" && ext != "":
		return fmt.Sprintf("%s (%s)", ext, kind)
	case kind != "":
		return kind
	case ext != "":
		return ext
	case in.MIME != "":
		return in.MIME
	}
	return "no extension"
}
