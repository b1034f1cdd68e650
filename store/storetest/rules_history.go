package storetest

import (
	"fmt"
	"strings"

	"github.com/quarry-go/quarry/store"
)

var historyRules = []rule{
	{"random", "after any history of changes the namespace holds what the contract says", testHistory},
}

// randomChange returns a change that suits a namespace that holds what model
// does: it replaces, moves, deletes and adds.
func (t *trial) randomChange(model store.Store) store.Change {
	r := t.rand
	have, err := drain(model.Scan(t.ctx, store.ScanQuery{Fields: store.FieldsAll}))
	if err != nil {
		t.Fatalf("reference: %v", err)
	}
	var c store.Change
	switch r.IntN(8) {
	case 0: // records alone
		for range r.IntN(4) {
			d := record(fmt.Sprintf("doc%d", r.IntN(20)), r.IntN(3))
			d.Source, d.Version = pick(r, someSources), fmt.Sprint(r.IntN(100))
			c.Docs = append(c.Docs, d)
		}
		return c
	case 1: // chunks that are there, changed or moved
		for _, u := range have {
			if r.IntN(4) > 0 {
				continue
			}
			u.Meta = RandomMeta(r)
			t.fit(&u)
			if r.IntN(3) == 0 {
				u.DocID, u.Source = fmt.Sprintf("doc%d", r.IntN(20)), pick(r, someSources)
			}
			c.Upsert = append(c.Upsert, u)
		}
	default:
		chunks := t.random(1 + r.IntN(12))
		c.Upsert = append(c.Upsert, chunks...)
		if r.IntN(3) > 0 {
			c.Docs = RecordsOf(chunks)
		}
		if r.IntN(4) == 0 { // the same again, otherwise
			double := chunks[0].Clone()
			double.Version = "double"
			c.Upsert = append(c.Upsert, double)
		}
	}
	switch r.IntN(6) {
	case 0:
		c.Delete = RandomFilter(r)
	case 1:
		c.Delete = store.Docs(docIDs(RecordsOf(c.Upsert))...)
	case 2:
		c.Delete = store.Sources(pick(r, someSources))
	}
	c.Space = t.upsert(c.Upsert...).Space
	return c
}

// stepOn makes one random change and, now and then, asks something.
func (w *twin) stepOn() string {
	t := w.t
	c := t.randomChange(w.model)
	w.write(c)
	if t.rand.IntN(3) == 0 {
		for _, q := range t.queries(w.shelf) {
			q.Filter, q.K = RandomFilter(t.rand), 1+t.rand.IntN(20)
			if q.Text != "" {
				q.Text = strings.Join(append(some(t.rand, someWords, 2), pick(t.rand, someWords)), " ")
			}
			all := hitIDs(w.found(q))
			got := hitIDs(w.search(q))
			if len(without(got, all)) > 0 || len(got) != min(q.K, len(all)) {
				t.Faultf("Search for %s returns %d, %s of them wrong; want %d of %d", showQuery(q), len(got), list(without(got, all)), min(q.K, len(all)), len(all))
			}
		}
	}
	return showChange(c)
}

func testHistory(t *trial) {
	for range t.h.Histories {
		w := t.beside()
		var story []string
		for i := range t.h.Steps {
			story = append(story, w.stepOn())
			if !w.same("step %d of a random history", i) {
				t.note("the history:\n%s", strings.Join(story, "\n"))
				return
			}
		}
	}
}
