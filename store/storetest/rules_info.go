package storetest

import (
	"errors"

	"github.com/quarry-go/quarry/store"
)

var infoRules = []rule{
	{"declaration", "Info says what the store is and can do, in the values that the contract has", testDeclaration},
	{"space", "Space and Dim name the vector space of the stored vectors and their length", testInfoSpace},
	{"no-vectors", "a store without Features.Vectors refuses vectors with errors.ErrUnsupported", testNoVectors},
	{"no-text", "a store without Features.Lexical refuses text queries with errors.ErrUnsupported", testNoText},
	{"no-exact", "a store without Features.Exact refuses Query.Exact for a vector with errors.ErrUnsupported", testNoExact},
}

func testDeclaration(t *trial) {
	info := t.info()
	f := info.Features
	if !f.Vectors && !f.Lexical {
		t.Faultf("Info declares neither Vectors nor Lexical: nothing can be searched")
	}
	if f.Exact && !f.Vectors {
		t.Faultf("Info declares Exact without Vectors")
	}
	if f.Lexical != (info.Analyzer != "") {
		t.Faultf("Lexical is %v and Analyzer %q, want a fingerprint exactly where there is text search", f.Lexical, info.Analyzer)
	}
	if f.Atomicity > store.AtomicChange || f.Visibility > store.Immediate || f.Durability > store.Replicated {
		t.Faultf("Info declares unknown degrees: %+v", f)
	}
	if err := info.Schema.Validate(); err != nil {
		t.Faultf("Info.Schema: %v", err)
	}
	l := info.Limits
	if min(l.K, l.Dim, l.TextBytes, l.MetaBytes, l.IDBytes) < 0 {
		t.Faultf("Info.Limits has a negative limit: %+v", l)
	}
	if f.Visibility == store.Eventual && t.h.Settle == nil {
		t.Faultf("Info declares the store Eventual, but Harness.Settle is nil")
	}
	if f.Durability > store.Volatile && t.h.Reopen == nil {
		t.Faultf("Info declares the store durable, but Harness.Reopen is nil")
	}
}

func testInfoSpace(t *trial) {
	t.needVectors()
	s := t.empty()
	s.put(t.chunk("a", "doc", "text"))
	space, dim := t.space()
	if info := s.Info(); info.Space != space || info.Dim != dim {
		t.Faultf("after a vector was written Info says %q of %d dimensions, want %q of %d", info.Space, info.Dim, space, dim)
	}
}

func testNoVectors(t *trial) {
	if _, dim := t.space(); dim > 0 {
		t.Skipf("Info declares Vectors")
	}
	s := t.empty()
	v := RandomVector(t.rand, t.h.Dim)
	_, err := s.Search(t.ctx, store.Query{Vector: v, K: 1})
	t.refused("Search by vector", err, errors.ErrUnsupported)
	c := t.chunk("a", "doc", "text")
	c.Vector = v
	_, err = s.Write(t.ctx, store.Change{Upsert: []store.Chunk{c}, Space: t.h.Space})
	t.refused("Write of a vector", err, errors.ErrUnsupported)
	s.settle()
	if n := len(s.scan(store.ScanQuery{})); n > 0 {
		t.Faultf("%d chunks are there after the refused Write", n)
	}
}

func testNoText(t *trial) {
	if t.info().Features.Lexical {
		t.Skipf("Info declares Lexical search")
	}
	_, err := t.empty().Search(t.ctx, store.Query{Text: "word", K: 1})
	t.refused("Search by text", err, errors.ErrUnsupported)
}

func testNoExact(t *trial) {
	t.needVectors()
	if t.info().Features.Exact {
		t.Skipf("Info declares Exact")
	}
	s := t.empty()
	s.put(t.chunk("a", "doc", "text"))
	_, err := s.Search(t.ctx, store.Query{Vector: t.vector(), K: 1, Exact: true})
	t.refused("Search with Exact", err, errors.ErrUnsupported)
}
