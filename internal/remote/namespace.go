package remote

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// A namespace is a handle on one. It implements [store.Store].
type namespace struct {
	db   *DB
	name string
}

// fail wraps an error of an operation once.
func (n *namespace) fail(operation string, err error) error {
	return fmt.Errorf("%s: %s: %w", n.db.name, operation, err)
}

// Info implements [store.Store].
func (n *namespace) Info() store.Info {
	info := n.db.info
	info.Schema.Fields = slices.Clone(info.Schema.Fields)
	info.Space, info.Dim = n.db.known()
	return info
}

// Get implements [store.Store].
func (n *namespace) Get(ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
	chunks, err := n.get(ctx, ids, f)
	if err != nil {
		return nil, n.fail("get", err)
	}
	return chunks, nil
}

func (n *namespace) get(ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
	if err := n.db.ready(ctx, f); err != nil {
		return nil, err
	}
	place := make(map[string]int, len(ids))
	var distinct []string
	for _, id := range ids {
		// An ID that no chunk can have is not asked for.
		if _, seen := place[id]; seen || id == "" || over(len(id), n.db.info.Limits.IDBytes) || !plain(id) {
			continue
		}
		place[id] = len(distinct)
		distinct = append(distinct, id)
	}
	found := make([]*store.Chunk, len(distinct))
	for part := range slices.Chunk(distinct, min(n.db.batch.IDs, max(len(distinct), 1))) {
		var chunks []store.Chunk
		err := n.db.do(ctx, func(ctx context.Context) (err error) {
			chunks, err = n.db.driver.Get(ctx, n.name, part, f)
			return err
		})
		if err != nil {
			return nil, err
		}
		for i := range chunks {
			if at, asked := place[chunks[i].ID]; asked {
				found[at] = &chunks[i]
			}
		}
	}
	var out []store.Chunk
	for _, c := range found {
		if c != nil {
			out = append(out, *c)
		}
	}
	return out, nil
}

// Scan implements [store.Store].
func (n *namespace) Scan(ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	return func(yield func(store.Chunk, error) bool) {
		err := store.CheckFilter(q.Filter)
		if err == nil {
			err = n.scan(ctx, q, func(c *store.Chunk) bool { return yield(*c, nil) })
		}
		if err != nil && err != errLeft {
			yield(store.Chunk{}, n.fail("scan", err))
		}
	}
}

// fieldsOfMatch are what store.Match looks at, beside what is always there.
const fieldsOfMatch = store.FieldMeta | store.FieldOrigin

// scan yields chunks page by page, and checks what the server could not.
func (n *namespace) scan(ctx context.Context, q store.ScanQuery, yield func(*store.Chunk) bool) error {
	if err := n.db.ready(ctx, q.Fields); err != nil {
		return err
	}
	weak, nothing, exact := Weaken(q.Filter, n.db.driver.Can)
	if nothing {
		return nil
	}
	ask := q
	if ask.Filter = weak; !exact {
		ask.Fields |= fieldsOfMatch
	}
	behind := func(*store.Chunk) bool { return true }
	if !plain(q.After) { // no ID, but it has its place in the order
		after := n.db.driver.Key(q.After)
		ask.After, behind = "", func(c *store.Chunk) bool { return n.db.driver.Key(c.ID) > after }
	}
	return pages(ctx, n.db, func(ctx context.Context, cursor string) ([]store.Chunk, string, error) {
		return n.db.driver.Scan(ctx, n.name, ask, cursor)
	}, func(c *store.Chunk) bool {
		switch {
		case !behind(c):
			return true
		case exact:
			return yield(c)
		case !store.Match(q.Filter, c):
			return true
		}
		less := c.Select(q.Fields)
		return yield(&less)
	})
}

// pages asks for page after page and gives what is on them to yield. It returns
// errLeft when yield says that it is enough.
func pages[T any](ctx context.Context, db *DB, page func(ctx context.Context, cursor string) ([]T, string, error), yield func(*T) bool) error {
	for cursor := ""; ; {
		var items []T
		var next string
		err := db.do(ctx, func(ctx context.Context) (err error) {
			items, next, err = page(ctx, cursor)
			return err
		})
		if err != nil {
			return err
		}
		for i := range items {
			if err := db.open(ctx); err != nil {
				return err
			}
			if !yield(&items[i]) {
				return errLeft
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// ready is open, and learns the space of the vectors that are to be read, so that
// Info tells it to whom writes them elsewhere.
func (db *DB) ready(ctx context.Context, f store.Fields) error {
	if err := db.open(ctx); err != nil || f&store.FieldVector == 0 {
		return err
	}
	_, _, err := db.bound(ctx)
	return err
}

// open returns why nothing may be asked, if so.
func (db *DB) open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.calls.closed() {
		return store.ErrClosed
	}
	return nil
}

// Docs implements [store.Store].
func (n *namespace) Docs(ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
	return func(yield func(store.Doc, error) bool) {
		err := n.docs(ctx, q, func(d *store.Doc) bool { return yield(*d, nil) })
		if err != nil && err != errLeft {
			yield(store.Doc{}, n.fail("docs", err))
		}
	}
}

// docs yields records. Where a list is too long for a request, it is asked for
// in parts, and the records of all are sorted.
func (n *namespace) docs(ctx context.Context, q store.DocQuery, yield func(*store.Doc) bool) error {
	if err := n.db.open(ctx); err != nil {
		return err
	}
	lists := []*[]string{&q.IDs, &q.Refs, &q.Sources}
	for _, list := range lists {
		asked := len(*list)
		*list = slices.DeleteFunc(distinct(*list), func(s string) bool { return !plain(s) || over(len(s), n.db.info.Limits.IDBytes) })
		if asked > 0 && len(*list) == 0 {
			return nil // none that a record can have
		}
	}
	page := func(q store.DocQuery) func(context.Context, string) ([]store.Doc, string, error) {
		return func(ctx context.Context, cursor string) ([]store.Doc, string, error) {
			return n.db.driver.Docs(ctx, n.name, q, cursor)
		}
	}
	// One list is split; of the others those that are too long are not asked for.
	ask, split := q, -1
	for i, list := range []*[]string{&ask.IDs, &ask.Refs, &ask.Sources} {
		switch {
		case len(*list) <= n.db.batch.IDs:
		case split < 0:
			split = i
		default:
			*list = nil
		}
	}
	if split < 0 {
		return pages(ctx, n.db, page(ask), yield)
	}
	var all []store.Doc
	for part := range slices.Chunk(*lists[split], n.db.batch.IDs) {
		*[]*[]string{&ask.IDs, &ask.Refs, &ask.Sources}[split] = part
		err := pages(ctx, n.db, page(ask), func(d *store.Doc) bool {
			all = append(all, *d)
			return true
		})
		if err != nil {
			return err
		}
	}
	wanted := []map[string]bool{set(q.IDs), set(q.Refs), set(q.Sources)}
	key := n.db.driver.Key
	slices.SortFunc(all, func(a, b store.Doc) int { return strings.Compare(key(a.ID), key(b.ID)) })
	return each(ctx, n.db, all, func(d store.Doc) bool {
		for i, v := range []string{d.ID, d.Ref, d.Source} {
			if len(wanted[i]) > 0 && !wanted[i][v] {
				return true
			}
		}
		return yield(&d)
	})
}

// distinct returns the strings of list, each once, where it comes first.
func distinct(list []string) []string {
	seen := make(map[string]bool, len(list))
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}
