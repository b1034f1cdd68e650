package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"syscall"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/wal"
	"github.com/quarry-go/quarry/store"
)

// Names of files.
const (
	lockName     = "LOCK"
	manifestName = "MANIFEST"
)

// A journal is the files of a store: what makes changes durable. All but the
// counters is for one goroutine at a time.
type journal struct {
	fs       vfs.FS
	root     *vfs.Dir  // fs, where it is to be closed
	lock     io.Closer // nil where the file system takes none
	opts     Options
	manifest *manifest // the one on disk, or after a failed save, one that may be
	next     uint32    // number of the next file

	active      *wal.Log // takes the changes; the last of manifest.logs; nil in a read-only store
	spare       *wal.Log // made by a rotation that could not go on
	spareNumber uint32

	appends atomic.Int64 // groups of changes appended
	bytes   atomic.Int64 // of all logs and the checkpoint
	files   atomic.Int64 // how many those are
}

// walOptions names the log with a number.
func (j *journal) walOptions(number uint32) wal.Options {
	return wal.Options{ID: j.manifest.id, Number: number}
}

// create writes the manifest of a new store, which has no logs yet.
func (j *journal) create() error {
	j.manifest = &manifest{next: 1}
	if _, err := rand.Read(j.manifest.id[:]); err != nil {
		return err
	}
	return j.save(j.manifest)
}

// save makes m the manifest of the store. After an error it is the one or the
// other: whatever is done next must be right with both.
func (j *journal) save(m *manifest) error {
	m.next = max(m.next, j.next)
	if err := vfs.Replace(j.fs, manifestName, m.encode()); err != nil {
		return err
	}
	j.manifest, j.next = m, m.next
	return nil
}

// newLog makes a log with a number that none had before.
func (j *journal) newLog() (*wal.Log, uint32, error) {
	number := j.next
	j.next++
	l, err := wal.Create(j.fs, logName(number), j.walOptions(number))
	return l, number, err
}

// begin makes the first log, or one behind those that are there.
func (j *journal) begin() error {
	l, number, err := j.newLog()
	if err != nil {
		return err
	}
	m := j.manifest.clone()
	m.logs = append(m.logs, logFile{number, l.Size()})
	if err := j.save(m); err != nil {
		l.Close()
		return err
	}
	j.active = l
	return nil
}

// rotate lets another log take the changes from now on. If there is an error
// before it does, the log that took them so far goes on: it is the last in both
// manifests that may be on disk, or followed by one that is empty.
func (j *journal) rotate() error {
	if j.spare == nil {
		l, number, err := j.newLog()
		if err != nil {
			return err
		}
		j.spare, j.spareNumber = l, number
	}
	m := j.manifest.clone()
	m.logs = append(m.logs, logFile{j.spareNumber, j.spare.Size()})
	if j.opts.sabotage.has(switchFirst) {
		j.manifest = m
	} else if err := j.save(m); err != nil {
		return err
	}
	old := j.active
	j.active, j.spare = j.spare, nil
	j.count()
	return old.Close() // its changes are durable in any case
}

// append makes a group of changes durable as one: parts, one behind the other.
// After an error that does not match wal.ErrFailed it is not in the log, nor
// will be.
func (j *journal) append(parts [][]byte) error {
	if err := appendGroup(j.active, parts, j.opts.recordBytes); err != nil {
		return err
	}
	j.appends.Add(1)
	j.count()
	j.manifest.logs[len(j.manifest.logs)-1].durable = j.active.Size() - markBytes
	return nil
}

// markBytes is how much of the end of a log may be there for no change: it is
// written behind one, unsynced.
const markBytes = 32

// appendGroup appends a group to a log, in records of at most size bytes and a
// byte of flags.
func appendGroup(l *wal.Log, parts [][]byte, size int) error {
	for first := true; first || len(parts) > 0; first = false {
		var piece [][]byte
		piece, parts = cut(parts, size)
		if err := l.Append(append([][]byte{groupFlags(first, len(parts) == 0)}, piece...)...); err != nil {
			return err
		}
	}
	return nil
}

// cut takes at most n bytes off the front of parts.
func cut(parts [][]byte, n int) (front, rest [][]byte) {
	for i, p := range parts {
		if len(p) > n {
			rest = append([][]byte{p[n:]}, parts[i+1:]...)
			return append(front, p[:n]), rest
		}
		front = append(front, p)
		n -= len(p)
	}
	return front, nil
}

// count brings the counters up to date.
func (j *journal) count() {
	total := j.active.Size()
	for _, l := range j.manifest.logs[:len(j.manifest.logs)-1] {
		total += l.durable
	}
	j.bytes.Store(total)
	j.files.Store(int64(len(j.manifest.logs)))
}

// close ends the log, records its length, and lets go of the directory.
func (j *journal) close() error {
	var err error
	if j.active != nil {
		err = j.end()
	}
	return errors.Join(err, j.abandon())
}

// end closes the log, and lets the manifest vouch for its length.
func (j *journal) end() error {
	if j.spare != nil {
		if err := j.spare.Close(); err != nil {
			return errors.Join(err, j.active.Close())
		}
	}
	err := j.active.Close()
	if errors.Is(err, wal.ErrFailed) {
		return nil // that was reported when it happened
	}
	if err != nil {
		return err
	}
	return j.save(j.manifest.clone())
}

// abandon lets go of all files without writing to them.
func (j *journal) abandon() error {
	var errs []error
	if j.lock != nil {
		errs = append(errs, j.lock.Close())
	}
	if j.root != nil {
		errs = append(errs, j.root.Close())
	}
	return errors.Join(errs...)
}

// describe adds what a caller can test for to the error of a log.
func describe(err error) error {
	switch {
	case errors.Is(err, store.ErrCorrupt):
		return err
	case errors.Is(err, wal.ErrCorrupt):
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	case errors.Is(err, wal.ErrVersion):
		return fmt.Errorf("%w: %w", ErrNewer, err)
	}
	return err
}

// unwritable adds store.ErrReadOnly to the error of an operation that writes,
// if that is what it says.
func unwritable(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
	}
	return err
}
