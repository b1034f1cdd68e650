package table

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"github.com/quarry-go/quarry/internal/vec"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
)

// Counts says what a check looked at.
type Counts struct {
	Chunks, Vectors, Docs int
}

// Check returns an error for the first thing in the latest state that cannot be, and counts what
// there is. It looks at every record, every index and every statistic. Nothing must be written
// meanwhile.
func (t *Table) Check(ctx context.Context) (Counts, error) {
	var n Counts
	if err := t.chunks.check(ctx); err != nil {
		return n, fmt.Errorf("chunks: %w", err)
	}
	if err := t.docs.check(ctx); err != nil {
		return n, fmt.Errorf("documents: %w", err)
	}
	length := uint64(0)
	for i, v := range t.chunks.order {
		if i%contextEvery == 0 && ctx.Err() != nil {
			return n, ctx.Err()
		}
		if !v.lives() {
			continue
		}
		n.Chunks++
		if v.rec.Vector != nil {
			n.Vectors++
		}
		if err := t.checkChunk(&v.rec); err != nil {
			return n, fmt.Errorf("chunk %q: %w", v.rec.ID, err)
		}
		for _, s := range [...]string{v.rec.Prefix, v.rec.Text} {
			for range terms(s) {
				length++
			}
		}
	}
	stats, err := t.words.Stats(math.MaxUint64)
	if err != nil {
		return n, err
	}
	if stats.Entries != n.Chunks || stats.Length != length {
		return n, fmt.Errorf("the word index counts %d chunks of %d terms, there are %d of %d", stats.Entries, stats.Length, n.Chunks, length)
	}
	n.Docs = int(t.docs.live.Load())
	return n, nil
}

func (t *Table) checkChunk(c *chunk) error {
	if c.Vector == nil {
		return nil
	}
	if len(c.Vector) != t.space.dim {
		return fmt.Errorf("vector of %d dimensions, the space has %d", len(c.Vector), t.space.dim)
	}
	if err := store.CheckVector(c.Vector); err != nil {
		return err
	}
	if c.scale != 1/vec.Norm(c.Vector) {
		return fmt.Errorf("vector of length %v, known as %v", vec.Norm(c.Vector), 1/c.scale)
	}
	return nil
}

// check compares the indexes of a history with its versions.
func (h *history[T]) check(ctx context.Context) error {
	live, bytes := 0, 0
	at := make([]map[string]int, len(h.groups)) // members of each group so far
	for i := range at {
		at[i] = map[string]int{}
	}
	for n, v := range h.order {
		if n%contextEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		id := h.id(&v.rec)
		if n > 0 && v.ord <= h.order[n-1].ord || v.ord >= h.next {
			return fmt.Errorf("%q has place %d in the order of writing", id, v.ord)
		}
		if v.lives() {
			live++
			bytes += h.weight(&v.rec)
			if h.newest[id] != v {
				return fmt.Errorf("%q is not found by its ID", id)
			}
		}
		if o := v.older; o != nil && (o.lives() || o.deleted.Load() > v.added || h.id(&o.rec) != id) {
			return fmt.Errorf("%q has two versions at once", id)
		}
		for i, key := range h.groups {
			k := key(&v.rec)
			if m := h.member[i][k]; at[i][k] >= len(m) || m[at[i][k]] != v {
				return fmt.Errorf("%q is not found in its group %q", id, k)
			}
			at[i][k]++
		}
	}
	for i := range h.groups {
		for k, m := range h.member[i] {
			if len(m) != at[i][k] {
				return fmt.Errorf("group %q has %d members, %d are known", k, len(m), at[i][k])
			}
		}
	}
	if int(h.live.Load()) != live || int(h.bytes.Load()) != bytes {
		return fmt.Errorf("%d records of %d bytes are counted, there are %d of %d", h.live.Load(), h.bytes.Load(), live, bytes)
	}
	return nil
}

// Diff returns an error that names the first record in which two views differ, nil if they hold the
// same.
func Diff(ctx context.Context, a, b View) error {
	nameA, dimA := a.Space()
	nameB, dimB := b.Space()
	if nameA != nameB || dimA != dimB {
		return fmt.Errorf("vectors are of %q with %d dimensions, and of %q with %d", nameA, dimA, nameB, dimB)
	}
	chunksA, err := a.Chunks(ctx, nil, "")
	if err != nil {
		return err
	}
	chunksB, err := b.Chunks(ctx, nil, "")
	if err != nil {
		return err
	}
	err = diff(ctx, chunksA, chunksB, func(c *store.Chunk) (string, record.Body) {
		return c.ID, record.Body{Dim: len(c.Vector), Upsert: []store.Chunk{*c}}
	})
	if err != nil {
		return fmt.Errorf("chunks: %w", err)
	}
	docsA, err := a.Docs(ctx, store.DocQuery{})
	if err != nil {
		return err
	}
	docsB, err := b.Docs(ctx, store.DocQuery{})
	if err != nil {
		return err
	}
	err = diff(ctx, docsA, docsB, func(d *store.Doc) (string, record.Body) {
		return d.ID, record.Body{Docs: []store.Doc{*d}}
	})
	if err != nil {
		return fmt.Errorf("documents: %w", err)
	}
	return nil
}

func diff[T any](ctx context.Context, a, b []*T, body func(*T) (string, record.Body)) error {
	var x, y []byte
	for i := range min(len(a), len(b)) {
		if i%contextEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		idA, bodyA := body(a[i])
		idB, bodyB := body(b[i])
		x, y = record.AppendBody(x[:0], &bodyA), record.AppendBody(y[:0], &bodyB)
		if !bytes.Equal(x, y) {
			return fmt.Errorf("%q and %q differ", idA, idB)
		}
	}
	if len(a) != len(b) {
		return fmt.Errorf("%d and %d", len(a), len(b))
	}
	return nil
}
