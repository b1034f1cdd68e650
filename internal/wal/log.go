package wal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path"
	"sync"

	"github.com/quarry-go/quarry/internal/vfs"
)

// Options name a log.
type Options struct {
	// ID is a random value of the store that owns the log: records of another store are refused.
	ID [16]byte
	// Number tells the logs of a store apart. It should never be used twice.
	Number uint32

	lax lax
}

// A Log takes records. Its methods are safe for concurrent use.
type Log struct {
	name string
	form format
	lax  lax

	mu     sync.Mutex // guards open, closed
	open   *group     // takes the records of new calls
	closed bool

	writing sync.Mutex // held while a group is written; guards what follows
	file    vfs.File
	end     int64  // where the next record goes
	synced  int64  // durable up to here
	last    uint32 // checksum of the last header
	buf     []byte
	err     error // final
}

// A group is written and synced as one. It is filled under Log.mu while it is Log.open.
type group struct {
	records []record
	size    int64
	once    sync.Once
	err     error
}

type record struct {
	parts  [][]byte
	length int
	sum    uint32
}

// maxGroup bounds the buffer of a group, in bytes, unless one record alone is larger.
const maxGroup = 16 << 20

// Create makes a new log, which is durable with its name when Create returns. Where the name exists it fails with
// [fs.ErrExist]. After another error an unfinished file may be there, which [Replay] takes for a log without records and [Reopen] completes.
func Create(fsys vfs.FS, name string, o Options) (*Log, error) {
	f, err := fsys.Create(name)
	if err != nil {
		return nil, fmt.Errorf("wal: %w", err)
	}
	l := newLog(name, o, f)
	if err = l.begin(); err == nil {
		err = fsys.SyncDir(path.Dir(name))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("wal: create %s: %w", name, err)
	}
	return l, nil
}

// Reopen opens a log for more records, after a [Replay] that returned r and no error. It cuts off a torn tail, and makes what was replayed
// durable: a record that was read is never lost again. Until Reopen returns it may be.
func Reopen(fsys vfs.FS, name string, o Options, r Result) (*Log, error) {
	f, err := fsys.Append(name)
	if err != nil {
		return nil, fmt.Errorf("wal: %w", err)
	}
	l := newLog(name, o, f)
	l.end, l.last = r.Length, r.last
	if err := l.resume(fsys, r); err != nil {
		f.Close()
		return nil, fmt.Errorf("wal: reopen %s: %w", name, err)
	}
	return l, nil
}

func newLog(name string, o Options, f vfs.File) *Log {
	return &Log{name: name, form: format{o.ID, o.Number}, lax: o.lax, file: f, open: new(group)}
}

// begin writes the header of the file.
func (l *Log) begin() error {
	b, sum := l.form.appendFileHeader(nil)
	if _, err := l.file.Write(b); err != nil {
		return err
	}
	l.end, l.last = fileHeaderSize, sum
	return l.sync()
}

func (l *Log) resume(fsys vfs.FS, r Result) error {
	size, err := l.file.Size()
	if err != nil {
		return err
	}
	if size != r.Length+r.Torn {
		return errors.New("the file has changed since it was replayed")
	}
	if r.Torn > 0 {
		if err := l.file.Truncate(r.Length); err != nil {
			return err
		}
	}
	if r.Length == 0 {
		err = l.begin()
	} else {
		err = l.sync()
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(l.name))
}

// sync makes everything that was written durable.
func (l *Log) sync() error {
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.synced = l.end
	return nil
}

// Append adds one record, whose payload is the parts one behind the other, and returns when it is durable. After a crash the
// record is there whole or not at all. The parts are not kept. Concurrent calls share a write and a sync; their order is the order of their records in the log only where
// one call returned before the other began.
//
// After an error that does not match [ErrFailed] the record is not in the log, nor will be after a crash, and the log stays
// usable: [ErrTooLarge], an error of the file system (a full disk), or [fs.ErrClosed].
func (l *Log) Append(parts ...[]byte) error {
	r := record{parts: parts}
	for _, p := range parts {
		if len(p) > MaxPayload-r.length {
			return fmt.Errorf("wal: append to %s: %w: over %d bytes", l.name, ErrTooLarge, MaxPayload)
		}
		r.length += len(p)
		r.sum = crc32.Update(r.sum, castagnoli, p)
	}
	g, err := l.join(r)
	if err != nil {
		return err
	}
	g.once.Do(func() { g.err = l.commit(g) })
	return g.err
}

// join adds a record to the open group.
func (l *Log) join(r record) (*group, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, fmt.Errorf("wal: append to %s: %w", l.name, fs.ErrClosed)
	}
	if len(l.open.records) > 0 && l.open.size+int64(r.length) > maxGroup {
		l.open = new(group)
	}
	l.open.records = append(l.open.records, r)
	l.open.size += headerSize + int64(r.length)
	return l.open, nil
}

// commit writes the group of its first caller when the group before is done; the others wait for it in group.once, and their records
// are those that came meanwhile.
func (l *Log) commit(g *group) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	if l.open == g {
		l.open = new(group)
	}
	next := l.open
	l.mu.Unlock()

	if err := l.writeGroup(g); err != nil {
		return fmt.Errorf("wal: append to %s: %w", l.name, err)
	}
	l.mu.Lock()
	idle := l.open == next && len(next.records) == 0
	l.mu.Unlock()
	if idle {
		l.write(l.control(kindMark)) // its loss loses no record; where it could not be undone, the next call says so
	}
	return nil
}

// writeGroup writes a group and makes it durable.
func (l *Log) writeGroup(g *group) error {
	b, last, off := l.buf[:0], l.last, l.end
	for _, r := range g.records {
		h := header{payload: r.sum, length: uint32(r.length), kind: kindData, prev: last, synced: l.synced}
		b, last = l.form.appendHeader(b, off, h)
		for _, p := range r.parts {
			b = append(b, p...)
		}
		off += h.size()
	}
	if cap(b) <= 1<<20 {
		l.buf = b
	}
	if err := l.write(b, last); err != nil {
		return err
	}
	if err := l.sync(); err != nil {
		return l.fail(err)
	}
	return nil
}

// control returns a record without payload, and its checksum.
func (l *Log) control(k kind) ([]byte, uint32) {
	return l.form.appendHeader(nil, l.end, header{kind: k, prev: l.last, synced: l.synced})
}

// write adds records to the file, the last of which has the checksum last. What a failed write left is cut off again, durably, so that
// no later crash brings it back.
func (l *Log) write(b []byte, last uint32) error {
	if l.err != nil {
		return l.err
	}
	_, err := l.file.Write(b)
	if err == nil {
		l.end += int64(len(b))
		l.last = last
		return nil
	}
	if terr := l.file.Truncate(l.end); terr != nil {
		return l.fail(errors.Join(err, terr))
	}
	if serr := l.sync(); serr != nil {
		return l.fail(errors.Join(err, serr))
	}
	return err
}

func (l *Log) fail(err error) error {
	l.err = fmt.Errorf("%w: %w", ErrFailed, err)
	return l.err
}

// Size returns the length of the log in bytes.
func (l *Log) Size() int64 {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.end
}

// Close waits for the calls of Append that are being written, ends the log with a record that says so, and closes the file. Calls of Append that had not begun to write
// fail with [fs.ErrClosed]. After an error no record is lost, but the log may not be [Result.Clean]. A second Close does nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if closed {
		return nil
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	err := l.write(l.control(kindEnd))
	if err == nil {
		err = l.sync()
	}
	if cerr := l.file.Close(); err == nil {
		err = cerr
	}
	l.err = fs.ErrClosed
	if err != nil {
		return fmt.Errorf("wal: close %s: %w", l.name, err)
	}
	return nil
}
