package rag

import (
	"context"
	"iter"

	"github.com/quarry-go/quarry/store"
)

// A hookedDB asks its hooks before each call of its stores: an error of theirs
// is the call's.
type hookedDB struct {
	store.DB
	write func(context.Context, store.Change) error
	docs  func(context.Context, store.DocQuery) error
	scan  func(context.Context, store.ScanQuery) error
}

func (h *hookedDB) Namespace(name string) (store.Store, error) {
	s, err := h.DB.Namespace(name)
	return &hookedStore{s, h}, err
}

type hookedStore struct {
	store.Store
	hooks *hookedDB
}

func (h *hookedStore) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	if h.hooks.write != nil {
		if err := h.hooks.write(ctx, c); err != nil {
			return store.Changed{}, err
		}
	}
	return h.Store.Write(ctx, c)
}

func (h *hookedStore) Docs(ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
	if h.hooks.docs != nil {
		if err := h.hooks.docs(ctx, q); err != nil {
			return func(yield func(store.Doc, error) bool) { yield(store.Doc{}, err) }
		}
	}
	return h.Store.Docs(ctx, q)
}

func (h *hookedStore) Scan(ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	if h.hooks.scan != nil {
		if err := h.hooks.scan(ctx, q); err != nil {
			return func(yield func(store.Chunk, error) bool) { yield(store.Chunk{}, err) }
		}
	}
	return h.Store.Scan(ctx, q)
}
