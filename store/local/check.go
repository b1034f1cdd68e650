package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/local/internal/table"
)

// A CheckReport counts what a check looked at.
type CheckReport struct {
	Files      int   // of the store, the lock left out
	Bytes      int64 // in them
	Changes    int64 // made since the store was new
	Namespaces int
	Chunks     int
	Vectors    int
	Docs       int
}

// Check reads every byte of the store in a directory, compares every checksum,
// and checks every record, index and statistic. It changes nothing; no DB may
// have the store open. It takes the memory that the open store takes.
//
// Errors are those of [Open] with [Options.ReadOnly]; what is wrong with the
// store wraps [store.ErrCorrupt].
func Check(ctx context.Context, dir string) (CheckReport, error) {
	db, err := open(ctx, dir, &Options{ReadOnly: true})
	if err != nil {
		return CheckReport{}, fmt.Errorf("local: check %s: %w", dir, describe(err))
	}
	report, err := db.inspect(ctx)
	if err = errors.Join(err, db.Close()); err != nil {
		return report, fmt.Errorf("local: check %s: %w", dir, err)
	}
	return report, nil
}

// Check does the same with a store that is open, and compares what it reads
// with what is in memory. Writes wait meanwhile, and reads do not. It takes as
// much memory as the store has taken already.
func (db *DB) Check(ctx context.Context) (report CheckReport, err error) {
	if err = db.enter(ctx); err == nil {
		defer db.calls.leave()
		_, err = db.submit(&request{ctx: ctx, alone: func() (err error) {
			report, err = db.check(ctx)
			return err
		}})
	}
	if err != nil {
		return report, fmt.Errorf("local: check: %w", describe(err))
	}
	return report, nil
}

// check checks files and memory, while nothing is committed.
func (db *DB) check(ctx context.Context) (CheckReport, error) {
	if err := db.reread(ctx); err != nil {
		return CheckReport{}, err
	}
	return db.inspect(ctx)
}

// inspect checks what is in memory.
func (db *DB) inspect(ctx context.Context) (CheckReport, error) {
	r := CheckReport{Changes: int64(db.seq)}
	if j := db.journal; j != nil {
		r.Files, r.Bytes = 1+len(j.manifest.logs), int64(len(j.manifest.encode()))+j.bytes.Load()
	}
	for name, t := range db.tables {
		n, err := t.Check(ctx)
		if err != nil {
			if ctx.Err() == nil {
				err = fmt.Errorf("%w: namespace %q: %w", store.ErrCorrupt, name, err)
			}
			return r, err
		}
		r.Namespaces++
		r.Chunks += n.Chunks
		r.Vectors += n.Vectors
		r.Docs += n.Docs
	}
	return r, nil
}

// reread reads the files again and compares the state that they give with the
// present one.
func (db *DB) reread(ctx context.Context) error {
	if db.journal == nil {
		return nil
	}
	j := &journal{fs: db.journal.fs, opts: db.journal.opts}
	if err := j.load(); err != nil {
		return err
	}
	if j.manifest == nil {
		return fmt.Errorf("%w: MANIFEST is missing", store.ErrCorrupt)
	}
	read := map[string]*table.Table{}
	_, seq, err := j.replay(func(e *record.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.Seq > db.seq && db.writable() != nil {
			return nil // it was not acknowledged, and memory does not have it
		}
		return redo(read, e)
	})
	if err != nil {
		return err
	}
	if seq != db.seq && db.writable() == nil {
		return fmt.Errorf("%w: the files hold %d changes, memory %d", store.ErrCorrupt, seq, db.seq)
	}
	for name, t := range db.tables {
		other := read[name]
		if other == nil {
			return fmt.Errorf("%w: namespace %q is not in the files", store.ErrCorrupt, name)
		}
		delete(read, name)
		if err := table.Diff(ctx, t.At(db.seq), other.At(db.seq)); err != nil {
			return fmt.Errorf("%w: namespace %q in memory and in the files: %w", store.ErrCorrupt, name, err)
		}
	}
	for name := range read {
		return fmt.Errorf("%w: namespace %q is in the files, but was dropped", store.ErrCorrupt, name)
	}
	return nil
}
