package storetest

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/store"
)

// CheckWhole returns an error that names the first document whose record
// vouches for what is not there: for a document with Chunks of n there must be
// n chunks with its ID, with the record's Version and the ordinals 0 to n-1.
// Chunks without a record are no error: nobody vouches for them. It holds for
// what a sync writes, not for every valid state of a store.
func CheckWhole(ctx context.Context, s store.Store) error {
	chunks := map[string][]store.Chunk{}
	for c, err := range s.Scan(ctx, store.ScanQuery{}) {
		if err != nil {
			return err
		}
		chunks[c.DocID] = append(chunks[c.DocID], c)
	}
	for d, err := range s.Docs(ctx, store.DocQuery{}) {
		if err != nil {
			return err
		}
		if err := checkWhole(d, chunks[d.ID]); err != nil {
			return fmt.Errorf("document %q: %w", d.ID, err)
		}
	}
	return nil
}

func checkWhole(d store.Doc, chunks []store.Chunk) error {
	if len(chunks) != d.Chunks {
		return fmt.Errorf("%d chunks are there, the record says %d", len(chunks), d.Chunks)
	}
	seen := make([]bool, len(chunks))
	for _, c := range chunks {
		switch {
		case c.Version != d.Version:
			return fmt.Errorf("chunk %q is of version %q, the record of %q", c.ID, c.Version, d.Version)
		case c.Ordinal >= len(seen) || seen[c.Ordinal]:
			return fmt.Errorf("chunk %q has ordinal %d, of %d chunks", c.ID, c.Ordinal, len(chunks))
		}
		seen[c.Ordinal] = true
	}
	return nil
}
