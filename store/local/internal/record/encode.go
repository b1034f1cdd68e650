package record

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/quarry-go/quarry/store"
)

// AppendHead appends to b what comes before the body of an entry: all of it where the entry is a
// drop.
func AppendHead(b []byte, e *Entry) []byte {
	kind := byte(kindWrite)
	if e.Drop {
		kind = kindDrop
	}
	b = append(b, kind)
	b = binary.AppendUvarint(b, e.Seq)
	b = appendString(b, e.Namespace)
	if e.Drop {
		return b
	}
	return appendDeletion(b, &e.Delete)
}

// AppendBody appends a body to b. Its chunks and documents must be valid ([store.Change.Validate]),
// and its vectors have Dim elements.
func AppendBody(b []byte, body *Body) []byte {
	b = appendString(b, body.Space)
	b = binary.AppendUvarint(b, uint64(body.Dim))
	b = binary.AppendUvarint(b, uint64(len(body.Upsert)))
	var text []byte
	for i := range body.Upsert {
		c := &body.Upsert[i]
		text = appendText(text[:0], c)
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
		if c.Vector == nil {
			b = append(b, 0)
			continue
		}
		b = append(b, 1)
		for _, x := range c.Vector {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(body.Docs)))
	for i := range body.Docs {
		b = appendDoc(b, &body.Docs[i])
	}
	return b
}

func appendDeletion(b []byte, d *Deletion) []byte {
	at := len(b)
	b = append(b, 0)
	if d.All {
		b[at] = flagAll
	}
	for i, list := range d.lists() {
		if len(*list) > 0 {
			b[at] |= flagDocs << i
			b = appendStrings(b, *list)
		}
	}
	return b
}

// lists returns the lists of d in the order of their flags.
func (d *Deletion) lists() [4]*[]string {
	return [...]*[]string{&d.Docs, &d.Sources, &d.Chunks, &d.Records}
}

func appendText(b []byte, c *store.Chunk) []byte {
	for _, s := range [...]string{c.ID, c.DocID, c.Source, c.Version} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(c.Ordinal))
	b = binary.AppendUvarint(b, uint64(c.Start))
	b = appendString(b, c.Text)
	b = appendString(b, c.Prefix)
	b = appendOrigin(b, &c.Origin)
	b = binary.AppendUvarint(b, uint64(len(c.Marks)))
	for _, m := range c.Marks {
		b = appendString(b, m.Kind)
		b = binary.AppendUvarint(b, uint64(m.Start))
		b = binary.AppendUvarint(b, uint64(m.End))
		b = appendString(b, m.Label)
		b = appendString(b, m.Anchor)
		b = binary.AppendVarint(b, int64(m.Level))
	}
	b = appendString(b, c.EmbedKey)
	b = binary.AppendUvarint(b, uint64(len(c.Meta)))
	for _, k := range slices.Sorted(maps.Keys(c.Meta)) {
		b = appendString(b, k)
		b = appendMeta(b, c.Meta[k])
	}
	return b
}

func appendMeta(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(append(b, metaString), v)
	case bool:
		if v {
			return append(b, metaTrue)
		}
		return append(b, metaFalse)
	case int64:
		return binary.AppendVarint(append(b, metaInt), v)
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, metaFloat), math.Float64bits(v))
	case time.Time:
		return binary.AppendVarint(append(b, metaTime), v.UnixMicro())
	case []string:
		return appendStrings(append(b, metaList), v)
	}
	return append(b, 0) // not canonical, and refused by Decode
}

func appendDoc(b []byte, d *store.Doc) []byte {
	for _, s := range [...]string{d.ID, d.Source, d.Ref, d.RefVersion, d.Version} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(d.Chunks))
	return appendOrigin(b, &d.Origin)
}

func appendOrigin(b []byte, o *store.Origin) []byte {
	for _, s := range [...]string{o.URI, o.Title, o.Lang} {
		b = appendString(b, s)
	}
	if o.Modified.IsZero() {
		b = append(b, 0)
	} else {
		b = binary.AppendVarint(append(b, 1), o.Modified.UnixMicro())
	}
	b = append(b, byte(o.Trust))
	return appendStrings(b, o.Principals)
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, s)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
