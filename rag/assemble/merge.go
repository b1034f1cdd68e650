package assemble

import (
	"cmp"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// A piece is a passage that is being made, of one chunk or of several.
type piece struct {
	Passage
	parts   []part // in the order of the text
	rank    int    // the best of its parts'
	trimmed bool
	body    string // what stands between its marks, once it was needed
}

// A part is a chunk of a piece, and its place among all hits.
type part struct {
	*store.Hit
	rank int
}

// distinct returns the hits that have text, without repeats of a chunk and
// texts that are the same but for white space. It begins the manifest.
func (a *assembler) distinct(hits []store.Hit) []part {
	var parts []part
	ids, texts := map[string]bool{}, map[string]bool{}
	for i := range hits {
		h := &hits[i]
		a.manifest.Entries = append(a.manifest.Entries, Entry{ChunkID: h.Chunk.ID, DocID: h.Chunk.DocID, Score: h.Score})
		p := part{h, i}
		same := strings.Join(strings.Fields(h.Chunk.Text), " ")
		switch {
		case same == "":
			a.drop([]part{p}, "no text")
		case ids[h.Chunk.ID]:
			a.drop([]part{p}, "the same chunk")
		case texts[same]:
			a.drop([]part{p}, "the same text as a better hit")
		default:
			ids[h.Chunk.ID], texts[same] = true, true
			parts = append(parts, p)
		}
	}
	return parts
}

// join makes passages of chunks: those of one version of a document that touch
// or overlap become one. The passages are in the order of their best chunks.
func join(parts []part) []*piece {
	type key struct{ doc, version string }
	groups := map[key][]part{}
	for _, p := range parts {
		k := key{p.Chunk.DocID, p.Chunk.Version}
		groups[k] = append(groups[k], p)
	}
	var out []*piece
	for _, g := range groups {
		slices.SortFunc(g, func(a, b part) int {
			return cmp.Or(cmp.Compare(a.Chunk.Start, b.Chunk.Start), cmp.Compare(b.Chunk.End, a.Chunk.End), cmp.Compare(a.rank, b.rank))
		})
		first, end := 0, 0
		for i, p := range g {
			if i > first && p.Chunk.Start > end {
				out = append(out, newPiece(g[first:i]))
				first = i
			}
			end = max(end, p.Chunk.End)
		}
		out = append(out, newPiece(g[first:]))
	}
	slices.SortFunc(out, func(a, b *piece) int { return cmp.Compare(a.rank, b.rank) })
	return out
}

// newPiece returns the passage of chunks of one document that touch, in the
// order of the text.
func newPiece(parts []part) *piece {
	c := &parts[0].Chunk
	p := &piece{
		Passage: Passage{
			Text: c.Text, Start: c.Start, End: c.End, DocID: c.DocID, Source: c.Source, Version: c.Version,
			Origin: c.Origin.Clone(), Score: parts[0].Score,
		},
		parts: parts, rank: parts[0].rank,
	}
	var text strings.Builder
	marks := map[store.Mark]bool{}
	for _, q := range parts {
		c := &q.Chunk
		p.Chunks = append(p.Chunks, c.ID)
		p.Score, p.rank = max(p.Score, q.Score), min(p.rank, q.rank)
		if c.End > p.End {
			if text.Len() == 0 {
				text.WriteString(p.Text)
			}
			text.WriteString(c.Text[p.End-c.Start:])
			p.End = c.End
		}
		for _, m := range c.Marks {
			if !marks[m] {
				marks[m] = true
				p.Marks = append(p.Marks, m)
			}
		}
	}
	if text.Len() > 0 {
		p.Text = text.String()
	}
	if len(parts) > 1 {
		slices.SortStableFunc(p.Marks, func(a, b store.Mark) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
		})
	}
	return p
}

// best returns the passage of p's best part alone.
func (p *piece) best() *piece {
	i := slices.IndexFunc(p.parts, func(q part) bool { return q.rank == p.rank })
	return newPiece(p.parts[i : i+1])
}

// cut returns the first n bytes of p, which is of one part.
func (p *piece) cut(n int) *piece {
	q := *p
	q.Text, q.End, q.body, q.trimmed = p.Text[:n], p.Start+n, "", true
	q.Marks = nil
	for _, m := range p.Marks {
		if m.Start < q.End {
			q.Marks = append(q.Marks, m)
		}
	}
	return &q
}
