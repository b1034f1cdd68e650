// Package table keeps one namespace of an embedded store in memory: every chunk and document record
// from the change that wrote it to the one that ended it, so that a reader sees the state after any
// change that it may still ask for.
//
// One goroutine writes, change by change, with ascending sequence numbers. Any number of readers
// look at states that the writer has finished; they hold locks only while they look something up in
// a map, never while they rank.
package table

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/quarry-go/quarry/internal/bm25"
	"github.com/quarry-go/quarry/internal/text"
	"github.com/quarry-go/quarry/internal/vec"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
)

// ErrState is matched by the error of Apply for an entry that does not fit the state: it was made
// for another.
var ErrState = errors.New("change does not fit the state before it")

// Groups of the two histories.
const (
	byDoc = iota // chunks
	chunkBySource
)
const (
	byRef = iota // documents
	docBySource
)

// A chunk is a store.Chunk with what searching it needs.
type chunk struct {
	store.Chunk
	scale float64 // 1 over the length of Vector
}

// A Table is a namespace. [New] makes one.
type Table struct {
	chunks *history[chunk]
	docs   *history[store.Doc]
	words  *bm25.Index
	rows   vec.Rows
	space  space // guarded by chunks.mu; the writer reads it without
}

// A space is the vector space of a namespace.
type space struct {
	name  string
	dim   int // 0 while it is not known
	since uint64
}

// smallFields is about how many bytes IDs, origin, marks and metadata take in the log.
const smallFields = 200

// New returns the table of a namespace without chunks and documents.
func New() *Table {
	return &Table{
		chunks: newHistory(
			func(c *chunk) string { return c.ID },
			func(c *chunk) int { return len(c.Text) + len(c.Prefix) + 4*len(c.Vector) + smallFields },
			func(c *chunk) string { return c.DocID },
			func(c *chunk) string { return c.Source }),
		docs: newHistory(
			func(d *store.Doc) string { return d.ID },
			func(*store.Doc) int { return smallFields },
			func(d *store.Doc) string { return d.Ref },
			func(d *store.Doc) string { return d.Source }),
		words: bm25.New(),
	}
}

// terms returns the terms of the text of a chunk or query.
func terms(s string) iter.Seq[[]byte] { return text.Analyzer{}.Terms(s) }

// Analyzer returns the fingerprint of what turns text into terms.
func Analyzer() string { return text.Analyzer{}.Fingerprint() }

// maxOrd bounds the chunks that a table can be given in its life.
const maxOrd uint64 = math.MaxUint32 - 1

// Accepts returns the error that a body must be refused with in the latest state: one that wraps
// [store.ErrSpace] or [store.ErrTooLarge]. It is for the writer.
func (t *Table) Accepts(b *record.Body) error {
	if b.Dim != 0 && t.space.dim != 0 {
		if b.Space != t.space.name {
			return fmt.Errorf("%w: vectors of %q, stored are those of %q", store.ErrSpace, b.Space, t.space.name)
		}
		if b.Dim != t.space.dim {
			return fmt.Errorf("%w: vectors of %d dimensions, stored are %d", store.ErrSpace, b.Dim, t.space.dim)
		}
	}
	if uint64(t.chunks.next)+uint64(len(b.Upsert)) > maxOrd || uint64(t.docs.next)+uint64(len(b.Docs)) > maxOrd {
		return fmt.Errorf("%w: over %d chunks or documents written since the store was opened", store.ErrTooLarge, maxOrd)
	}
	return nil
}

// HasSpace reports whether the vector space is known in the latest state. It is for the writer.
func (t *Table) HasSpace() bool { return t.space.dim != 0 }

// Apply makes the change e, which takes over what e holds. Readers of states before e.Seq are not
// disturbed; later ones must wait until it returns. Errors match ErrState or those of Accepts; the
// table is of no use after one.
func (t *Table) Apply(e *record.Entry) (store.Changed, error) {
	if err := t.Accepts(&e.Body); err != nil {
		return store.Changed{}, err
	}
	if e.Dim != 0 && t.space.dim == 0 {
		t.chunks.mu.Lock()
		t.space = space{e.Space, e.Dim, e.Seq}
		t.chunks.mu.Unlock()
	}
	changed := store.Changed{Upserted: len(e.Upsert), Docs: len(e.Docs)}
	before := t.chunks.live.Load()
	if err := t.delete(&e.Delete, e.Seq); err != nil {
		return changed, err
	}
	changed.Deleted = int(before - t.chunks.live.Load())
	for i := range e.Upsert {
		// A chunk that was deleted and is written again was there before and still is.
		if v := t.chunks.newest[e.Upsert[i].ID]; v != nil && v.deleted.Load() == e.Seq {
			changed.Deleted--
		}
	}
	if err := t.upsert(e.Upsert, e.Seq); err != nil {
		return changed, err
	}
	t.write(e.Docs, e.Seq)
	return changed, nil
}

func (t *Table) upsert(chunks []store.Chunk, seq uint64) error {
	for i := range chunks {
		c := t.withRow(chunk{Chunk: chunks[i]})
		if err := t.end(t.chunks.newest[c.ID], seq); err != nil {
			return err
		}
		if c.Vector != nil {
			c.scale = 1 / vec.Norm(c.Vector)
		}
		v := t.chunks.version(c, seq)
		if err := t.words.Add(v.ord, seq, terms(c.Prefix), terms(c.Text)); err != nil {
			return fmt.Errorf("%w: %w", ErrState, err)
		}
		t.chunks.link(v)
	}
	return nil
}

func (t *Table) write(docs []store.Doc, seq uint64) {
	for _, d := range docs {
		t.docs.end(t.docs.newest[d.ID], seq)
		t.docs.link(t.docs.version(d, seq))
	}
}

// end ends the version of a chunk, if it lives.
func (t *Table) end(v *version[chunk], seq uint64) error {
	if !t.chunks.end(v, seq) {
		return nil
	}
	if err := t.words.Delete(v.ord, seq); err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	return nil
}

// Purge frees what no state from oldest on has, once that is a large part of the table. It is for
// the writer. Readers of later states, and those of earlier ones that are under way, go on
// meanwhile.
func (t *Table) Purge(oldest uint64) {
	if t.words.Purge(oldest) {
		t.rows = vec.Rows{} // the old blocks go with the last reader
		t.chunks.purge(oldest, t.withRow)
	}
	if t.docs.worn() {
		t.docs.purge(oldest, func(d store.Doc) store.Doc { return d })
	}
}

// withRow returns c with its vector in t.rows.
func (t *Table) withRow(c chunk) chunk {
	if c.Vector != nil {
		c.Vector = t.rows.Add(c.Vector)
	}
	return c
}

// Size says what a table holds.
type Size struct {
	Chunks, Docs int   // of the latest state
	Dead         int   // chunks and documents of earlier ones, which are not freed yet
	Bytes        int64 // of the chunks and documents in the log, about
}

// Size returns the size of the table.
func (t *Table) Size() Size {
	chunks, docs := int(t.chunks.live.Load()), int(t.docs.live.Load())
	return Size{
		Chunks: chunks,
		Docs:   docs,
		Dead:   max(0, len(t.chunks.all())-chunks) + max(0, len(t.docs.all())-docs),
		Bytes:  t.chunks.bytes.Load() + t.docs.bytes.Load(),
	}
}
