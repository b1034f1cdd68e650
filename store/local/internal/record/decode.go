package record

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/quarry-go/quarry/store"
)

// ErrMalformed is matched by the errors of decoding.
var ErrMalformed = errors.New("malformed record")

// Decode yields the entries of a payload. They share no memory with it, and each chunk keeps its
// strings in one piece of its own. An error is the last pair and matches ErrMalformed. What is
// decoded has the right form; whether a store would accept it is for [store.Change.Validate] to
// say.
func Decode(payload []byte) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		d := decoder[[]byte]{in: payload}
		for d.err == nil && len(d.in) > 0 {
			e := decodeEntry(&d)
			if d.err != nil {
				break
			}
			if !yield(e, nil) {
				return
			}
		}
		if d.err != nil {
			yield(Entry{}, fmt.Errorf("%w: %w, %d bytes before the end of %d", ErrMalformed, d.err, len(d.in), len(payload)))
		}
	}
}

// DecodeBody returns the body that AppendBody made b of, under the conditions of Decode.
func DecodeBody(b []byte) (Body, error) {
	d := decoder[[]byte]{in: b}
	body := decodeBody(&d)
	if d.err == nil && len(d.in) > 0 {
		d.fail("bytes behind the end")
	}
	if d.err != nil {
		return Body{}, fmt.Errorf("%w: %w", ErrMalformed, d.err)
	}
	return body, nil
}

func decodeEntry(d *decoder[[]byte]) (e Entry) {
	kind := d.byte()
	e.Seq = d.uvarint()
	e.Namespace = d.string()
	switch kind {
	case kindWrite:
		decodeDeletion(d, &e.Delete)
		e.Body = decodeBody(d)
	case kindDrop:
		e.Drop = true
	default:
		d.fail("unknown kind of entry")
	}
	return e
}

func decodeDeletion(d *decoder[[]byte], del *Deletion) {
	flags := d.byte()
	if flags >= flagRecords<<1 {
		d.fail("unknown deletion")
	}
	del.All = flags&flagAll != 0
	for i, list := range del.lists() {
		if flags&(flagDocs<<i) != 0 {
			*list = d.strings()
		}
	}
}

// The least lengths of elements of lists, in bytes.
const (
	leastChunk = 18
	leastDoc   = 12
	leastMark  = 6
	leastMeta  = 2
)

func decodeBody(d *decoder[[]byte]) (body Body) {
	body.Space = d.string()
	body.Dim = d.int()
	body.Upsert = list(d, leastChunk, func(d *decoder[[]byte]) store.Chunk { return decodeChunk(d, body.Dim) })
	body.Docs = list(d, leastDoc, decodeDoc)
	return body
}

func decodeChunk(d *decoder[[]byte], dim int) store.Chunk {
	text := decoder[string]{in: string(d.bytes(d.uvarint()))}
	c := decodeText(&text)
	if text.err == nil && text.in != "" {
		text.fail("bytes behind the chunk")
	}
	if d.err == nil {
		d.err = text.err
	}
	switch d.byte() {
	case 0:
	case 1:
		c.Vector = d.floats(dim)
	default:
		d.fail("unknown kind of vector")
	}
	return c
}

func decodeText(d *decoder[string]) (c store.Chunk) {
	for _, s := range [...]*string{&c.ID, &c.DocID, &c.Source, &c.Version} {
		*s = d.string()
	}
	c.Ordinal = d.int()
	c.Start = d.int()
	c.Text = d.string()
	if c.End = c.Start + len(c.Text); c.End < c.Start {
		d.fail("end of the text out of range")
	}
	c.Prefix = d.string()
	c.Origin = decodeOrigin(d)
	c.Marks = list(d, leastMark, decodeMark)
	c.EmbedKey = d.string()
	if n := d.count(leastMeta); n > 0 {
		c.Meta = make(map[string]any, n)
		for range n {
			k := d.string()
			c.Meta[k] = decodeMeta(d)
		}
	}
	return c
}

func decodeMark(d *decoder[string]) store.Mark {
	return store.Mark{Kind: d.string(), Start: d.int(), End: d.int(), Label: d.string(), Anchor: d.string(), Level: int(d.varint())}
}

func decodeMeta(d *decoder[string]) any {
	switch d.byte() {
	case metaString:
		return d.string()
	case metaFalse:
		return false
	case metaTrue:
		return true
	case metaInt:
		return d.varint()
	case metaFloat:
		return math.Float64frombits(d.uint64())
	case metaTime:
		return time.UnixMicro(d.varint()).UTC()
	case metaList:
		return append([]string{}, d.strings()...)
	}
	d.fail("unknown kind of metadata")
	return nil
}

func decodeDoc(d *decoder[[]byte]) (doc store.Doc) {
	for _, s := range [...]*string{&doc.ID, &doc.Source, &doc.Ref, &doc.RefVersion, &doc.Version} {
		*s = d.string()
	}
	doc.Chunks = d.int()
	doc.Origin = decodeOrigin(d)
	return doc
}

func decodeOrigin[S input](d *decoder[S]) (o store.Origin) {
	for _, s := range [...]*string{&o.URI, &o.Title, &o.Lang} {
		*s = d.string()
	}
	switch d.byte() {
	case 0:
	case 1:
		o.Modified = time.UnixMicro(d.varint()).UTC()
	default:
		d.fail("unknown kind of time")
	}
	o.Trust = store.Trust(d.byte())
	o.Principals = d.strings()
	return o
}
