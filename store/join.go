package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Join makes one DB of two: vectors, which has no text search, and words, which
// has it. Both hold all chunks and records, words without the vectors; a query by
// vector goes to the one, a query by text to the other.
//
// A change is written to vectors and then to words, so Atomicity is [AtomicNone].
// Docs yields only the records that both hold alike: one that was written to one
// of them alone vouches for nothing, and a sync writes its document again. Scan
// yields also what words alone holds, after the rest and so not ordered: there a
// sync finds what a change that was interrupted should have deleted. Get reads
// vectors. Other features and limits are those of the weaker of the two. Closing
// the DB closes both.
func Join(vectors, words DB) DB { return &joined{vectors, words} }

type joined struct{ vectors, words DB }

// Namespace implements [DB].
func (j *joined) Namespace(name string) (Store, error) {
	v, err := j.vectors.Namespace(name)
	if err != nil {
		return nil, err
	}
	w, err := j.words.Namespace(name)
	if err != nil {
		return nil, err
	}
	return &joinedStore{vectors: v, words: w}, nil
}

// Namespaces implements [DB]: it yields the names that one of the two has.
func (j *joined) Namespaces(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names []string
		for _, db := range []DB{j.vectors, j.words} {
			for name, err := range db.Namespaces(ctx) {
				if err != nil {
					yield("", err)
					return
				}
				names = append(names, name)
			}
		}
		slices.Sort(names)
		// The context and the end of the DB are looked at before each pair.
		for _, name := range slices.Compact(names) {
			if _, err := j.vectors.Namespace(name); err != nil || ctx.Err() != nil {
				yield("", errors.Join(ctx.Err(), err))
				return
			}
			if !yield(name, nil) {
				return
			}
		}
	}
}

// Drop implements [DB].
func (j *joined) Drop(ctx context.Context, name string) error {
	if err := j.vectors.Drop(ctx, name); err != nil {
		return err
	}
	return j.words.Drop(ctx, name)
}

// Close implements [DB].
func (j *joined) Close() error { return errors.Join(j.vectors.Close(), j.words.Close()) }

type joinedStore struct{ vectors, words Store }

// Info implements [Store].
func (j *joinedStore) Info() Info {
	v, w := j.vectors.Info(), j.words.Info()
	info := v
	info.Analyzer = w.Analyzer
	info.Limits = Limits{
		K:         lower(v.Limits.K, w.Limits.K),
		Dim:       v.Limits.Dim,
		TextBytes: lower(v.Limits.TextBytes, w.Limits.TextBytes),
		MetaBytes: lower(v.Limits.MetaBytes, w.Limits.MetaBytes),
		IDBytes:   lower(v.Limits.IDBytes, w.Limits.IDBytes),
	}
	info.Features.Lexical = w.Features.Lexical
	info.Features.Ordered = false
	info.Features.Atomicity = AtomicNone
	info.Features.Visibility = min(v.Features.Visibility, w.Features.Visibility)
	info.Features.Durability = min(v.Features.Durability, w.Features.Durability)
	if len(info.Schema.Fields) == 0 {
		info.Schema.Fields = w.Schema.Fields
	}
	info.Schema.Strict = v.Schema.Strict || w.Schema.Strict
	return info
}

// lower returns the lower of two limits, of which 0 is none.
func lower(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Search implements [Store].
func (j *joinedStore) Search(ctx context.Context, q Query) ([]Hit, error) {
	if limit := j.Info().Limits.K; q.Validate() == nil && limit > 0 && q.K > limit {
		return nil, within("K", q.K, limit)
	}
	if q.Text == "" {
		return j.vectors.Search(ctx, q)
	}
	hits, err := j.words.Search(ctx, q)
	if err != nil || q.Fields&FieldVector == 0 || len(hits) == 0 {
		return hits, err
	}
	chunks := make([]Chunk, len(hits))
	for i := range hits {
		chunks[i] = hits[i].Chunk
	}
	full, err := chunksByID(ctx, j.vectors, chunks, FieldVector)
	if err != nil {
		return nil, err
	}
	for i := range hits {
		hits[i].Chunk.Vector = full[hits[i].Chunk.ID].Vector
	}
	return hits, nil
}

// Get implements [Store].
func (j *joinedStore) Get(ctx context.Context, ids []string, f Fields) ([]Chunk, error) {
	return j.vectors.Get(ctx, ids, f)
}

// Scan implements [Store]: it yields what is in vectors, and then what is in words
// alone.
func (j *joinedStore) Scan(ctx context.Context, q ScanQuery) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		inWords, err := j.aloneInWords(ctx, q.After)
		if err != nil {
			yield(Chunk{}, err)
			return
		}
		rest := ScanQuery{Filter: q.Filter}
		if inWords {
			rest.After = q.After
		} else {
			for c, err := range j.vectors.Scan(ctx, q) {
				if !yield(c, err) || err != nil {
					return
				}
			}
		}
		for batch, err := range batches(j.words.Scan(ctx, rest), 256) {
			if err == nil {
				batch, err = j.onlyInWords(ctx, batch, q.Fields)
			}
			if err != nil {
				yield(Chunk{}, err)
				return
			}
			for _, c := range batch {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// aloneInWords reports whether words holds a chunk that vectors does not.
func (j *joinedStore) aloneInWords(ctx context.Context, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	alone, err := j.onlyInWords(ctx, []Chunk{{ID: id}}, FieldsNone)
	return len(alone) > 0, err
}

// onlyInWords returns those of the chunks that vectors does not hold, with the
// fields that words has of them.
func (j *joinedStore) onlyInWords(ctx context.Context, chunks []Chunk, f Fields) ([]Chunk, error) {
	there, err := chunksByID(ctx, j.vectors, chunks, FieldsNone)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range chunks {
		if _, ok := there[c.ID]; !ok {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return j.words.Get(ctx, ids, f)
}

// Docs implements [Store]: a record of one store alone is none.
func (j *joinedStore) Docs(ctx context.Context, q DocQuery) iter.Seq2[Doc, error] {
	return func(yield func(Doc, error) bool) {
		for batch, err := range batches(j.vectors.Docs(ctx, q), 256) {
			if err != nil {
				yield(Doc{}, err)
				return
			}
			there, err := docsByID(ctx, j.words, batch)
			if err != nil {
				yield(Doc{}, err)
				return
			}
			for _, d := range batch {
				if w, ok := there[d.ID]; !ok || !sameDoc(&w, &d) {
					continue
				}
				if err := ctx.Err(); err != nil {
					yield(Doc{}, err)
					return
				}
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

// hidden is the Version of a record in words while chunks of its document change:
// it is not that of vectors.
const hidden = "quarry: changing"

// Write implements [Store]. Records that the change leaves as they are, though
// chunks of theirs change, are hidden meanwhile.
func (j *joinedStore) Write(ctx context.Context, c Change) (Changed, error) {
	if err := j.check(&c); err != nil {
		return Changed{}, err
	}
	stay, err := j.staying(ctx, &c)
	if err != nil {
		return Changed{}, err
	}
	if len(stay) > 0 {
		hide := slices.Clone(stay)
		for i := range hide {
			hide[i].Version = hidden
		}
		if _, err := j.words.Write(ctx, Change{Docs: hide}); err != nil {
			return Changed{}, partly(err, nil)
		}
	}
	changed, err := j.vectors.Write(ctx, c)
	if err != nil {
		if len(stay) == 0 {
			return Changed{}, err
		}
		if _, again := j.words.Write(ctx, Change{Docs: stay}); again != nil {
			return Changed{}, partly(err, nil)
		}
		return Changed{}, err
	}
	if len(stay) > 0 { // Delete may have removed some
		left, err := docsByID(ctx, j.vectors, stay)
		if err != nil {
			return Changed{}, partly(err, c.Upsert)
		}
		stay = slices.DeleteFunc(stay, func(d Doc) bool { _, ok := left[d.ID]; return !ok })
	}
	w := Change{Delete: c.Delete, Docs: slices.Concat(stay, c.Docs), Upsert: slices.Clone(c.Upsert)}
	for i := range w.Upsert {
		w.Upsert[i].Vector = nil
	}
	if _, err := j.words.Write(ctx, w); err != nil {
		return Changed{}, partly(err, c.Upsert)
	}
	return changed, nil
}

// check refuses what one of the two would refuse, before anything is written.
func (j *joinedStore) check(c *Change) error {
	if err := c.Validate(); err != nil {
		return err
	}
	info := j.Info()
	if err := info.Limits.Check(c); err != nil {
		return err
	}
	v, w := j.vectors.Info().Schema, j.words.Info().Schema
	for i := range c.Upsert {
		u := &c.Upsert[i]
		if u.Vector != nil && !info.Features.Vectors {
			return fmt.Errorf("chunk %.80q: vectors: %w", u.ID, errors.ErrUnsupported)
		}
		if err := errors.Join(v.Check(u.Meta), w.Check(u.Meta)); err != nil {
			return fmt.Errorf("chunk %.80q: %w", u.ID, err)
		}
	}
	return nil
}

// staying returns the records of documents of which c changes chunks, but not
// the record.
func (j *joinedStore) staying(ctx context.Context, c *Change) ([]Doc, error) {
	written := make(map[string]bool, len(c.Docs))
	for i := range c.Docs {
		written[c.Docs[i].ID] = true
	}
	var ids []string
	for i := range c.Upsert {
		if id := c.Upsert[i].DocID; !written[id] {
			written[id] = true
			ids = append(ids, id)
		}
	}
	var stay []Doc
	for part := range slices.Chunk(ids, 256) {
		for d, err := range j.Docs(ctx, DocQuery{IDs: part}) {
			if err != nil {
				return nil, err
			}
			stay = append(stay, d)
		}
	}
	return stay, nil
}

// partly says that a change is in one of the two alone, where the chunks given
// are durable.
func partly(err error, upserted []Chunk) error {
	e := &WriteError{Err: err}
	for i := range upserted {
		e.Upserted = append(e.Upserted, upserted[i].ID)
	}
	return e
}
