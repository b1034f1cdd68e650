package store

import (
	"encoding/json"
	"fmt"
)

// Check returns an error that wraps [ErrTooLarge] and names what is over which
// limit, unless l allows every part of c.
func (l Limits) Check(c *Change) error {
	for i := range c.Upsert {
		u := &c.Upsert[i]
		if err := l.checkChunk(u); err != nil {
			return fmt.Errorf("chunk %.80q (%d of %d): %w", u.ID, i, len(c.Upsert), err)
		}
	}
	for i := range c.Docs {
		d := &c.Docs[i]
		for _, s := range []struct{ what, value string }{{"an ID", d.ID}, {"a Ref", d.Ref}, {"a source's name", d.Source}} {
			if err := within(s.what, len(s.value), l.IDBytes); err != nil {
				return fmt.Errorf("document %.80q: %w", d.ID, err)
			}
		}
	}
	return nil
}

func (l Limits) checkChunk(u *Chunk) error {
	for _, x := range []struct {
		what     string
		n, limit int
	}{
		{"an ID", len(u.ID), l.IDBytes},
		{"a document's ID", len(u.DocID), l.IDBytes},
		{"a source's name", len(u.Source), l.IDBytes},
		{"text and prefix", len(u.Text) + len(u.Prefix), l.TextBytes},
		{"a vector", len(u.Vector), l.Dim},
	} {
		if err := within(x.what, x.n, x.limit); err != nil {
			return err
		}
	}
	if l.MetaBytes == 0 || len(u.Meta) == 0 {
		return nil
	}
	encoded, err := json.Marshal(u.Meta)
	if err != nil {
		return fmt.Errorf("%w: meta: %w", ErrInvalid, err)
	}
	return within("metadata", len(encoded), l.MetaBytes)
}

func within(what string, n, limit int) error {
	if limit > 0 && n > limit {
		return fmt.Errorf("%w: %s of %d, the store takes %d", ErrTooLarge, what, n, limit)
	}
	return nil
}
