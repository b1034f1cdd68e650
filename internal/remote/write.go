package remote

import (
	"context"
	"errors"
	"slices"

	"github.com/quarry-go/quarry/store"
)

// Write implements [store.Store].
func (n *namespace) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	changed, err := n.write(ctx, c)
	if err != nil {
		return store.Changed{}, n.fail("write", err)
	}
	return changed, nil
}

func (n *namespace) write(ctx context.Context, c store.Change) (store.Changed, error) {
	if err := c.Validate(); err != nil {
		return store.Changed{}, err
	}
	if err := n.db.check(&c); err != nil {
		return store.Changed{}, err
	}
	if err := n.db.open(ctx); err != nil {
		return store.Changed{}, err
	}
	c = c.Distinct()
	if err := n.db.turns.take(ctx, n.name); err != nil {
		return store.Changed{}, err
	}
	defer n.db.turns.give(n.name)
	if i := slices.IndexFunc(c.Upsert, func(c store.Chunk) bool { return c.Vector != nil }); i >= 0 {
		if err := n.db.bind(ctx, c.Space, len(c.Upsert[i].Vector)); err != nil {
			return store.Changed{}, err
		}
	}
	return n.db.write(ctx, n, &c)
}

// writeParts makes a change by many requests, in the order that
// [store.AtomicNone] prescribes.
func (n *namespace) writeParts(ctx context.Context, d Parts, c *store.Change) (store.Changed, error) {
	l, err := n.losses(ctx, c)
	if err != nil {
		return store.Changed{}, err
	}
	done := &store.WriteError{}
	began := false
	err = func() error {
		if err := parts(ctx, n, l.remove, nil, func(ctx context.Context, ids []string) error {
			began = true
			return d.DeleteDocs(ctx, n.name, ids)
		}); err != nil {
			return err
		}
		if err := parts(ctx, n, c.Upsert, size, func(ctx context.Context, chunks []store.Chunk) error {
			began = true
			return d.PutChunks(ctx, n.name, chunks)
		}, func(chunks []store.Chunk) {
			for i := range chunks {
				done.Upserted = append(done.Upserted, chunks[i].ID)
			}
		}); err != nil {
			return err
		}
		if err := parts(ctx, n, l.chunks, nil, func(ctx context.Context, ids []string) error {
			began, done.Deleted = true, true
			return d.DeleteChunks(ctx, n.name, ids)
		}); err != nil {
			return err
		}
		return parts(ctx, n, slices.Concat(l.restore, c.Docs), sizeOfDoc, func(ctx context.Context, docs []store.Doc) error {
			began = true
			return d.PutDocs(ctx, n.name, docs)
		})
	}()
	if err == nil {
		return store.Changed{Upserted: len(c.Upsert), Deleted: len(l.chunks), Docs: len(c.Docs)}, nil
	}
	if !began {
		return store.Changed{}, err
	}
	if part, ok := errors.AsType[*store.WriteError](err); ok { // what the driver knows of the last batch
		done.Upserted = append(done.Upserted, part.Upserted...)
		done.Failed = part.Failed
		err = part.Err
	}
	done.Err = err
	return store.Changed{}, done
}

// parts gives the items to request in batches, and each batch that it took to
// done. An item that is over the bytes of a batch is one alone. size is nil for
// IDs.
func parts[T any](ctx context.Context, n *namespace, items []T, size func(*T) int, request func(context.Context, []T) error, done ...func([]T)) error {
	most := n.db.batch.Chunks
	if size == nil {
		most = n.db.batch.IDs
	}
	for len(items) > 0 {
		count, bytes := 0, 0
		for count < min(most, len(items)) {
			if size != nil {
				bytes += size(&items[count])
			}
			if count > 0 && bytes > n.db.batch.Bytes {
				break
			}
			count++
		}
		part := items[:count]
		items = items[count:]
		if err := n.db.do(ctx, func(ctx context.Context) error { return request(ctx, part) }); err != nil {
			return err
		}
		for _, f := range done {
			f(part)
		}
	}
	return nil
}

func sizeOfDoc(d *store.Doc) int {
	n := 256 + len(d.ID) + len(d.Ref) + len(d.Source) + len(d.Origin.URI) + len(d.Origin.Title)
	for _, p := range d.Origin.Principals {
		n += 2 * len(p)
	}
	return n
}

// losses are what a change takes away.
type losses struct {
	chunks  []string    // chunks that Delete matches and Upsert does not put back
	remove  []string    // records that stand while chunks of theirs change, or that Delete removes
	restore []store.Doc // those of them that stay in the end
}

// losses looks at what is there before a change.
func (n *namespace) losses(ctx context.Context, c *store.Change) (*losses, error) {
	l := &losses{}
	upserted := make(map[string]bool, len(c.Upsert))
	touched := map[string]bool{} // documents whose chunks change
	for i := range c.Upsert {
		upserted[c.Upsert[i].ID] = true
		touched[c.Upsert[i].DocID] = true
	}
	deleted := map[string]bool{} // documents whose records Delete removes
	if c.Delete != nil {
		err := n.scan(ctx, store.ScanQuery{Filter: c.Delete}, func(old *store.Chunk) bool {
			deleted[old.DocID], touched[old.DocID] = true, true
			if !upserted[old.ID] {
				l.chunks = append(l.chunks, old.ID)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
		if err := n.recordsAlone(ctx, c.Delete, deleted); err != nil {
			return nil, err
		}
	}
	if len(c.Upsert) > 0 { // a chunk may have been another document's
		ids := make([]string, len(c.Upsert))
		for i := range c.Upsert {
			ids[i] = c.Upsert[i].ID
		}
		replaced, err := n.get(ctx, ids, store.FieldsNone)
		if err != nil {
			return nil, err
		}
		for i := range replaced {
			touched[replaced[i].DocID] = true
		}
	}
	for id := range deleted {
		touched[id] = true
	}
	if len(touched) == 0 {
		return l, nil
	}
	written := make(map[string]bool, len(c.Docs))
	for i := range c.Docs {
		written[c.Docs[i].ID] = true
	}
	ids := make([]string, 0, len(touched))
	for id := range touched {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	err := n.docs(ctx, store.DocQuery{IDs: ids}, func(d *store.Doc) bool {
		l.remove = append(l.remove, d.ID)
		if !deleted[d.ID] && !written[d.ID] {
			l.restore = append(l.restore, *d)
		}
		return true
	})
	return l, err
}

// recordsAlone adds to deleted the documents without chunks whose records f
// matches.
func (n *namespace) recordsAlone(ctx context.Context, f store.Filter, deleted map[string]bool) error {
	simple, nothing := ofRecord(f)
	if nothing {
		return nil
	}
	var alone []string
	err := n.docs(ctx, named(simple), func(d *store.Doc) bool {
		record := store.Chunk{DocID: d.ID, Source: d.Source, Origin: d.Origin}
		if !deleted[d.ID] && store.Match(f, &record) {
			alone = append(alone, d.ID)
		}
		return true
	})
	if err != nil || len(alone) == 0 {
		return err
	}
	has := map[string]bool{}
	if _, whole := f.(store.InDoc); !whole { // f matches all chunks of a document or none
		for part := range slices.Chunk(alone, min(n.db.batch.IDs, 256)) {
			err := n.scan(ctx, store.ScanQuery{Filter: store.Docs(part...)}, func(c *store.Chunk) bool {
				has[c.DocID] = true
				return true
			})
			if err != nil {
				return err
			}
		}
	}
	for _, id := range alone {
		if !has[id] {
			deleted[id] = true
		}
	}
	return nil
}
