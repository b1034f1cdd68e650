package rag

import (
	"context"
	"errors"
	"fmt"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/token"
	"github.com/quarry-go/quarry/store"
)

// prepared is a document that is ready to be written.
type prepared struct {
	doc    store.Doc  // its record
	old    *store.Doc // the record that the store has
	same   bool       // the chunks in the store are right
	chunks []store.Chunk
}

// written returns p as it is once it was written, without what it holds.
func (p *prepared) written() *prepared {
	doc := p.doc
	return &prepared{doc: doc, old: &doc, same: true}
}

func (p *prepared) size() int {
	n := 256
	for i := range p.chunks {
		c := &p.chunks[i]
		n += len(c.Text) + len(c.Prefix) + 4*len(c.Vector)
	}
	return n
}

// add puts p into the batch, unless the store has all of it.
func (b *batch) add(p *prepared) {
	if p != nil && !(p.same && sameDoc(&p.doc, p.old)) {
		b.docs = append(b.docs, p)
	}
}

func sameDoc(a, b *store.Doc) bool {
	return a.Source == b.Source && a.Ref == b.Ref && a.RefVersion == b.RefVersion && a.Version == b.Version &&
		a.Chunks == b.Chunks && a.Origin.Modified.Equal(b.Origin.Modified)
}

// prepare makes a document ready: stages, identity, cutting, embedding. old is
// what the store has of its Ref, by ID. It returns nil for a document that a
// stage leaves out. Errors concern this document alone unless they are a
// *fatalError.
func (s *syncer) prepare(ctx context.Context, d Document, old map[string]*store.Doc) (*prepared, error) {
	for _, w := range d.Warnings {
		s.warn(d.Ref, w)
	}
	ref := d.Ref
	for _, st := range s.opts.Stages {
		err := st.Apply(ctx, &d)
		if err == nil && d.Ref != ref {
			err = fmt.Errorf("%w: it changed the Ref to %q", loaders.ErrInvalid, d.Ref)
		}
		if errors.Is(err, loaders.ErrSkipped) {
			s.skip(&DocError{Ref: ref, URI: d.URI, Err: fmt.Errorf("stage %s: %w", st.Name, err)})
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", st.Name, err)
		}
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	meta, err := store.CanonicalMeta(d.Meta)
	if err != nil {
		return nil, err
	}
	p := &prepared{doc: store.Doc{
		ID: DocID(s.source, d.ID), Source: s.source, Ref: d.Ref,
		Version: docVersion(s.settings, &d, meta), Origin: originOf(&d),
	}}
	if !s.claim(p.doc.ID) {
		return nil, fmt.Errorf("%w: another document of the source has the ID %q", loaders.ErrInvalid, d.ID)
	}
	p.old = old[p.doc.ID]
	if err := s.compare(ctx, p); err != nil {
		return nil, err
	}
	if p.same {
		return p, nil
	}
	if err := s.cut(ctx, p, &d, meta); err != nil {
		return nil, err
	}
	if s.embedder != nil {
		if err := s.embed(ctx, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// compare finds what the store has of p, if that is not known.
func (s *syncer) compare(ctx context.Context, p *prepared) error {
	if p.old == nil { // it may have moved here from another Ref
		for d, err := range s.kb.store.Docs(ctx, store.DocQuery{IDs: []string{p.doc.ID}}) {
			if err != nil {
				return &fatalError{err}
			}
			p.old = &d
		}
	}
	if p.old == nil {
		return nil
	}
	// One of another shard's Ref may be deleted by that shard at any moment.
	if p.old.Version == p.doc.Version && s.opts.Shard.has(p.old.Ref) {
		p.same = true
		p.doc.Chunks = p.old.Chunks
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claimed[p.doc.ID] = true
	if p.same {
		s.report.Unchanged++
	}
	return nil
}

// cut makes the document's chunks.
func (s *syncer) cut(ctx context.Context, p *prepared, d *Document, meta map[string]any) error {
	for piece, err := range s.opts.Chunker.Chunk(ctx, *d) {
		if err != nil {
			return fmt.Errorf("chunk: %w", err)
		}
		if piece.Start < 0 || piece.End <= piece.Start || piece.End > len(d.Text) {
			return fmt.Errorf("chunk: %w: piece [%d:%d] of %d bytes", loaders.ErrInvalid, piece.Start, piece.End, len(d.Text))
		}
		text := d.Text[piece.Start:piece.End]
		p.chunks = append(p.chunks, store.Chunk{
			ID: chunkID(p.doc.ID, piece.Start, piece.End, text), DocID: p.doc.ID, Source: s.source,
			Ordinal: len(p.chunks), Version: p.doc.Version,
			Text: text, Start: piece.Start, End: piece.End, Prefix: piece.Prefix,
			Origin: p.doc.Origin, Marks: piece.Marks, Meta: meta,
			EmbedKey: embedKey(s.space, piece.Prefix, text),
		})
	}
	p.doc.Chunks = len(p.chunks)
	return nil
}

// embed gives the chunks their vectors: those that the store has for the same
// text, and new ones for the others.
func (s *syncer) embed(ctx context.Context, p *prepared) error {
	have, err := s.vectors(ctx, p)
	if err != nil {
		return &fatalError{err}
	}
	var missing []int
	var texts []string
	for i := range p.chunks {
		c := &p.chunks[i]
		if v, ok := have[c.EmbedKey]; ok {
			c.Vector = v
			continue
		}
		missing = append(missing, i)
		texts = append(texts, chunk.Join(c.Prefix, c.Text))
	}
	if s.plan != nil {
		n := 0
		for _, t := range texts {
			n += token.Estimate{}.Count(t)
		}
		s.mu.Lock()
		s.plan.EmbedTokens += n
		s.report.Embedded += len(texts)
		s.mu.Unlock()
		return nil
	}
	if len(texts) == 0 {
		return nil
	}
	resp, err := s.embedder.Embed(ctx, embed.Request{Kind: embed.Passage, Texts: texts})
	if err != nil {
		err = fmt.Errorf("embed: %w", err)
		if errors.Is(err, embed.ErrInvalid) || errors.Is(err, embed.ErrTooLong) {
			return err
		}
		return &fatalError{err}
	}
	for k, i := range missing {
		p.chunks[i].Vector = resp.Vectors[k]
	}
	s.mu.Lock()
	s.report.Embedded += len(texts)
	s.report.Usage = s.report.Usage.Add(resp.Usage)
	s.mu.Unlock()
	return nil
}

// vectors returns the vectors that the store has of the document's chunks, by
// what they depend on.
func (s *syncer) vectors(ctx context.Context, p *prepared) (map[string][]float32, error) {
	if p.old == nil {
		return nil, nil
	}
	have := map[string][]float32{}
	for c, err := range s.kb.store.Scan(ctx, store.ScanQuery{Filter: store.Docs(p.doc.ID), Fields: store.FieldVector}) {
		if err != nil {
			return nil, err
		}
		if c.Vector != nil {
			have[c.EmbedKey] = c.Vector
		}
	}
	return have, nil
}

// claim reports whether no other document of this sync has the ID.
func (s *syncer) claim(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.claimed[id]; taken {
		return false
	}
	s.claimed[id] = false
	return true
}

// skip notes a document that was left out on purpose.
func (s *syncer) skip(e *DocError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Skipped = append(s.report.Skipped, e)
}

func (s *syncer) warn(ref, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Warnings = append(s.report.Warnings, Warning{ref, text})
}
