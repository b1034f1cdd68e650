package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// A digest is the sum of the hashes of chunks and records, in any order.
type digest struct {
	chunks, docs int
	sum          [4]uint64
}

func (d *digest) add(hash [sha256.Size]byte) {
	for i := range d.sum {
		d.sum[i] += binary.LittleEndian.Uint64(hash[8*i:])
	}
}

// String tells the counts and the beginning of the sum.
func (d digest) String() string {
	return fmt.Sprintf("%d chunks, %d records, sum %016x%016x", d.chunks, d.docs, d.sum[0], d.sum[1])
}

// digest reads s whole; only what within holds too, if that is not nil.
func (c *copier) digest(ctx context.Context, s, within Store) (d digest, err error) {
	exact := c.o.Tolerance <= 0
	for batch, err := range batches(s.Scan(ctx, ScanQuery{Fields: FieldsAll}), c.o.Batch) {
		if err != nil {
			return d, err
		}
		var there map[string]Chunk
		if within != nil {
			if there, err = chunksByID(ctx, within, batch, FieldsNone); err != nil {
				return d, err
			}
		}
		for i := range batch {
			if _, ok := there[batch[i].ID]; within == nil || ok {
				d.chunks++
				d.add(digestOfChunk(&batch[i], exact))
			}
		}
	}
	for batch, err := range batches(s.Docs(ctx, DocQuery{}), c.o.Batch) {
		if err != nil {
			return d, err
		}
		var there map[string]Doc
		if within != nil {
			if there, err = docsByID(ctx, within, batch); err != nil {
				return d, err
			}
		}
		for i := range batch {
			if _, ok := there[batch[i].ID]; within == nil || ok {
				d.docs++
				d.add(digestOfDoc(&batch[i]))
			}
		}
	}
	return d, nil
}

// A canon is a text of values that is equal for equal values alone: each has its
// kind and its length before it.
type canon []byte

func (b *canon) int(n int64) { *b = binary.AppendVarint(append(*b, 'i'), n) }
func (b *canon) float(f float64) {
	*b = binary.LittleEndian.AppendUint64(append(*b, 'f'), math.Float64bits(f))
}

func (b *canon) strings(list ...string) {
	for _, s := range list {
		*b = append(binary.AppendUvarint(append(*b, 's'), uint64(len(s))), s...)
	}
}

func (b *canon) time(t time.Time) {
	*b = append(*b, 't')
	b.int(t.UnixMicro())
}

func (b *canon) origin(o *Origin) {
	b.strings(o.URI, o.Title, o.Lang)
	b.time(o.Modified)
	b.int(int64(o.Trust))
	b.int(int64(len(o.Principals)))
	b.strings(o.Principals...)
}

func (b *canon) value(v any) {
	switch v := v.(type) {
	case string:
		b.strings(v)
	case int64:
		b.int(v)
	case float64:
		b.float(v + 0) // without the sign of zero
	case bool:
		*b = append(*b, 'b')
		if v {
			*b = append(*b, 1)
		}
	case time.Time:
		b.time(v)
	case []string:
		*b = append(*b, 'l')
		b.int(int64(len(v)))
		b.strings(v...)
	}
}

// digestOfChunk hashes a chunk, its vector too if that is to be exact.
func digestOfChunk(c *Chunk, exact bool) [sha256.Size]byte {
	b := canon("chunk")
	b.strings(c.ID, c.DocID, c.Source, c.Version, c.Text, c.Prefix, c.EmbedKey)
	b.int(int64(c.Ordinal))
	b.int(int64(c.Start))
	b.int(int64(c.End))
	b.origin(&c.Origin)
	b.int(int64(len(c.Marks)))
	for _, m := range c.Marks {
		b.strings(m.Kind, m.Label, m.Anchor)
		b.int(int64(m.Start))
		b.int(int64(m.End))
		b.int(int64(m.Level))
	}
	b.int(int64(len(c.Meta)))
	for _, k := range slices.Sorted(maps.Keys(c.Meta)) {
		b.strings(k)
		b.value(c.Meta[k])
	}
	b.int(int64(len(c.Vector)))
	if exact {
		for _, x := range c.Vector {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x+0))
		}
	}
	return sha256.Sum256(b)
}

func digestOfDoc(d *Doc) [sha256.Size]byte {
	b := canon("doc")
	b.strings(d.ID, d.Source, d.Ref, d.RefVersion, d.Version)
	b.int(int64(d.Chunks))
	b.origin(&d.Origin)
	return sha256.Sum256(b)
}
