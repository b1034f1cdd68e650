package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/ledongthuc/pdf"
	"github.com/quarry-go/quarry/loaders"
)

// The library reads strict PDF of versions 1.0 to 1.7, trusts the numbers in
// it, and looks an object up in a packed stream by inflating all of it. So it
// is shown an image of the file instead, in which all is as it expects:
//
//	%PDF-1.7
//	the file, as it is
//	objects written anew: packed, encrypted and damaged ones
//	one cross-reference stream over all of it
const imageHeader = "%PDF-1.7\n"

// extent is where the data of a stream is in the file.
type extent struct {
	id, gen    int
	data, size int
}

// An image is what the library reads.
type image struct {
	f       *file
	ctx     context.Context
	budget  *loaders.Budget
	crypt   *decrypter
	tail    []byte
	streams map[int]extent // by the offset of the data in the image
	reader  *pdf.Reader
}

// open reads a file and returns its image.
func open(ctx context.Context, b []byte, budget *loaders.Budget, password string) (*image, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: an empty file", loaders.ErrFormat)
	}
	check := func() error { return budget.Check(ctx) }
	f, err := scan(b, check)
	if err != nil {
		return nil, err
	}
	if len(f.objects) == 0 {
		return nil, fmt.Errorf("%w: no PDF object in it", loaders.ErrFormat)
	}
	im := &image{f: f, ctx: ctx, budget: budget, streams: map[int]extent{}}
	if im.crypt, err = newDecrypter(f, password); err != nil {
		return nil, err
	}
	if err := im.unpack(); err != nil {
		return nil, err
	}
	if err := im.write(check); err != nil {
		return nil, err
	}
	size := int64(len(imageHeader) + len(b) + len(im.tail))
	if im.reader, err = pdf.NewReader(im, size); err != nil {
		if e := check(); e != nil {
			return nil, e
		}
		return nil, fmt.Errorf("%w: %w", loaders.ErrFormat, err)
	}
	return im, nil
}

// unpack adds the objects of object streams. One counts unless a later
// definition stands in the file.
func (im *image) unpack() error {
	f := im.f
	done := map[int]bool{}
	for _, id := range f.packed {
		if err := im.budget.Check(im.ctx); err != nil {
			return err
		}
		if done[id] {
			continue
		}
		done[id] = true
		o := f.objects[id]
		if !o.isStream {
			continue
		}
		d := f.value(o)
		b, err := im.data(extent{o.id, o.gen, o.data, o.size}, f.filters(d))
		if err != nil {
			return err
		}
		first := int(f.resolve(d.get("First")).num)
		l := &lexer{b: b}
		for range min(int(f.resolve(d.get("N")).num), len(b)) {
			num, off := l.next(), l.next()
			at := first + int(off.num)
			if num.kind != number || off.kind != number || num.num < 1 || num.num > maxID {
				break
			}
			if at < 0 || at >= len(b) {
				continue
			}
			old, exists := f.objects[int(num.num)]
			if exists && max(old.start, old.order) > o.start {
				continue
			}
			body := &lexer{b: b, p: at}
			t := body.next()
			f.add(object{id: int(num.num), text: b[at:body.p], order: o.start, odd: true}, t)
		}
	}
	return nil
}

// filters returns how the data of a stream is encoded.
func (f *file) filters(d token) []filter {
	names, all := f.resolve(d.get("Filter")), f.resolve(d.get("DecodeParms"))
	if names.kind == name {
		names, all = token{kind: array, list: []token{names}}, token{kind: array, list: []token{all}}
	}
	var out []filter
	for i, n := range names.list {
		p := token{}
		if i < len(all.list) {
			p = f.resolve(all.list[i])
		}
		value := func(key string, def int) int {
			if v := f.resolve(p.get(key)); v.kind == number {
				return int(v.num)
			}
			return def
		}
		out = append(out, filter{string(f.resolve(n).s), parms{value("Predictor", 1), value("Columns", 1), value("Colors", 1), value("BitsPerComponent", 8), value("EarlyChange", 1)}})
	}
	return out
}

// data returns the content of a stream.
func (im *image) data(e extent, filters []filter) ([]byte, error) {
	b := im.f.b[e.data : e.data+e.size]
	if im.crypt != nil {
		b = im.crypt.decrypt(im.crypt.streams, e.id, e.gen, b)
	}
	return unfilter(b, filters, im.budget)
}

// write makes the tail of the image.
func (im *image) write(check func() error) error {
	f := im.f
	base := len(imageHeader)
	ids := slices.Sorted(maps.Keys(f.objects))
	offsets := make([]int, len(ids))
	for i, id := range ids {
		if i%1024 == 0 {
			if err := check(); err != nil {
				return err
			}
		}
		o := f.objects[id]
		e := extent{o.id, o.gen, o.data, o.size}
		if !o.odd && im.crypt == nil {
			offsets[i] = base + o.start
			if o.isStream {
				im.streams[base+o.data] = e
			}
			continue
		}
		before := len(im.tail)
		offsets[i] = base + len(f.b) + before
		im.rewrite(o)
		if o.isStream {
			im.streams[base+len(f.b)+len(im.tail)] = e
			im.tail = append(im.tail, "\nendstream\nendobj\n"...)
		}
		if err := im.budget.Inflate(len(im.tail) - before); err != nil {
			return err
		}
	}
	return im.table(ids, offsets)
}

// rewrite appends an object in strict syntax; of a stream, all that comes
// before the data.
func (im *image) rewrite(o object) {
	t := im.f.value(o)
	if im.crypt != nil && o.text == nil {
		t = im.crypt.decryptStrings(t, o.id, o.gen)
	}
	im.tail = fmt.Appendf(im.tail, "%d %d obj\n", o.id, o.gen)
	im.tail = appendToken(im.tail, t)
	if o.isStream {
		im.tail = append(im.tail, "\nstream\n"...)
	} else {
		im.tail = append(im.tail, "\nendobj\n"...)
	}
}

// appendToken writes a value in strict syntax.
func appendToken(b []byte, t token) []byte {
	switch t.kind {
	case number:
		return strconv.AppendFloat(b, t.num, 'f', -1, 64)
	case str:
		return fmt.Appendf(b, "<%x>", t.s)
	case name:
		b = append(b, '/')
		for _, c := range t.s {
			if c <= ' ' || c > '~' || c == '#' || isDelimiter(c) {
				b = fmt.Appendf(b, "#%02x", c)
			} else {
				b = append(b, c)
			}
		}
		return b
	case reference:
		return fmt.Appendf(b, "%.0f %d R", t.num, t.gen)
	case array:
		b = append(b, '[')
		for _, e := range t.list {
			b = append(appendToken(b, e), ' ')
		}
		return append(b, ']')
	case dict:
		b = append(b, "<<"...)
		for _, e := range t.list {
			b = append(appendToken(b, e), ' ')
		}
		return append(b, ">>"...)
	case op:
		if s := string(t.s); s == "true" || s == "false" {
			return append(b, s...)
		}
	}
	return append(b, "null"...)
}

// table appends the cross-reference stream, which says too where the library
// finds what the file's trailer says, and the pages should their tree be lost.
func (im *image) table(ids, offsets []int) error {
	f := im.f
	root := f.trailer["Root"]
	if f.resolve(root).kind != dict {
		root = im.reference(f.catalog)
	}
	if root.kind != reference && len(f.pages) == 0 {
		return fmt.Errorf("%w: neither a catalog nor a page in it", loaders.ErrFormat)
	}
	pages := token{kind: array}
	seen := map[int]bool{}
	for _, id := range f.pages {
		if !seen[id] {
			seen[id] = true
			pages.list = append(pages.list, im.reference(id))
		}
	}

	at := len(imageHeader) + len(f.b) + len(im.tail)
	self := ids[len(ids)-1] + 1
	ids, offsets = append(ids, self), append(offsets, at)
	var index, rows []byte
	for i, id := range ids {
		if i == 0 || id != ids[i-1]+1 {
			n := 1
			for i+n < len(ids) && ids[i+n] == id+n {
				n++
			}
			index = fmt.Appendf(index, "%d %d ", id, n)
		}
		gen := f.objects[id].gen
		o := uint64(offsets[i])
		rows = append(rows, 1, byte(o>>32), byte(o>>24), byte(o>>16), byte(o>>8), byte(o), byte(gen>>8), byte(gen))
	}
	im.tail = fmt.Appendf(im.tail, "%d 0 obj\n<</Type/XRef/W[1 5 2]/Size %d/Index[%s]/Length %d", self, self+1, index, len(rows))
	for _, kv := range []struct {
		key   string
		value token
	}{{"Root", root}, {"Info", f.trailer["Info"]}, {"QuarryPages", pages}} {
		if kv.value.kind != eof {
			im.tail = appendToken(fmt.Appendf(im.tail, "/%s ", kv.key), kv.value)
		}
	}
	im.tail = append(im.tail, ">>\nstream\n"...)
	im.tail = append(im.tail, rows...)
	im.tail = fmt.Appendf(im.tail, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", at)
	return nil
}

// reference returns a reference to an object, the zero token if there is none.
func (im *image) reference(id int) token {
	o, ok := im.f.objects[id]
	if !ok {
		return token{}
	}
	return token{kind: reference, num: float64(id), gen: o.gen}
}

// ReadAt implements io.ReaderAt for the library. It fails once the context or
// the time of the budget has ended, so that no loop in there that reads goes
// on for ever.
func (im *image) ReadAt(p []byte, off int64) (int, error) {
	if err := im.budget.Check(im.ctx); err != nil {
		return 0, err
	}
	n := 0
	for _, part := range [][]byte{[]byte(imageHeader), im.f.b, im.tail} {
		if off >= int64(len(part)) {
			off -= int64(len(part))
			continue
		}
		n += copy(p[n:], part[off:])
		off = 0
		if n == len(p) {
			return n, nil
		}
	}
	return n, io.EOF
}

// stream returns the content of a stream, decoded. It is nil where the
// content is a picture. The error is the budget's.
func (im *image) stream(v pdf.Value) ([]byte, error) {
	if v.Kind() != pdf.Stream {
		return nil, nil
	}
	// The library tells where the data of a stream begins only in print.
	s := []byte(v.String())
	at, err := strconv.Atoi(string(s[bytes.LastIndexByte(s, '@')+1:]))
	e, ok := im.streams[at]
	if err != nil || !ok {
		return nil, nil
	}
	return im.data(e, im.f.filters(im.f.value(im.f.objects[e.id])))
}

// get is v.Key(key), or the null value where the library fails.
func get(v pdf.Value, key string) (r pdf.Value) {
	defer func() {
		if recover() != nil {
			r = pdf.Value{}
		}
	}()
	return v.Key(key)
}

// at is v.Index(i), or the null value where the library fails.
func at(v pdf.Value, i int) (r pdf.Value) {
	defer func() {
		if recover() != nil {
			r = pdf.Value{}
		}
	}()
	return v.Index(i)
}

// ended reports whether an error ends the whole document.
func ended(err error) bool {
	return errors.Is(err, loaders.ErrBudget) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
