package storetest

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/quarry-go/quarry/store"
)

// info returns what a fresh namespace of the run's DB declares.
func (t *trial) info() store.Info { return t.empty().Info() }

// space returns the space and length that the kit's vectors have: the store's
// own where it begins with one.
func (t *trial) space() (string, int) {
	t.kit.mu.Lock()
	known := t.kit.space
	t.kit.mu.Unlock()
	if known == nil {
		known = new(space)
		if info := t.info(); info.Features.Vectors {
			*known = space{orDefault(info.Space, t.h.Space), orDefault(info.Dim, t.h.Dim)}
		}
		t.kit.mu.Lock()
		t.kit.space = known
		t.kit.mu.Unlock()
	}
	return known.name, known.dim
}

// vector returns a random vector, nil where the store keeps none.
func (t *trial) vector() []float32 {
	_, dim := t.space()
	if dim == 0 {
		return nil
	}
	return RandomVector(t.rand, dim)
}

// needVectors and needText skip the trial where the store has not what it is
// about.
func (t *trial) needVectors() {
	if _, dim := t.space(); dim == 0 {
		t.Skipf("Info declares no Vectors")
	}
}

func (t *trial) needText() {
	if !t.info().Features.Lexical {
		t.Skipf("Info declares no Lexical search")
	}
}

// chunk returns a chunk of a document with a random vector.
func (t *trial) chunk(id, doc, text string) store.Chunk {
	return store.Chunk{ID: id, DocID: doc, Source: "source", Version: "v1", Text: text, End: len(text), Vector: t.vector()}
}

// record returns the record of a document.
func record(id string, chunks int) store.Doc {
	return store.Doc{ID: id, Source: "source", Ref: "ref/" + id, Version: "v1", Chunks: chunks}
}

// random returns n random chunks that fit the store: without undeclared keys
// where its Schema is strict.
func (t *trial) random(n int) []store.Chunk {
	_, dim := t.space()
	chunks := RandomChunks(t.rand, n, dim)
	for i := range chunks {
		t.fit(&chunks[i])
	}
	return chunks
}

// fit takes what a Strict schema refuses out of a chunk.
func (t *trial) fit(c *store.Chunk) {
	schema := t.info().Schema
	if !schema.Strict {
		return
	}
	for k := range c.Meta {
		if !slices.ContainsFunc(schema.Fields, func(f store.Field) bool { return f.Key == k }) {
			delete(c.Meta, k)
		}
	}
}

// upsert returns a change that puts chunks, in the space of the run's vectors.
func (t *trial) upsert(chunks ...store.Chunk) store.Change {
	c := store.Change{Upsert: chunks}
	if slices.ContainsFunc(chunks, func(c store.Chunk) bool { return c.Vector != nil }) {
		c.Space, _ = t.space()
	}
	return c
}

// put writes chunks.
func (s *shelf) put(chunks ...store.Chunk) { s.write(s.t.upsert(chunks...)) }

// queries returns a query that finds much for each ranker that the store has.
func (t *trial) queries(s *shelf) []store.Query {
	var qs []store.Query
	f := s.Info().Features
	if f.Vectors {
		qs = append(qs, store.Query{Vector: t.vector(), K: 10, Exact: f.Exact})
	}
	if f.Lexical {
		qs = append(qs, store.Query{Text: commonWord, K: 10})
	}
	return qs
}

// inOrder ranges over m by key.
func inOrder[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// A twin is a namespace under test beside the model of it.
type twin struct {
	*shelf
	model store.Store
}

// beside returns an empty namespace and its model.
func (t *trial) beside() *twin { return t.twin(t.empty()) }

func (t *trial) twin(s *shelf) *twin {
	model, err := NewReference().Namespace(s.name)
	if err != nil {
		t.Fatalf("reference: %v", err)
	}
	return &twin{shelf: s, model: model}
}

// write makes a change in both, and compares the counts.
func (w *twin) write(c store.Change) {
	want, err := w.model.Write(w.t.ctx, c)
	if err != nil {
		w.t.Fatalf("reference: %v", err)
	}
	got := w.shelf.write(c)
	if got.Deleted == -1 {
		want.Deleted = -1
	}
	if got != want {
		w.t.Faultf("Write of %s returned %+v, want %+v", showChange(c), got, want)
	}
}

// same reports whether both hold the same chunks and records; else it records
// a fault that says how they differ, beginning with what was done.
func (w *twin) same(format string, args ...any) bool {
	d := w.differ()
	if d == "" {
		return true
	}
	w.t.Faultf("after %s: %s", fmt.Sprintf(format, args...), d)
	return false
}

func (w *twin) differ() string {
	q := store.ScanQuery{Fields: store.FieldsAll}
	want, err := drain(w.model.Scan(w.t.ctx, q))
	if err != nil {
		w.t.Fatalf("reference: %v", err)
	}
	if d := diffChunks(want, w.scan(q), w.t.h.Tolerance); d != "" {
		return "Scan: " + d
	}
	records, err := drain(w.model.Docs(w.t.ctx, store.DocQuery{}))
	if err != nil {
		w.t.Fatalf("reference: %v", err)
	}
	if d := diffDocs(records, w.docs(store.DocQuery{})); d != "" {
		return "Docs: " + d
	}
	return ""
}

// found returns the model's answer to a query, all of it.
func (w *twin) found(q store.Query) []store.Hit {
	q.K = 1 << 20
	hits, err := w.model.Search(w.t.ctx, q)
	if err != nil {
		w.t.Fatalf("reference: Search for %s: %v", showQuery(q), err)
	}
	return hits
}
