package ragtest

import (
	"context"
	"reflect"
	"unicode"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
)

// Chunker tests a chunker on the given documents, which must be valid.
func Chunker(ctx context.Context, c chunk.Chunker, docs ...loaders.Document) error {
	var f faults
	if same(&f, "the fingerprint is constant", c.Fingerprint) == "" {
		f.add("a chunker names itself", "the fingerprint is empty")
	}
	for _, d := range docs {
		pieces := same(&f, "equal documents are cut alike, from any goroutine", func() []chunk.Piece {
			mine := d.Clone()
			pieces, err := cut(ctx, c, mine)
			if err != nil {
				f.add("a valid document can be cut", "document %q: %v", d.ID, err)
			}
			if !reflect.DeepEqual(mine, d.Clone()) {
				f.add("the document is not changed", "document %q", d.ID)
			}
			return pieces
		})
		checkPieces(&f, d, pieces)
		for range c.Chunk(ctx, d.Clone()) {
			break // leaving early must leave the chunker usable
		}
		if again, err := cut(ctx, c, d.Clone()); err != nil || !reflect.DeepEqual(again, pieces) {
			f.add("leaving a sequence early changes nothing", "document %q: %v", d.ID, err)
		}
		if len(pieces) > 0 {
			_, err := cut(cancelled(ctx), c, d.Clone())
			f.ended(err)
		}
	}
	return f.err()
}

func cut(ctx context.Context, c chunk.Chunker, d loaders.Document) ([]chunk.Piece, error) {
	var pieces []chunk.Piece
	for p, err := range c.Chunk(ctx, d) {
		if err != nil {
			return pieces, err
		}
		pieces = append(pieces, p)
	}
	return pieces, nil
}

func checkPieces(f *faults, d loaders.Document, pieces []chunk.Piece) {
	covered := 0
	for i, p := range pieces {
		if p.Start < 0 || p.End <= p.Start || p.End > len(d.Text) {
			f.add("a piece is a range of the text", "document %q: piece %d is [%d:%d] of %d bytes", d.ID, i, p.Start, p.End, len(d.Text))
			return
		}
		if !utf8.ValidString(d.Text[p.Start:p.End]) {
			f.add("pieces begin and end between code points", "document %q: piece %d [%d:%d]", d.ID, i, p.Start, p.End)
		}
		if i > 0 && (p.Start <= pieces[i-1].Start || p.End <= pieces[i-1].End) {
			f.add("pieces come in order", "document %q: piece %d [%d:%d] after [%d:%d]", d.ID, i, p.Start, p.End, pieces[i-1].Start, pieces[i-1].End)
		}
		if p.Start > covered && !blank(d.Text[covered:p.Start]) {
			f.add("pieces cover the text", "document %q: nothing has [%d:%d]", d.ID, covered, p.Start)
		}
		if blank(d.Text[p.Start:p.End]) {
			f.add("every piece can be read", "document %q: piece %d [%d:%d] is blank", d.ID, i, p.Start, p.End)
		}
		covered = max(covered, p.End)
		for k, m := range p.Marks {
			if m.Start < 0 || m.End < m.Start || m.End > len(d.Text) || m.Start >= p.End || m.End <= p.Start {
				f.add("a piece's marks overlap it", "document %q: piece %d [%d:%d] has mark %s [%d:%d]", d.ID, i, p.Start, p.End, m.Kind, m.Start, m.End)
			}
			if k > 0 && m.Start < p.Marks[k-1].Start {
				f.add("marks are sorted", "document %q: piece %d", d.ID, i)
			}
		}
	}
	if !blank(d.Text[covered:]) {
		f.add("pieces cover the text", "document %q: nothing has [%d:%d]", d.ID, covered, len(d.Text))
	}
}

func blank(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}
