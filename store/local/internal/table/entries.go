package table

import (
	"iter"

	"github.com/quarry-go/quarry/store/local/internal/record"
)

// Entries yields entries that make of an empty table one with the state after change seq, with that
// sequence number and without a namespace, each of about size bytes or of one chunk. There is at
// least one. What they hold must not be changed.
func (t *Table) Entries(seq uint64, size int) iter.Seq[*record.Entry] {
	return func(yield func(*record.Entry) bool) {
		space, dim := t.At(seq).Space()
		e := &record.Entry{Seq: seq, Body: record.Body{Space: space, Dim: dim}}
		bytes := 0
		full := func(weight int) bool {
			if bytes += weight; bytes < size {
				return true
			}
			bytes = 0
			more := yield(e)
			e = &record.Entry{Seq: seq, Body: record.Body{Space: space, Dim: dim}}
			return more
		}
		for _, v := range t.chunks.all() {
			if v.at(seq) {
				e.Upsert = append(e.Upsert, v.rec.Chunk)
				if !full(t.chunks.weight(&v.rec)) {
					return
				}
			}
		}
		for _, v := range t.docs.all() {
			if v.at(seq) {
				e.Docs = append(e.Docs, v.rec)
				if !full(t.docs.weight(&v.rec)) {
					return
				}
			}
		}
		yield(e)
	}
}
