package retrieve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/store"
)

// A Ranker is a [Retriever] that can put passages in order without reading
// them. What fuses and reorders long lists asks rankers for those, and has
// only the passages read that are left in the end.
type Ranker interface {
	Retriever
	// Rank is Retrieve with unread hits, of store.FieldsNone, where that saves
	// something. It may give fewer than q.Want() where a store has a limit.
	Rank(ctx context.Context, q Question) (*Result, error)
	// Fill returns hits of Rank for q, in their order, with the fields of
	// store.FieldsRead. It leaves out unread ones that are there no more, or
	// that the question may not see any more, and those it did not give.
	Fill(ctx context.Context, q Question, hits []store.Hit) ([]store.Hit, error)
}

// Fill is [Ranker.Fill] for the hits of a search of s: it reads the unread
// ones, all in one call.
func Fill(ctx context.Context, s store.Store, q Question, hits []store.Hit) ([]store.Hit, error) {
	var ids []string
	for _, h := range hits {
		if unread(h) {
			ids = append(ids, h.Chunk.ID)
		}
	}
	if len(ids) == 0 {
		return hits, nil
	}
	chunks, err := s.Get(ctx, ids, store.FieldsRead)
	if err != nil {
		return nil, fmt.Errorf("retrieve: fill: %w", err)
	}
	scope := q.Scope()
	found := make(map[string]store.Chunk, len(chunks))
	for _, c := range chunks {
		if store.Match(scope, &c) {
			found[c.ID] = c
		}
	}
	filled := make([]store.Hit, 0, len(hits))
	for _, h := range hits {
		if unread(h) {
			c, ok := found[h.Chunk.ID]
			if !ok {
				continue
			}
			h.Chunk = c
		}
		filled = append(filled, h)
	}
	return filled, nil
}

// unread reports whether the hit's passage has not been read.
func unread(h store.Hit) bool { return h.Chunk.Text == "" && h.Chunk.End > h.Chunk.Start }

// check returns an error unless a store can be asked q.
func (q Question) check() error {
	switch {
	case len(q.Like) > 0 || len(q.Unlike) > 0:
		return fmt.Errorf("retrieve: Like and Unlike: %w", errors.ErrUnsupported)
	case q.Text == "":
		return fmt.Errorf("retrieve: %w: the question has no text", store.ErrInvalid)
	case !utf8.ValidString(q.Text) || strings.IndexByte(q.Text, 0) >= 0:
		return fmt.Errorf("retrieve: %w: the question is not UTF-8 without NUL", store.ErrInvalid)
	case q.K < 0:
		return fmt.Errorf("retrieve: %w: K is %d", store.ErrInvalid, q.K)
	}
	if err := store.CheckFilter(q.Scope()); err != nil {
		return fmt.Errorf("retrieve: %w", err)
	}
	return nil
}
