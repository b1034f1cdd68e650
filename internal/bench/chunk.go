package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tmc/langchaingo/textsplitter"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/markdown"
	"github.com/quarry-go/quarry/rag/chunk"
)

// leastText is how much text is cut at once: less repeats.
const leastText = 4 << 20

// chunks compares cutting with langchaingo's splitters.
func chunks(ctx context.Context, dir string) (*table, error) {
	found, err := texts(dir)
	if err != nil {
		return nil, err
	}
	t := &table{title: "cutting, against textsplitter of langchaingo v0.1.14"}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		c := cutting{t, ctx, name, grow(found[name], leastText)}
		if err := c.all(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return t, nil
}

// A cutting is one text under comparison.
type cutting struct {
	*table
	ctx        context.Context
	name, text string
}

const size = 512 // runes

func (c *cutting) all() error {
	plain := loaders.Document{ID: c.name, Text: c.text}
	for overlap, goal := range map[int]float64{0: 2, 100: 1.3} {
		peer := textsplitter.NewRecursiveCharacter(textsplitter.WithChunkSize(size), textsplitter.WithChunkOverlap(overlap))
		err := c.compare(fmt.Sprintf("runes %d/%d", size, overlap), goal, peer, overlap, func() (loaders.Document, error) { return plain, nil })
		if err != nil {
			return err
		}
	}
	parsed, err := c.parse()
	if err != nil {
		return err
	}
	const overlap = 100
	peer := textsplitter.NewMarkdownTextSplitter(textsplitter.WithChunkSize(size), textsplitter.WithChunkOverlap(overlap),
		textsplitter.WithCodeBlocks(true), textsplitter.WithHeadingHierarchy(true))
	what := fmt.Sprintf("Markdown %d/%d", size, overlap)
	if err := c.compare(what+", parsed before", 4, peer, overlap, func() (loaders.Document, error) { return parsed, nil }); err != nil {
		return err
	}
	return c.compare(what+", parsed anew", 2, peer, overlap, c.parse)
}

// parse reads the text as Markdown.
func (c *cutting) parse() (d loaders.Document, err error) {
	for d, err = range markdown.New(nil).Parse(c.ctx, loaders.BytesInput(c.name, []byte(c.text))) {
		if err != nil {
			return d, err
		}
	}
	return d, nil
}

// compare adds a row.
func (c *cutting) compare(what string, goal float64, peer textsplitter.TextSplitter, overlap int, document func() (loaders.Document, error)) error {
	p, err := chunk.New(&chunk.Options{Size: size, Overlap: overlap})
	if err != nil {
		return err
	}
	var (
		d      loaders.Document
		pieces []chunk.Piece
	)
	ours, err := best(func() (err error) {
		if d, err = document(); err != nil {
			return err
		}
		pieces = pieces[:0]
		for piece, err := range p.Chunk(c.ctx, d) {
			if err != nil {
				return err
			}
			pieces = append(pieces, piece)
		}
		return nil
	})
	if err != nil {
		return err
	}
	over := 0
	for _, p := range pieces {
		if runes(chunk.Join(p.Prefix, d.Text[p.Start:p.End])) > size {
			over++
		}
	}
	var parts []string
	theirs, err := best(func() (err error) {
		parts, err = peer.SplitText(c.text)
		return err
	})
	if err != nil {
		return err
	}
	overPeer := 0
	for _, s := range parts {
		if runes(s) > size {
			overPeer++
		}
	}
	n := len(c.text)
	what = c.name + " " + what
	c.rows = append(c.rows, row{what: what, unit: "MB/CPU-s", ours: ours.rate(n), peer: theirs.rate(n), goal: goal})
	c.notes = append(c.notes, fmt.Sprintf("%s: %d pieces, %d over size, %.3f bytes allocated a byte; peer: %d, %d, %.3f",
		what, len(pieces), over, ours.share(n), len(parts), overPeer, theirs.share(n)))
	return nil
}
