package remote

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/store"
)

// check returns an error that wraps store.ErrTooLarge, or what the Schema says,
// unless the store takes every part of a valid change.
func (db *DB) check(c *store.Change) error {
	l := &db.info.Limits
	for i := range c.Upsert {
		u := &c.Upsert[i]
		if err := db.checkChunk(u); err != nil {
			return fmt.Errorf("chunk %q (%d of %d): %w", short(u.ID), i, len(c.Upsert), err)
		}
	}
	for i := range c.Docs {
		d := &c.Docs[i]
		for what, s := range map[string]string{"ID": d.ID, "Ref": d.Ref, "source": d.Source} {
			if over(len(s), l.IDBytes) {
				return fmt.Errorf("document %q: %w: a %s of %d bytes, the store takes %d", short(d.ID), store.ErrTooLarge, what, len(s), l.IDBytes)
			}
		}
	}
	return nil
}

func (db *DB) checkChunk(u *store.Chunk) error {
	l := &db.info.Limits
	tooLarge := func(what string, n, limit int) error {
		return fmt.Errorf("%w: %s of %d, the store takes %d", store.ErrTooLarge, what, n, limit)
	}
	switch text := len(u.Text) + len(u.Prefix); {
	case over(len(u.ID), l.IDBytes):
		return tooLarge("an ID", len(u.ID), l.IDBytes)
	case over(len(u.DocID), l.IDBytes):
		return tooLarge("a document ID", len(u.DocID), l.IDBytes)
	case over(len(u.Source), l.IDBytes):
		return tooLarge("a source's name", len(u.Source), l.IDBytes)
	case over(text, l.TextBytes):
		return tooLarge("text and prefix", text, l.TextBytes)
	case over(len(u.Vector), l.Dim):
		return tooLarge("a vector", len(u.Vector), l.Dim)
	}
	if u.Vector != nil && !db.info.Features.Vectors {
		return fmt.Errorf("vectors: %w", errUnsupported)
	}
	if l.MetaBytes > 0 && len(u.Meta) > 0 {
		encoded, err := json.Marshal(u.Meta)
		if err != nil {
			return fmt.Errorf("%w: meta: %w", store.ErrInvalid, err)
		}
		if over(len(encoded), l.MetaBytes) {
			return tooLarge("metadata", len(encoded), l.MetaBytes)
		}
	}
	return db.info.Schema.Check(u.Meta)
}

// over reports whether n exceeds a limit; 0 is none.
func over(n, limit int) bool { return limit > 0 && n > limit }

// plain reports whether s can be in a store: it is UTF-8 without NUL.
func plain(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// short returns s, or its beginning if it is long.
func short(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// size is about how many bytes a chunk takes in a request.
func size(c *store.Chunk) int {
	n := 256 + len(c.ID) + len(c.DocID) + len(c.Source) + 2*len(c.Text) + len(c.Prefix) + 12*len(c.Vector)
	for _, m := range c.Marks {
		n += 64 + len(m.Label) + len(m.Anchor)
	}
	for _, p := range c.Origin.Principals {
		n += 2 * len(p)
	}
	for k, v := range c.Meta {
		n += 2*len(k) + 48
		switch v := v.(type) {
		case string:
			n += 2 * len(v)
		case []string:
			for _, s := range v {
				n += 2*len(s) + 16
			}
		}
	}
	return n
}
