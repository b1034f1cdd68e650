package wal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/quarry-go/quarry/internal/vfs"
)

// ReplayOptions say what the caller knows of a log. Nil or zero: nothing.
type ReplayOptions struct {
	// ID and Number refuse the log of another store, and another log of the same store, with [ErrCorrupt]. Zero: any.
	ID     [16]byte
	Number uint32
	// Durable is a length that the log is known to have had on disk: if less of it is whole, that is corruption.
	Durable int64

	lax lax
}

// A Result says what [Replay] found.
type Result struct {
	ID      [16]byte // of the store
	Number  uint32   // of the log
	Records int      // that were replayed
	Length  int64    // of the part that is whole, in bytes; 0 where not even the header of the file is
	Torn    int64    // bytes behind it: the end of a write that a crash cut short
	Clean   bool     // the log was closed, and nothing came after

	end     int64  // of the last data record: only marks come behind it
	last    uint32 // checksum of its header
	vouched bool   // a mark says that it is durable
}

// Replay reads a log and calls fn with the payload of each record in the order of the log. A payload is valid during
// the call only. An error of fn ends the replay and is returned, wrapped.
//
// A torn tail is no error: see the package comment for what is one. Corruption is found when it is reached, so fn may
// have been called for the records before it; they are right. An error of the file system is neither: it is returned
// as it is, wrapped, and nothing may be concluded about the log.
//
// What Replay gave is not durable yet, where a program ended but the system did not: [Reopen] makes it so.
func Replay(fsys vfs.FS, name string, o *ReplayOptions, fn func(payload []byte) error) (Result, error) {
	if o == nil {
		o = new(ReplayOptions)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return Result{}, fmt.Errorf("wal: %w", err)
	}
	defer f.Close()
	r := reader{file: f, opts: *o}
	if r.size, err = f.Size(); err == nil {
		err = r.replay(fn)
	}
	if err == nil && r.res.Length < o.Durable {
		err = &CorruptError{Offset: r.res.Length, Reason: fmt.Sprintf("was durable up to %d", o.Durable)}
	}
	if c, ok := errors.AsType[*CorruptError](err); ok && c.Name == "" {
		c.Name = name
	} else if err != nil {
		err = fmt.Errorf("wal: replay %s: %w", name, err)
	}
	return r.res, err
}

type reader struct {
	file   vfs.File
	size   int64
	opts   ReplayOptions
	form   format
	prev   uint32 // checksum of the header before
	res    Result
	window []byte // a part of the file
	at     int64  // its offset
}

func (r *reader) replay(fn func([]byte) error) error {
	if ok, err := r.fileHeader(); !ok || err != nil {
		return err
	}
	var large []byte // kept from record to record
	for r.res.Length < r.size {
		off := r.res.Length
		h, reason, err := r.header(off)
		var payload []byte
		if err == nil && reason == "" && h.kind == kindData {
			payload, reason, err = r.payload(large, off, h)
		}
		if err != nil {
			return err
		}
		if reason != "" {
			return r.tail(off, reason)
		}
		if len(payload) > windowSize {
			large = payload
		}
		r.prev = h.sum
		r.res.Length = off + h.size()
		r.res.Clean = h.kind == kindEnd
		r.res.vouched = h.synced >= r.res.end
		if h.kind == kindData {
			r.res.end, r.res.last, r.res.vouched = r.res.Length, h.sum, false
			r.res.Records++
			if err := fn(payload); err != nil {
				return fmt.Errorf("record at offset %d: %w", off, err)
			}
		}
	}
	return nil
}

// fileHeader reads the header of the file. It is false where a crash came before the header was durable, and so
// before any record was. In place of the header there may then be anything, the header of an old log too.
func (r *reader) fileHeader() (ok bool, err error) {
	b, err := r.read(0, min(r.size, fileHeaderSize))
	if err != nil {
		return false, err
	}
	reason := "bad file header"
	if len(b) == fileHeaderSize {
		f, vers, sum, ok := parseFileHeader(b)
		switch o := r.opts; {
		case !ok:
		case vers != version:
			return false, fmt.Errorf("%w: %d, this program knows %d", ErrVersion, vers, version)
		case o.ID != [16]byte{} && o.ID != f.id:
			reason = fmt.Sprintf("log of store %x, not of %x", f.id, o.ID)
		case o.Number != 0 && o.Number != f.number:
			reason = fmt.Sprintf("log %d, not %d", f.number, o.Number)
		default:
			r.form, r.prev = f, sum
			r.res = Result{ID: f.id, Number: f.number, Length: fileHeaderSize, end: fileHeaderSize, last: sum}
			return true, nil
		}
	}
	if r.size > fileHeaderSize {
		return false, &CorruptError{Reason: reason}
	}
	r.res.Torn = r.size
	return false, nil
}

// header reads the header of the record at off; reason says why there is none.
func (r *reader) header(off int64) (h header, reason string, err error) {
	if r.size-off < headerSize {
		return h, "short record header", nil
	}
	b, err := r.read(off, headerSize)
	if err != nil {
		return h, "", err
	}
	h, ok := r.form.parseHeader(b)
	switch {
	case !ok && !r.opts.lax.has(laxHeader):
		reason = "bad record header"
	case h.prev != r.prev && !r.opts.lax.has(laxChain):
		reason = "record does not follow the one before"
	case h.size() > r.size-off:
		reason = "record longer than the file"
	case h.synced > off:
		reason = "record promises more than there is"
	}
	return h, reason, nil
}

// payload reads the payload of the record at off, into buf where it is too large for the window.
func (r *reader) payload(buf []byte, off int64, h header) (payload []byte, reason string, err error) {
	n := int64(h.length)
	if n <= windowSize {
		payload, err = r.read(off+headerSize, n)
	} else {
		payload = slices.Grow(buf[:0], int(n))[:n]
		err = r.readFull(payload, off+headerSize)
	}
	if err == nil && crc32.Checksum(payload, castagnoli) != h.payload && !r.opts.lax.has(laxPayload) {
		reason = "bad payload checksum"
	}
	return payload, reason, err
}

// tail decides what the record at off is that is not whole: the beginning of a torn tail, or corruption.
func (r *reader) tail(off int64, reason string) error {
	r.res.Torn = r.size - off
	r.res.Clean = false
	if r.opts.lax.has(laxTail) {
		return nil
	}
	for at := off + 1; at+headerSize <= r.size; at++ {
		b, err := r.read(at, headerSize)
		if err != nil {
			return err
		}
		if h, ok := r.form.parseHeader(b); ok && h.synced > off && !r.opts.lax.has(laxPromise) {
			reason = fmt.Sprintf("%s, and the record at %d says that it was durable", reason, at)
			return &CorruptError{Offset: off, Reason: reason}
		}
	}
	return nil
}

// windowSize is the length of a read, in bytes.
const windowSize = 64 << 10

// read returns n bytes at off, which must be in the file and n at most windowSize. They are valid until the next call.
func (r *reader) read(off, n int64) ([]byte, error) {
	if off < r.at || off+n > r.at+int64(len(r.window)) {
		if r.window == nil {
			r.window = make([]byte, min(windowSize, r.size))
		}
		r.window = r.window[:min(windowSize, r.size-off)]
		r.at = off
		if err := r.readFull(r.window, off); err != nil {
			r.window = r.window[:0]
			return nil, err
		}
	}
	return r.window[off-r.at:][:n], nil
}

func (r *reader) readFull(b []byte, off int64) error {
	n, err := r.file.ReadAt(b, off)
	if err == io.EOF {
		err = nil
		if n < len(b) {
			err = io.ErrUnexpectedEOF // the file became shorter meanwhile
		}
	}
	return err
}
