package pdf

import "bytes"

// A file is what a PDF holds, found by reading it from start to end: every
// object, whatever its cross-reference tables say. The last definition of an
// object counts, which is what incremental updates mean. So damaged tables,
// tables that lie, and offsets that are wrong do no harm.
type file struct {
	b       []byte
	objects map[int]object
	trailer map[string]token // Root, Info, Encrypt, ID
	pages   []int            // the objects that say they are pages
	catalog int              // the last object that says it is the catalog
	packed  []int            // object streams, in order; one may be there twice
	waste   int              // bytes read again because what was read made no sense
}

// An object is where one is in the file.
type object struct {
	id, gen    int
	start, end int // of "1 0 obj ..." up to and without "endobj"
	body       int // after "obj"
	isStream   bool
	data, size int    // of a stream
	odd        bool   // the library would refuse it
	text       []byte // of an object from an object stream: its own
	order      int    // and where that stream is
}

const (
	maxID    = 8_388_607 // as Adobe's readers have it
	denseIDs = 1 << 20   // numbers above this must be in use for the most part
)

// scan finds the objects of b. check is asked now and then whether to go on.
func scan(b []byte, check func() error) (*file, error) {
	f := &file{b: b, objects: map[int]object{}, trailer: map[string]token{}}
	lastEnd := bytes.LastIndex(b, []byte("endstream"))
	p := 0
	for n := 0; ; n++ {
		if n%256 == 0 {
			if err := check(); err != nil {
				return nil, err
			}
		}
		i := bytes.Index(b[p:], []byte("obj"))
		if i < 0 {
			f.trailers(p, len(b))
			break
		}
		i += p
		o, ok := header(b, p, i)
		if !ok {
			f.trailers(p, i)
			p = i + 3
			continue
		}
		f.trailers(p, o.start)
		p = f.object(o, lastEnd)
		if f.waste > 16*len(b)+1<<20 {
			break
		}
	}
	return f, nil
}

// header reads the numbers before an "obj" at b[i:], no further back than from.
func header(b []byte, from, i int) (o object, ok bool) {
	p := i
	gen, p, ok := numberBefore(b, from, p)
	if !ok {
		return o, false
	}
	id, p, ok := numberBefore(b, from, p)
	if !ok || id > maxID || gen > 65535 || id == 0 {
		return o, false
	}
	return object{id: id, gen: gen, start: p, body: i + 3}, true
}

// numberBefore reads the digits that end, white space aside, before b[p:].
func numberBefore(b []byte, from, p int) (v, start int, ok bool) {
	end := p
	for end > from && isSpace(b[end-1]) {
		end--
	}
	start = end
	for start > from && b[start-1] >= '0' && b[start-1] <= '9' && end-start < 10 {
		start--
	}
	for _, c := range b[start:end] {
		v = v*10 + int(c-'0')
	}
	return v, start, end > start
}

// object reads the object after its header and returns where to go on.
func (f *file) object(o object, lastEnd int) int {
	l := &lexer{b: f.b, p: o.body}
	t := l.next()
	if l.p >= len(f.b) { // it took everything for itself, as a string without an end does
		f.waste += len(f.b) - o.body
		if len(f.b)-o.body > 4096 {
			return o.body
		}
	}
	o.end = l.p
	if t.kind == number { // maybe a reference, or the next object's number
		if r, end, ok := f.reference(o.body); ok {
			t, o.end = r, end
		}
		l.p = o.end
	}
	o.odd = l.odd
	l.skip()
	if rest := f.b[l.p:]; t.kind == dict && bytes.HasPrefix(rest, []byte("stream")) {
		f.stream(&o, t, l.p+len("stream"), lastEnd)
	} else if !bytes.HasPrefix(rest, []byte("endobj")) {
		o.odd = true
	}
	f.add(o, t)
	if o.isStream {
		return o.data + o.size
	}
	return o.end
}

// reference reads "1 0 R" at p.
func (f *file) reference(p int) (t token, end int, ok bool) {
	l := &lexer{b: f.b, p: p}
	id, gen, r := l.next(), l.next(), l.next()
	if id.kind != number || gen.kind != number || !r.is(op, "R") {
		return t, 0, false
	}
	return token{kind: reference, num: id.num, gen: int(gen.num)}, l.p, true
}

// stream finds the data of a stream whose keyword ends at p.
func (f *file) stream(o *object, d token, p, lastEnd int) {
	b := f.b
	at := p
	for at < len(b) && (b[at] == ' ' || b[at] == '\t') {
		at++
	}
	switch {
	case at+1 < len(b) && b[at] == '\r' && b[at+1] == '\n':
		at += 2
	case at < len(b) && (b[at] == '\n' || b[at] == '\r'):
		at++
	default:
		at = p
		o.odd = true
	}
	o.odd = o.odd || at > p+2
	o.isStream, o.data = true, at
	if n := d.get("Length"); n.kind == number && n.num >= 0 && n.num <= float64(len(b)-at) {
		end := at + int(n.num)
		for end < len(b) && isSpace(b[end]) {
			end++
		}
		if bytes.HasPrefix(b[end:], []byte("endstream")) {
			o.size = int(n.num)
			return
		}
	}
	o.size = len(b) - at
	if at <= lastEnd {
		o.size = bytes.Index(b[at:], []byte("endstream"))
	} else if i := bytes.Index(b[at:], []byte("endobj")); i >= 0 {
		o.size = i
	}
	if end := b[at : at+o.size]; bytes.HasSuffix(end, []byte("\r\n")) {
		o.size -= 2
	} else if n := len(end); n > 0 && (end[n-1] == '\n' || end[n-1] == '\r') {
		o.size--
	}
}

// add takes an object over, and what its dictionary says of the file.
func (f *file) add(o object, t token) {
	if o.id > denseIDs && o.id > 64*(len(f.objects)+1) {
		return
	}
	f.objects[o.id] = o
	switch kind := t.get("Type"); {
	case kind.kind != name:
	case kind.is(name, "Page"):
		f.pages = append(f.pages, o.id)
	case kind.is(name, "Catalog"):
		f.catalog = o.id
	case kind.is(name, "ObjStm") && o.isStream:
		f.packed = append(f.packed, o.id)
	case kind.is(name, "XRef") && o.isStream:
		f.trailerKeys(t)
	}
}

// trailers reads the trailers between two objects.
func (f *file) trailers(from, to int) {
	for from < to {
		i := bytes.Index(f.b[from:to], []byte("trailer"))
		if i < 0 {
			return
		}
		l := &lexer{b: f.b[:to], p: from + i + len("trailer")}
		f.trailerKeys(l.next())
		from += i + len("trailer")
	}
}

// trailerKeys takes what a trailer says, if it names the catalog.
func (f *file) trailerKeys(t token) {
	if t.get("Root").kind != reference {
		return
	}
	for _, key := range []string{"Root", "Info", "Encrypt", "ID"} {
		if v := t.get(key); v.kind != eof {
			f.trailer[key] = v
		}
	}
}

// value reads an object again.
func (f *file) value(o object) token {
	if o.text != nil {
		return (&lexer{b: o.text}).next()
	}
	if r, _, ok := f.reference(o.body); ok {
		return r
	}
	return (&lexer{b: f.b, p: o.body}).next()
}

// resolve follows a reference, a few times at most.
func (f *file) resolve(t token) token {
	for range 8 {
		if t.kind != reference {
			return t
		}
		o, ok := f.objects[int(t.num)]
		if !ok {
			return token{}
		}
		t = f.value(o)
	}
	return token{}
}
