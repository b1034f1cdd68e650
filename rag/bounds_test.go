package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// oneChunk cuts nothing.
type oneChunk struct{}

func (oneChunk) Fingerprint() string { return "one" }

func (oneChunk) Chunk(_ context.Context, d Document) iter.Seq2[chunk.Piece, error] {
	return func(yield func(chunk.Piece, error) bool) { yield(chunk.Piece{End: len(d.Text)}, nil) }
}

// TestMemoryOfALargeRef reads a Ref of 96 MB, and sees that it is not held.
func TestMemoryOfALargeRef(t *testing.T) {
	const docs, size = 96, 1 << 20
	db := &hookedDB{DB: discard{storetest.NewReference()}}
	var peak uint64
	taken := errors.New("taken")
	written := 0
	db.write = func(_ context.Context, c store.Change) error {
		if written += len(c.Upsert); written > docs-20 {
			return taken
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
		return nil
	}
	k, err := New(&Options{DB: db, Chunker: oneChunk{}})
	if err != nil {
		t.Fatal(err)
	}
	big := lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
		return func(yield func(loaders.Ref, error) bool) {
			yield(loaders.Ref{ID: "big", Version: "1", Load: func(context.Context) iter.Seq2[Document, error] {
				return func(yield func(Document, error) bool) {
					for i := range docs {
						if !yield(Document{ID: fmt.Sprint("big#", i), Ref: "big", Text: strings.Repeat("x", size)}, nil) {
							return
						}
					}
				}
			}}, nil)
		}
	})
	if _, err := k.Sync(t.Context(), "s", big, nil); !errors.Is(err, taken) {
		t.Errorf("err = %v", err)
	}
	if peak > docs*size/2 {
		t.Errorf("%d MB are held of a Ref of %d MB", peak>>20, docs*size>>20)
	}
}

// discard keeps nothing.
type discard struct{ store.DB }

func (d discard) Namespace(name string) (store.Store, error) {
	s, err := d.DB.Namespace(name)
	return discardStore{s}, err
}

type discardStore struct{ store.Store }

func (discardStore) Write(context.Context, store.Change) (store.Changed, error) {
	return store.Changed{}, nil
}

// TestWorkOfManyRefs syncs what a quadratic step would not come to the end of:
// a Ref of many documents, and many folders that cannot be listed.
func TestWorkOfManyRefs(t *testing.T) {
	const n = 10_000
	k := newKB(t, &Options{Chunker: oneChunk{}})
	s := newShelf(nil)
	box := map[string]string{}
	for i := range n {
		box[fmt.Sprint("row", i)] = fmt.Sprint("text ", i)
	}
	s.refs["table"] = box
	for range 2 {
		s.touch["table"]++
		if r := mustSync(t, k, "table", s, nil); r.Added+r.Unchanged != n {
			t.Errorf("%v", r)
		}
	}
	kept := spared{}
	for i := range n {
		kept.add(&DocError{Ref: fmt.Sprint("folder", i, "/"), Prefix: true})
	}
	for i := range n {
		if !kept.has(fmt.Sprint("folder", i, "/file")) || kept.has(fmt.Sprint("folder", i)) {
			t.Fatalf("folder %d", i)
		}
	}
}
