package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"
)

// CopyOptions are the settings of a copy. Nil and the zero value are the
// defaults.
type CopyOptions struct {
	// Keep leaves in the destination what the source does not have.
	Keep bool
	// Batch is how many chunks or records are read and written at a time; 0
	// means 200.
	Batch int
	// Tolerance is how far a number of a vector may be off in the destination,
	// for one that keeps less than single precision; 0 means not at all.
	Tolerance float64
	// Settle is how long to wait for a destination that is [Eventual] to show
	// what was written; 0 means a minute.
	Settle time.Duration
	// Progress, if set, is called after each batch, by the calling goroutine.
	Progress func(CopyReport)
}

// CopyReport counts what a copy did.
type CopyReport struct {
	Chunks  int    // of the source that were compared
	Docs    int    // records of the source that were compared
	Written int    // chunks and records that were missing or different
	Deleted int    // chunks and records that the source does not have
	Digest  string // of all chunks and records that the source holds, once verified
}

// ErrDiffers: after a copy the destination does not hold what the source does.
var ErrDiffers = errors.New("copy differs from its source")

// Copy makes dst hold what src holds: chunks with their vectors, and the records
// of documents, so that a sync goes on in dst where it stood in src. Nothing is
// embedded again. What is in dst already is not written again, so a copy that
// was interrupted is resumed by making it again; and what dst alone has is
// deleted, unless Keep is set. Records are written after all chunks, and a
// document of another version is deleted before: no record ever vouches for chunks
// that are not there.
//
// In the end both are read whole and compared, by count and by a digest that does
// not depend on the order; where Keep is set, only what src holds is. A src that
// is a [Snapshotter] is copied as of one moment; others must not change
// meanwhile. Memory does not grow with the size.
//
// Errors wrap [ErrSpace] where dst holds vectors of another space,
// [errors.ErrUnsupported] where it keeps none and src does, [ErrDiffers] where the
// end is not as it should be, and those of the stores; the report says how far it
// came.
func Copy(ctx context.Context, dst, src Store, o *CopyOptions) (CopyReport, error) {
	c := copier{dst: dst, src: src}
	if o != nil {
		c.o = *o
	}
	if c.o.Batch <= 0 {
		c.o.Batch = 200
	}
	if c.o.Settle <= 0 {
		c.o.Settle = time.Minute
	}
	if s, ok := As[Snapshotter](src); ok {
		view, release, err := s.Snapshot(ctx)
		if err != nil {
			return c.report, fmt.Errorf("store: copy: %w", err)
		}
		defer release()
		c.src = view
	}
	run := c.copy
	if j, ok := As[*joinedStore](dst); ok {
		run = func(ctx context.Context) error { return c.copyToBoth(ctx, j) }
	}
	if err := run(ctx); err != nil {
		return c.report, fmt.Errorf("store: copy: %w", err)
	}
	return c.report, nil
}

// CopyAll copies every namespace of src to the one of the same name in dst, as
// [Copy] does. Namespaces that dst alone has are left alone. The report is the
// sum, without a digest; an error names the namespace.
func CopyAll(ctx context.Context, dst, src DB, o *CopyOptions) (CopyReport, error) {
	var total CopyReport
	for name, err := range src.Namespaces(ctx) {
		if err != nil {
			return total, fmt.Errorf("store: copy: %w", err)
		}
		from, err := src.Namespace(name)
		if err != nil {
			return total, fmt.Errorf("store: copy: %w", err)
		}
		to, err := dst.Namespace(name)
		if err != nil {
			return total, fmt.Errorf("store: copy: %w", err)
		}
		own := CopyOptions{}
		if o != nil {
			own = *o
		}
		if own.Progress != nil {
			before := total
			own.Progress = func(r CopyReport) { o.Progress(before.plus(r)) }
		}
		r, err := Copy(ctx, to, from, &own)
		total = total.plus(r)
		if err != nil {
			return total, fmt.Errorf("namespace %q: %w", name, err)
		}
	}
	return total, nil
}

func (r CopyReport) plus(s CopyReport) CopyReport {
	return CopyReport{Chunks: r.Chunks + s.Chunks, Docs: r.Docs + s.Docs, Written: r.Written + s.Written, Deleted: r.Deleted + s.Deleted}
}

type copier struct {
	dst, src Store
	o        CopyOptions
	report   CopyReport
}

func (c *copier) copy(ctx context.Context) error {
	from, to := c.src.Info(), c.dst.Info()
	switch {
	case from.Space != "" && !to.Features.Vectors:
		return fmt.Errorf("the source holds vectors, the destination keeps none: %w", errors.ErrUnsupported)
	case from.Space != "" && to.Space != "" && (from.Space != to.Space || from.Dim != to.Dim):
		return fmt.Errorf("%w: the source holds %d dimensions of %q, the destination %d of %q", ErrSpace, from.Dim, from.Space, to.Dim, to.Space)
	}
	for _, step := range []func(context.Context) error{c.deleteDocs, c.writeChunks, c.deleteChunks, c.writeDocs, c.verify} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wrote counts what a change did and tells of it.
func (c *copier) wrote(ctx context.Context, change Change, counted *int, n int) error {
	if n > 0 {
		if _, err := c.dst.Write(ctx, change); err != nil {
			return err
		}
		*counted += n
	}
	if c.o.Progress != nil {
		c.o.Progress(c.report)
	}
	return nil
}

// deleteDocs deletes the documents whose records the source has not, or has of
// another version.
func (c *copier) deleteDocs(ctx context.Context) error {
	for batch, err := range batches(c.dst.Docs(ctx, DocQuery{}), c.o.Batch) {
		if err != nil {
			return err
		}
		there, err := docsByID(ctx, c.src, batch)
		if err != nil {
			return err
		}
		var gone []string
		for _, d := range batch {
			s, ok := there[d.ID]
			if !ok && !c.o.Keep || ok && (s.Version != d.Version || s.Chunks != d.Chunks) {
				gone = append(gone, d.ID)
			}
		}
		if err := c.wrote(ctx, Change{Delete: Docs(gone...)}, &c.report.Deleted, len(gone)); err != nil {
			return err
		}
	}
	return nil
}

// writeChunks writes the chunks that are missing or different.
func (c *copier) writeChunks(ctx context.Context) error {
	for batch, err := range batches(c.src.Scan(ctx, ScanQuery{Fields: FieldsAll}), c.o.Batch) {
		if err != nil {
			return err
		}
		there, err := chunksByID(ctx, c.dst, batch, FieldsAll)
		if err != nil {
			return err
		}
		change := Change{Space: c.src.Info().Space}
		for i := range batch {
			if d, ok := there[batch[i].ID]; !ok || !c.sameChunk(&batch[i], &d) {
				change.Upsert = append(change.Upsert, batch[i])
			}
		}
		c.report.Chunks += len(batch)
		if err := c.wrote(ctx, change, &c.report.Written, len(change.Upsert)); err != nil {
			return err
		}
	}
	return nil
}

// deleteChunks deletes the chunks that the source has not.
func (c *copier) deleteChunks(ctx context.Context) error {
	if c.o.Keep {
		return nil
	}
	for batch, err := range batches(c.dst.Scan(ctx, ScanQuery{}), c.o.Batch) {
		if err != nil {
			return err
		}
		there, err := chunksByID(ctx, c.src, batch, FieldsNone)
		if err != nil {
			return err
		}
		var gone []string
		for i := range batch {
			if _, ok := there[batch[i].ID]; !ok {
				gone = append(gone, batch[i].ID)
			}
		}
		if err := c.wrote(ctx, Change{Delete: IDs(gone...)}, &c.report.Deleted, len(gone)); err != nil {
			return err
		}
	}
	return nil
}

// writeDocs writes the records that are missing.
func (c *copier) writeDocs(ctx context.Context) error {
	for batch, err := range batches(c.src.Docs(ctx, DocQuery{}), c.o.Batch) {
		if err != nil {
			return err
		}
		there, err := docsByID(ctx, c.dst, batch)
		if err != nil {
			return err
		}
		var change Change
		for _, s := range batch {
			if d, ok := there[s.ID]; !ok || !sameDoc(&s, &d) {
				change.Docs = append(change.Docs, s)
			}
		}
		c.report.Docs += len(batch)
		if err := c.wrote(ctx, change, &c.report.Written, len(change.Docs)); err != nil {
			return err
		}
	}
	return nil
}

// verify compares the two as a whole, and again while a destination that shows
// writes late has time left.
func (c *copier) verify(ctx context.Context) error {
	want, err := c.digest(ctx, c.src, nil)
	if err != nil {
		return err
	}
	var within Store
	if c.o.Keep {
		within = c.src
	}
	end := time.Now().Add(c.o.Settle)
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		got, err := c.digest(ctx, c.dst, within)
		if err == nil && got == want {
			err = c.compareVectors(ctx)
			if err == nil {
				c.report.Digest = want.String()
				return nil
			}
		}
		if err != nil && !errors.Is(err, ErrDiffers) {
			return err
		}
		if c.dst.Info().Features.Visibility != Eventual || time.Now().Add(wait).After(end) {
			if err == nil {
				err = fmt.Errorf("%w: %v in the source, %v in the destination", ErrDiffers, want, got)
			}
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// compareVectors compares the vectors one by one, where the digest does not hold
// them.
func (c *copier) compareVectors(ctx context.Context) error {
	if c.o.Tolerance <= 0 {
		return nil
	}
	for batch, err := range batches(c.src.Scan(ctx, ScanQuery{Fields: FieldVector}), c.o.Batch) {
		if err != nil {
			return err
		}
		there, err := chunksByID(ctx, c.dst, batch, FieldVector)
		if err != nil {
			return err
		}
		for i := range batch {
			if d := there[batch[i].ID]; !c.sameVector(batch[i].Vector, d.Vector) {
				return fmt.Errorf("%w: the vector of chunk %q is off by more than %v", ErrDiffers, d.ID, c.o.Tolerance)
			}
		}
	}
	return nil
}

func (c *copier) sameVector(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(float64(a[i])-float64(b[i])) > c.o.Tolerance {
			return false
		}
	}
	return true
}

func (c *copier) sameChunk(a, b *Chunk) bool {
	x, y := *a, *b
	x.Vector, y.Vector = nil, nil
	return c.sameVector(a.Vector, b.Vector) && digestOfChunk(&x, false) == digestOfChunk(&y, false)
}

func sameDoc(a, b *Doc) bool { return digestOfDoc(a) == digestOfDoc(b) }

// batches yields the items of a sequence in slices of up to n; an error is the
// last pair.
func batches[T any](seq iter.Seq2[T, error], n int) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		var batch []T
		for item, err := range seq {
			if err != nil {
				yield(nil, err)
				return
			}
			if batch = append(batch, item); len(batch) == n {
				if !yield(batch, nil) {
					return
				}
				batch = nil
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}

func docsByID(ctx context.Context, s Store, docs []Doc) (map[string]Doc, error) {
	ids := make([]string, len(docs))
	for i := range docs {
		ids[i] = docs[i].ID
	}
	found := make(map[string]Doc, len(docs))
	for d, err := range s.Docs(ctx, DocQuery{IDs: ids}) {
		if err != nil {
			return nil, err
		}
		found[d.ID] = d
	}
	return found, nil
}

func chunksByID(ctx context.Context, s Store, chunks []Chunk, f Fields) (map[string]Chunk, error) {
	ids := make([]string, len(chunks))
	for i := range chunks {
		ids[i] = chunks[i].ID
	}
	list, err := s.Get(ctx, ids, f)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Chunk, len(list))
	for _, c := range list {
		found[c.ID] = c
	}
	return found, nil
}
