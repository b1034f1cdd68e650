package remote

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/store"
)

// check returns an error unless the store takes every part of a valid change.
func (db *DB) check(c *store.Change) error {
	if err := db.info.Limits.Check(c); err != nil {
		return err
	}
	for i := range c.Upsert {
		u := &c.Upsert[i]
		if u.Vector != nil && !db.info.Features.Vectors {
			return fmt.Errorf("chunk %.80q: vectors: %w", u.ID, errors.ErrUnsupported)
		}
		if err := db.info.Schema.Check(u.Meta); err != nil {
			return fmt.Errorf("chunk %.80q: %w", u.ID, err)
		}
	}
	return nil
}

// over reports whether n exceeds a limit; 0 is none.
func over(n, limit int) bool { return limit > 0 && n > limit }

// plain reports whether s can be in a store: it is UTF-8 without NUL.
func plain(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

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
