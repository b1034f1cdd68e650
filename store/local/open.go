package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/local/internal/table"
)

// Open opens the store in a directory of the operating system, and makes both
// where they do not exist. One DB has the store at a time, in whatever
// process. The caller closes it.
//
// Errors wrap [store.ErrInvalid] for an empty dir, [store.ErrLocked] with the
// process that has the store, [ErrForeign] and [store.ErrCorrupt] for a
// directory with files of something else, [store.ErrCorrupt] for a damaged
// store, [ErrNewer], [store.ErrReadOnly] where the directory cannot be written to, and
// the error of the file system, such as [fs.ErrNotExist] or a full disk, if that is the cause.
func Open(dir string, o *Options) (*DB, error) {
	db, err := open(context.Background(), dir, o)
	if err != nil {
		return nil, fmt.Errorf("local: open %s: %w", dir, describe(err))
	}
	return db, nil
}

func open(ctx context.Context, dir string, o *Options) (*DB, error) {
	opts := o.withDefaults()
	if opts.fs != nil {
		return openFS(ctx, opts)
	}
	if dir == "" {
		return nil, fmt.Errorf("%w: no directory is named", store.ErrInvalid)
	}
	if !opts.ReadOnly {
		if err := vfs.MkdirAll(dir); err != nil {
			return nil, unwritable(err)
		}
	}
	root, err := vfs.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	opts.fs = root
	db, err := openFS(ctx, opts)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	db.journal.root = root
	return db, nil
}

// openFS opens the store in opts.fs.
func openFS(ctx context.Context, opts Options) (*DB, error) {
	j := &journal{fs: opts.fs, opts: opts}
	if err := j.load(); err != nil { // before anything is touched
		return nil, err
	}
	if err := j.takeLock(); err != nil {
		return nil, err
	}
	db := newDB(opts)
	db.journal = j
	if err := db.recover(ctx); err != nil {
		return nil, errors.Join(err, j.abandon())
	}
	return db, nil
}

// recover brings memory to the state after the last change, and the files to
// where the next one can be written.
func (db *DB) recover(ctx context.Context) error {
	j := db.journal
	if err := j.load(); err != nil { // another may have had it until now
		return err
	}
	if j.manifest == nil {
		if j.opts.ReadOnly {
			return fmt.Errorf("there is no store: %w", fs.ErrNotExist)
		}
		if err := j.create(); err != nil {
			return unwritable(err)
		}
	}
	results, seq, err := j.replay(func(e *record.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return redo(db.tables, e)
	})
	if err != nil {
		return err
	}
	db.seq = seq
	for _, r := range results {
		j.bytes.Add(r.Length + r.Torn)
		j.files.Add(1)
	}
	if j.opts.ReadOnly {
		_, err := j.stray()
		return err
	}
	return unwritable(j.settle(results))
}

// redo makes the change e in tables that nobody reads yet.
func redo(tables map[string]*table.Table, e *record.Entry) error {
	if e.Drop {
		delete(tables, e.Namespace)
		return nil
	}
	t := tables[e.Namespace]
	if t == nil {
		t = table.New()
		tables[e.Namespace] = t
	}
	if _, err := t.Apply(e); err != nil {
		return fmt.Errorf("%w: change %d: %w", store.ErrCorrupt, e.Seq, err)
	}
	t.Purge(e.Seq)
	return nil
}

// load reads the manifest; there is none in an empty directory. The error
// matches ErrForeign where the directory holds something else.
func (j *journal) load() error {
	j.manifest = nil
	names, err := j.fs.List(".")
	if err != nil {
		return err
	}
	if slices.Contains(names, manifestName) {
		b, err := vfs.ReadFile(j.fs, manifestName)
		if err != nil {
			return err
		}
		j.manifest, err = decodeManifest(b, j.opts.sabotage)
		switch {
		case errors.Is(err, errForeignManifest):
			return foreignError{err.Error()}
		case errors.Is(err, ErrNewer):
			return err
		case err != nil:
			return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		j.next = j.manifest.next
		return nil
	}
	for _, name := range names {
		if _, _, ours := parseName(name); ours {
			return fmt.Errorf("%w: %s is there, and MANIFEST is not", store.ErrCorrupt, name)
		}
	}
	for _, name := range names {
		switch name {
		case lockName, manifestName + ".tmp": // all that a crash leaves before there is a manifest
		case "lost+found": // in the root of a file system that was just made
		default:
			return foreignError{fmt.Sprintf("it holds %q", name)}
		}
	}
	return nil
}

// takeLock locks the directory.
func (j *journal) takeLock() error {
	if j.opts.sabotage.has(noLock) {
		return nil
	}
	lock, err := j.fs.Lock(lockName, fmt.Sprintf("process %d", os.Getpid()))
	if errors.Is(err, vfs.ErrLocked) {
		return fmt.Errorf("%w: %w", store.ErrLocked, err)
	}
	err = unwritable(err)
	if j.opts.ReadOnly && errors.Is(err, store.ErrReadOnly) {
		return nil // nobody else writes there either
	}
	j.lock = lock
	return err
}
