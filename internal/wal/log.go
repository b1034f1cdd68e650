package wal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
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
	synced  int64  // the end of the last durable group, what every record promises; marks behind it may go again
	last    uint32 // checksum of the last header
	cut     bool   // something was cut off at end, and no mark written since
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
// [fs.ErrExist]. After another error an unfinished file may be there, which [Replay] takes for a log without records
// and [Reopen] completes.
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

// Reopen opens a log for more records, after a [Replay] that returned r and no error. It cuts off a torn tail. When
// it returns, what was replayed is durable; until then, a crash may take away records that were not acknowledged.
//
// Records that nothing vouches for may be in the page cache alone, left there by a sync that failed before the
// program was started again, and no further sync would write them. Reopen reads such a log into memory, writes it
// anew and puts it in the place of the old one by [vfs.Replace]. Marks at the end, which may be in the cache alone too,
// it cuts off, and writes one again.
func Reopen(fsys vfs.FS, name string, o Options, r Result) (*Log, error) {
	l := newLog(name, o, nil)
	if err := l.reopen(fsys, r); err != nil {
		if l.file != nil {
			l.file.Close()
		}
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
	l.end, l.synced, l.last = fileHeaderSize, fileHeaderSize, sum
	return l.file.Sync()
}

func (l *Log) reopen(fsys vfs.FS, r Result) error {
	info, err := fsys.Stat(l.name)
	switch {
	case err != nil:
		return err
	case info.Size() != r.Length+r.Torn:
		return errors.New("the file has changed since it was replayed")
	case r.Length > 0 && l.form != format{r.ID, r.Number}:
		return fmt.Errorf("it is log %d of store %x, not log %d of store %x", r.Number, r.ID, l.form.number, l.form.id)
	}
	l.end, l.last = r.end, r.last
	if r.Length == 0 || !r.vouched && !l.lax.has(laxAnew) {
		if err := l.anew(fsys); err != nil {
			return err
		}
	}
	if l.file, err = fsys.Append(l.name); err != nil {
		return err
	}
	l.synced = l.end
	return l.restart()
}

// restart cuts off what is behind end, and puts a mark there if there is room, durably: what is written later must
// neither complete nor continue what was cut off, should a crash bring its bytes back.
func (l *Log) restart() error {
	if err := l.file.Truncate(l.end); err != nil {
		return err
	}
	l.cut = true
	b, last := l.appendControl(nil, kindMark)
	if _, err := l.file.Write(b); err == nil {
		l.advance(b, last)
	} else if err := l.file.Truncate(l.end); err != nil {
		return err
	}
	if l.lax.has(laxResync) {
		return nil
	}
	return l.file.Sync()
}

// anew replaces the file by a copy of the records in it.
func (l *Log) anew(fsys vfs.FS) (err error) {
	var whole []byte
	if l.end == 0 {
		whole, l.last = l.form.appendFileHeader(nil)
		l.end = fileHeaderSize
	} else if whole, err = vfs.ReadFile(fsys, l.name); err != nil {
		return err
	}
	return vfs.Replace(fsys, l.name, whole[:l.end])
}

// Append adds one record, whose payload is the parts one behind the other, and returns when it is durable. After a
// crash the record is there whole or not at all. The parts are not kept. Concurrent calls share a write and a sync;
// their order is the order of their records in the log only where one call returned before the other began.
//
// After an error that does not match [ErrFailed] the record is not in the log, nor will be after a crash, and the log
// stays usable: [ErrTooLarge], an error of the file system (a full disk), or [fs.ErrClosed].
func (l *Log) Append(parts ...[]byte) error {
	r, err := newRecord(parts)
	if err == nil {
		var g *group
		if g, err = l.join(r); err == nil {
			err = l.finish(g)
		}
	}
	if err != nil {
		return fmt.Errorf("wal: append to %s: %w", l.name, err)
	}
	return nil
}

func newRecord(parts [][]byte) (record, error) {
	r := record{parts: parts}
	for _, p := range parts {
		if len(p) > MaxPayload-r.length {
			return r, fmt.Errorf("%w: over %d bytes", ErrTooLarge, MaxPayload)
		}
		r.length += len(p)
	}
	for _, p := range parts {
		r.sum = crc32.Update(r.sum, castagnoli, p)
	}
	return r, nil
}

// join adds a record to the open group.
func (l *Log) join(r record) (*group, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, fs.ErrClosed
	}
	if len(l.open.records) > 0 && l.open.size+int64(r.length) > maxGroup {
		l.open = new(group)
	}
	l.open.records = append(l.open.records, r)
	l.open.size += headerSize + int64(r.length)
	return l.open, nil
}

// finish returns when the group is durable, or failed. The first of its callers commits it.
func (l *Log) finish(g *group) error {
	g.once.Do(func() { g.err = l.commit(g) })
	return g.err
}

// commit waits for the group before, so that g fills up meanwhile, and writes g.
func (l *Log) commit(g *group) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	if l.open == g {
		l.open = new(group)
	}
	l.mu.Unlock()

	if err := l.writeGroup(g); err != nil {
		return err
	}
	l.mu.Lock()
	idle := len(l.open.records) == 0
	l.mu.Unlock()
	if idle && !l.lax.has(laxMark) {
		// A mark that fails loses no record; where it could not be cut off again, the next call fails.
		l.write(l.appendControl(nil, kindMark))
	}
	return nil
}

// writeGroup writes a group and makes it durable.
func (l *Log) writeGroup(g *group) error {
	b, last := l.buf[:0], l.last
	if l.cut {
		b, last = l.appendControl(b, kindMark)
	}
	for _, r := range g.records {
		h := header{payload: r.sum, length: uint32(r.length), kind: kindData, prev: last, synced: l.synced}
		b, last = l.form.appendHeader(b, h)
		for _, p := range r.parts {
			b = append(b, p...)
		}
	}
	if cap(b) <= 1<<20 {
		l.buf = b
	}
	if err := l.write(b, last); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return l.fail(err)
	}
	l.synced = l.end
	return nil
}

// appendControl appends a record without payload to b, and returns its checksum too.
func (l *Log) appendControl(b []byte, k kind) ([]byte, uint32) {
	h := header{kind: k, prev: l.last, synced: l.synced}
	if l.cut && !l.lax.has(laxCut) {
		h.payload = rand.Uint32()
	}
	return l.form.appendHeader(b, h)
}

// write adds records to the file, the last of which has the checksum last. What a failed write left is cut off again.
func (l *Log) write(b []byte, last uint32) error {
	if l.err != nil {
		return l.err
	}
	_, err := l.file.Write(b)
	if err == nil {
		l.advance(b, last)
		return nil
	}
	if rerr := l.restart(); rerr != nil {
		return l.fail(errors.Join(err, rerr))
	}
	return err
}

// advance notes that b was written.
func (l *Log) advance(b []byte, last uint32) {
	l.end += int64(len(b))
	l.last, l.cut = last, false
}

// fail ends the log.
func (l *Log) fail(err error) error {
	err = fmt.Errorf("%w: %w", ErrFailed, err)
	if !l.lax.has(laxFail) {
		l.err = err
	}
	return err
}

// Size returns the length of the file in bytes; after [Log.Close] it is the durable length.
func (l *Log) Size() int64 {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.end
}

// Close waits for the calls of Append that are being written, ends the log with a record that says so, and closes the
// file. Calls of Append that had not begun to write fail with [fs.ErrClosed]. After an error no record is lost, but
// the log may not be [Result.Clean]. A second Close does nothing.
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
	err := l.write(l.appendControl(nil, kindEnd))
	if err == nil {
		err = l.file.Sync()
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
