// Package sse reads streams of server-sent events (HTML Living Standard,
// section 9.2, "Server-sent events").
package sse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrTooLong is an event over the reader's limit.
var ErrTooLong = errors.New("event too long")

// An Event is one event of a stream.
type Event struct {
	Name string // of its field "event"; empty if it has none
	Data string // its lines of data, joined by newlines
}

// A Reader reads the events of one stream.
type Reader struct {
	r     *bufio.Reader
	limit int
	begun bool // the first line has been read
	cr    bool // the last line ended in a carriage return
}

// NewReader returns a Reader of events of at most limit bytes, names of fields
// and comments included.
func NewReader(r io.Reader, limit int) *Reader {
	return &Reader{r: bufio.NewReader(r), limit: limit}
}

// Next returns the next event that has data. At the end of the stream the
// error is io.EOF. If the stream ends within an event, Next returns what there
// is of it with io.ErrUnexpectedEOF; a browser would drop it. An event over
// the limit is [ErrTooLong], and other errors are those of the stream.
func (r *Reader) Next() (Event, error) {
	var e Event
	var data []string
	size := 0
	for {
		line, err := r.line(r.limit - size)
		size += len(line)
		if err == io.EOF && (len(data) > 0 || len(line) > 0) {
			data = field(&e, data, line)
			e.Data = strings.Join(data, "\n")
			return e, io.ErrUnexpectedEOF
		}
		if err != nil {
			return Event{}, err
		}
		if len(line) > 0 {
			data = field(&e, data, line)
			continue
		}
		if len(data) > 0 {
			e.Data = strings.Join(data, "\n")
			return e, nil
		}
		e, size = Event{}, 0
	}
}

// field takes a line of an event, and returns data with what it adds.
func field(e *Event, data []string, line []byte) []string {
	name, value, _ := strings.Cut(string(line), ":")
	value = strings.TrimPrefix(value, " ")
	switch name {
	case "event":
		e.Name = value
	case "data":
		data = append(data, value)
	}
	return data
}

// line returns the next line without its end, which is CR, LF or CR LF. With
// io.EOF it returns what follows the last end of a line.
func (r *Reader) line(limit int) ([]byte, error) {
	var line []byte
	for {
		c, err := r.r.ReadByte()
		if err != nil {
			return r.first(line), err
		}
		after := r.cr
		r.cr = c == '\r'
		switch {
		case c == '\n' && after && len(line) == 0: // the second half of CR LF
			continue
		case c == '\n' || c == '\r':
			return r.first(line), nil
		}
		if line = append(line, c); len(line) > limit {
			return nil, fmt.Errorf("%w: over %d bytes", ErrTooLong, r.limit)
		}
	}
}

var byteOrderMark = []byte("\ufeff")

// first removes the byte order mark with which a stream may begin.
func (r *Reader) first(line []byte) []byte {
	if r.begun {
		return line
	}
	r.begun = true
	return bytes.TrimPrefix(line, byteOrderMark)
}
