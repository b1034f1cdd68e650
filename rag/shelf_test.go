package rag

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/store"
)

// A shelf is a Lister over Refs that a test puts there. Every Ref holds its
// documents as texts by ID.
type shelf struct {
	refs  map[string]map[string]string // Ref -> document ID -> text
	touch map[string]int               // Ref -> how often its version changed without its content
	bad   map[string]error             // Ref -> what its Load ends with
	group *loaders.DocError            // what the listing reports besides
	noURI bool                         // of the documents
	loads atomic.Int64
}

func newShelf(texts map[string]string) *shelf {
	s := &shelf{refs: map[string]map[string]string{}, touch: map[string]int{}, bad: map[string]error{}}
	for id, t := range texts {
		s.put(id, t)
	}
	return s
}

// put makes ref hold one document of its own name.
func (s *shelf) put(ref, text string) { s.refs[ref] = map[string]string{ref: text} }

func (s *shelf) List(ctx context.Context) iter.Seq2[loaders.Ref, error] {
	return func(yield func(loaders.Ref, error) bool) {
		if s.group != nil && !yield(loaders.Ref{}, s.group) {
			return
		}
		for _, id := range slices.Sorted(maps.Keys(s.refs)) {
			if err := ctx.Err(); err != nil {
				yield(loaders.Ref{}, err)
				return
			}
			version := fmt.Sprint(s.refs[id], s.touch[id], s.bad[id])
			r := loaders.Ref{ID: id, URI: "shelf/" + id, Version: version, Load: func(ctx context.Context) iter.Seq2[Document, error] { return s.load(ctx, id) }}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *shelf) load(ctx context.Context, id string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		s.loads.Add(1)
		for _, doc := range slices.Sorted(maps.Keys(s.refs[id])) {
			if err := ctx.Err(); err != nil {
				yield(Document{}, err)
				return
			}
			d := Document{ID: doc, Ref: id, URI: "shelf/" + id, Text: s.refs[id][doc]}
			if s.noURI {
				d.URI = ""
			}
			if !yield(d, nil) {
				return
			}
		}
		if err := s.bad[id]; err != nil {
			yield(Document{}, &DocError{Ref: id, Err: err})
		}
	}
}

func (s *shelf) Load(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		for r, err := range s.List(ctx) {
			if err != nil {
				if !yield(Document{}, err) {
					return
				}
				continue
			}
			for d, err := range r.Load(ctx) {
				if !yield(d, err) {
					return
				}
			}
		}
	}
}

// paragraphs returns a text of n paragraphs that names each of them.
func paragraphs(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Paragraph %d of %s speaks of topic%d and of nothing else in particular.\n\n", i, name, i)
	}
	return b.String()
}

// countingChunker counts the documents that it cuts.
type countingChunker struct {
	chunk.Chunker
	cuts atomic.Int64
}

func (c *countingChunker) Chunk(ctx context.Context, d Document) iter.Seq2[chunk.Piece, error] {
	c.cuts.Add(1)
	return c.Chunker.Chunk(ctx, d)
}

// countingEmbedder counts the texts that it embeds, and can fail.
type countingEmbedder struct {
	embed.Embedder
	texts atomic.Int64
	fail  func(embed.Request) error
}

func newCountingEmbedder() *countingEmbedder {
	return &countingEmbedder{Embedder: embedtest.Words(16)}
}

func (e *countingEmbedder) Embed(ctx context.Context, r embed.Request) (embed.Response, error) {
	if e.fail != nil {
		if err := e.fail(r); err != nil {
			return embed.Response{}, err
		}
	}
	e.texts.Add(int64(len(r.Texts)))
	return e.Embedder.Embed(ctx, r)
}

// smallChunks cuts paragraph by paragraph.
func smallChunks(t testing.TB) *countingChunker {
	t.Helper()
	c, err := chunk.New(&chunk.Options{Size: 80})
	if err != nil {
		t.Fatal(err)
	}
	return &countingChunker{Chunker: c}
}

func newKB(t testing.TB, o *Options) *KB {
	t.Helper()
	k, err := Memory(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func mustSync(t testing.TB, k *KB, source string, l Loader, o *SyncOptions) Report {
	t.Helper()
	r, err := k.Sync(t.Context(), source, l, o)
	if err != nil {
		t.Fatalf("Sync: %v", err)
	}
	return r
}

// content returns everything in a store but the times of modification and what
// a Ref's version was: what two syncs that did the same agree in.
func content(t testing.TB, s store.Store) string {
	t.Helper()
	all, _ := contents(t, s)
	return all
}

// contents returns the content of a store, and that of it which a record
// vouches for.
func contents(t testing.TB, s store.Store) (all, vouched string) {
	t.Helper()
	var a, v strings.Builder
	records := map[string]bool{}
	for d, err := range s.Docs(t.Context(), store.DocQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		records[d.ID] = true
		fmt.Fprintf(io.MultiWriter(&a, &v), "doc %s %s %s %s %d\n", d.ID, d.Source, d.Ref, d.Version, d.Chunks)
	}
	for c, err := range s.Scan(t.Context(), store.ScanQuery{Fields: store.FieldsAll}) {
		if err != nil {
			t.Fatal(err)
		}
		w := io.Writer(&a)
		if records[c.DocID] {
			w = io.MultiWriter(&a, &v)
		}
		fmt.Fprintf(w, "chunk %s %s %d %s [%d:%d] %q %q %v\n", c.ID, c.DocID, c.Ordinal, c.Version, c.Start, c.End, c.Prefix, c.Text, c.Vector)
	}
	return a.String(), v.String()
}
