package table

import (
	"math"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
)

// Identity returns the deletion that a filter stands for in every state; ok is false where what the
// filter matches must be looked up in one, by Resolve. A nil filter deletes nothing.
func Identity(f store.Filter) (d record.Deletion, ok bool) {
	switch f := f.(type) {
	case nil:
	case store.Everything:
		d.All = true
	case store.InDoc:
		d.Docs = f.IDs
	case store.InSource:
		d.Sources = f.Names
	case store.HasID:
		d.Chunks = f.IDs
	default:
		return d, false
	}
	return d, true
}

// Resolve returns the deletion of what a filter matches in the latest state. It is for the writer.
func (t *Table) Resolve(f store.Filter) record.Deletion {
	var d record.Deletion
	latest := View{t, math.MaxUint64}
	match := matcher(f)
	for _, v := range latest.candidates(f) {
		if v.lives() && match(&v.rec.Chunk) {
			d.Chunks = append(d.Chunks, v.rec.ID)
		}
	}
	for _, v := range t.docs.all() {
		doc := &v.rec
		if v.lives() && t.chunkless(doc.ID) && match(&store.Chunk{DocID: doc.ID, Source: doc.Source, Origin: doc.Origin}) {
			d.Records = append(d.Records, doc.ID)
		}
	}
	return d
}

// chunkless reports whether no chunk of a document lives, for the writer.
func (t *Table) chunkless(doc string) bool {
	for _, v := range t.chunks.member[byDoc][doc] {
		if v.lives() {
			return false
		}
	}
	return true
}

// delete makes the deletion d as change seq.
func (t *Table) delete(d *record.Deletion, seq uint64) error {
	var chunks []*version[chunk]
	var docs []*version[store.Doc]
	if d.All {
		chunks, docs = t.chunks.order, t.docs.order
	}
	for _, id := range d.Docs {
		chunks = append(chunks, t.chunks.member[byDoc][id]...)
		docs = append(docs, t.docs.newest[id])
	}
	for _, s := range d.Sources {
		chunks = append(chunks, t.chunks.member[chunkBySource][s]...)
		for _, v := range t.docs.member[docBySource][s] {
			if t.chunkless(v.rec.ID) {
				docs = append(docs, v)
			}
		}
	}
	for _, id := range d.Chunks {
		chunks = append(chunks, t.chunks.newest[id])
	}
	for _, id := range d.Records {
		docs = append(docs, t.docs.newest[id])
	}
	for _, v := range chunks {
		if !v.lives() {
			continue
		}
		if err := t.end(v, seq); err != nil {
			return err
		}
		t.docs.end(t.docs.newest[v.rec.DocID], seq)
	}
	for _, v := range docs {
		t.docs.end(v, seq)
	}
	return nil
}
