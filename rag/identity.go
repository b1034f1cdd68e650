package rag

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"time"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// The identities below are stored, and compared with what is computed later:
// they never change. Golden values in the tests hold them.

// DocID returns the identity in a store of the document with the given ID in
// the given source: 32 hexadecimal digits. It is what Doc.ID and Chunk.DocID
// hold.
func DocID(source, id string) string {
	return newDigest("document").str(source).str(id).sum()
}

// chunkID identifies the range [start:end] of a document with its text, so
// that a chunk whose text changed is another chunk.
func chunkID(docID string, start, end int, text string) string {
	return newDigest("chunk").str(docID).num(start).num(end).str(text).sum()
}

// embedKey identifies what a vector depends on.
func embedKey(space, prefix, text string) string {
	return newDigest("embedding").str(space).str(prefix).str(text).sum()
}

// docVersion identifies everything that the chunks of a document depend on.
// The time of modification is no part of it: touching a file changes nothing.
func docVersion(settings string, d *loaders.Document, meta map[string]any) string {
	g := newDigest("version").str(settings).str(d.URI).str(d.Title).str(d.Lang).str(d.Text).num(int(d.Trust))
	g.num(len(d.Principals))
	for _, p := range d.Principals {
		g.str(p)
	}
	g.num(len(d.Spans))
	for _, s := range d.Spans {
		g.str(string(s.Kind)).num(s.Start).num(s.End).str(s.Label).str(s.Anchor).num(s.Level)
	}
	g.num(len(meta))
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		g.str(k).value(meta[k])
	}
	return g.sum()
}

// refVersion is what a Doc holds for a Ref that gave n documents under the
// given settings. Holding n, it proves that no document of the Ref is missing.
func refVersion(settings, version string, n int) string {
	if version == "" {
		return ""
	}
	return fmt.Sprintf("%d:%s", n, newDigest("ref").str(settings).str(version).sum())
}

// syncMark is the ID of the mark of a sync of the source, or of a shard of it.
func syncMark(source, shard string) string { return newDigest("sync").str(source).str(shard).sum() }

// originOf returns where d comes from.
func originOf(d *loaders.Document) store.Origin {
	return store.Origin{
		URI: d.URI, Title: d.Title, Lang: d.Lang, Modified: store.CanonicalTime(d.Modified),
		Trust: store.Trust(d.Trust), Principals: slices.Clone(d.Principals),
	}
}

// A digest hashes a sequence of values so that different sequences give
// different sums: each is preceded by its length or kind.
type digest struct {
	sha hash.Hash
	buf [256]byte
}

func newDigest(kind string) *digest {
	return (&digest{sha: sha256.New()}).str("quarry").str(kind)
}

func (g *digest) str(s string) *digest {
	g.num(len(s))
	for len(s) > 0 {
		n := copy(g.buf[:], s)
		g.sha.Write(g.buf[:n])
		s = s[n:]
	}
	return g
}

func (g *digest) num(n int) *digest {
	g.sha.Write(binary.LittleEndian.AppendUint64(g.buf[:0], uint64(n)))
	return g
}

// value adds a value of canonical Meta.
func (g *digest) value(v any) *digest {
	switch v := v.(type) {
	case time.Time:
		return g.str("time").str(v.Format(time.RFC3339Nano))
	case []string:
		g.str("list").num(len(v))
		for _, s := range v {
			g.str(s)
		}
		return g
	}
	return g.str(fmt.Sprintf("%T %v", v, v))
}

// sum returns the first 128 bits in hexadecimal digits.
func (g *digest) sum() string { return hex.EncodeToString(g.sha.Sum(g.buf[:0])[:16]) }
