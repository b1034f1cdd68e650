package storetest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/quarry-go/quarry/store"
)

var durableRules = []rule{
	{"reopen", "what was acknowledged is there after Close and opening again: chunks, records, namespaces", testReopen},
	{"space", "the space of the vectors is remembered", testReopenSpace},
	{"history", "a random history goes on where it stood after each opening", testReopenHistory},
	{"under-load", "what was acknowledged before or during Close is there after opening again", testReopenUnderLoad},
}

// durable skips the trial where nothing is to be kept.
func (t *trial) durable() {
	if t.info().Features.Durability == store.Volatile {
		t.Skipf("Info declares the store Volatile")
	}
	if t.h.Reopen == nil {
		t.Fatalf("Info declares the store durable, but Harness.Reopen is nil")
	}
}

// reopen closes a DB and opens its data again.
func (t *trial) reopen(db store.DB) store.DB {
	t.at("Close")
	if err := db.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	t.at("Harness.Reopen")
	again, err := t.h.Reopen(db)
	if err != nil {
		t.Fatalf("Harness.Reopen: %v", err)
	}
	t.later(func() { _ = again.Close() })
	return again
}

// onto moves a twin to a handle on a DB opened again.
func (w *twin) onto(db store.DB) *twin {
	return &twin{shelf: w.t.namespace(db, w.name), model: w.model}
}

func testReopen(t *trial) {
	t.durable()
	db := t.open()
	twins := map[string]*twin{}
	for _, name := range []string{"one", "two", "names/with \"quotes\"", "gone"} {
		w := t.twin(t.namespace(db, name))
		chunks := t.random(50)
		c := t.upsert(chunks...)
		c.Docs = RecordsOf(chunks)
		w.write(c)
		w.write(store.Change{Delete: store.Docs(chunks[0].DocID, chunks[20].DocID)})
		w.write(store.Change{Docs: []store.Doc{record("alone", 0)}})
		twins[name] = w
	}
	if err := db.Drop(t.ctx, "gone"); err != nil {
		t.Fatalf("Drop: %v", err)
	}
	delete(twins, "gone")
	for range 2 {
		answers := map[string][]store.Hit{}
		queries := t.queries(twins["one"].shelf)
		for name, w := range twins {
			for _, q := range queries {
				answers[name+q.Text] = w.search(q)
			}
		}
		db = t.reopen(db)
		if d := diffIDs(slices.Sorted(maps.Keys(twins)), t.names(db)); d != "" {
			t.Faultf("Namespaces after opening again: %s", d)
		}
		for name, w := range inOrder(twins) {
			w = w.onto(db)
			twins[name] = w
			w.settle()
			w.same("opening again, in namespace %q", name)
			for _, q := range queries {
				if d := diffIDs(hitIDs(answers[name+q.Text]), hitIDs(w.search(q))); d != "" && (q.Vector == nil || q.Exact) {
					t.Faultf("Search for %s after opening again, against before: %s", showQuery(q), d)
				}
			}
			w.write(t.upsert(t.random(5)...))
			w.same("opening again and a Write")
		}
	}
}

func testReopenSpace(t *trial) {
	t.durable()
	t.needVectors()
	db := t.open()
	w := t.twin(t.namespace(db, "one"))
	w.write(t.upsert(t.chunk("a", "doc", "text")))
	w = w.onto(t.reopen(db))
	b := bench{w}
	other := t.upsert(t.chunk("b", "doc", "text"))
	other.Space += " of another model"
	b.refuseChange("vectors of another Space, after opening again", other, store.ErrSpace)
}

func testReopenHistory(t *trial) {
	t.durable()
	db := t.open()
	w := t.twin(t.namespace(db, "one"))
	for i := range t.h.Steps {
		w.stepOn()
		if i%(1+t.h.Steps/4) != 0 {
			continue
		}
		db = t.reopen(db)
		w = w.onto(db)
		w.settle()
		if !w.same("step %d of a random history and opening again", i) {
			return
		}
	}
	w.same("a random history with openings")
}

func testReopenUnderLoad(t *trial) {
	t.durable()
	db := t.open()
	s := t.namespace(db, "one")
	s.put(t.chunk("first", "doc", "text"))
	text := t.chunk("text", "doc", "text")
	acknowledged := make([][]string, t.h.Workers)
	var again store.DB
	t.Together(1+t.h.Workers, func(i int) {
		if i == t.h.Workers {
			for range 20 { // let the others come into their stride
				s.get(0, "first")
			}
			again = t.reopen(db)
			return
		}
		for n := range 10000 {
			c := text
			c.ID = fmt.Sprintf("writer %d chunk %d", i, n)
			if _, err := s.Write(t.ctx, t.upsert(c)); err != nil {
				t.refused("Write during Close", err, store.ErrClosed)
				return
			}
			acknowledged[i] = append(acknowledged[i], c.ID)
		}
	})
	if again == nil {
		return
	}
	s = t.namespace(again, "one")
	s.settle()
	ids := append(slices.Concat(acknowledged...), "first")
	if missing := without(ids, chunkIDs(s.get(0, ids...))); len(missing) > 0 {
		t.Faultf("missing after opening again: %s (%d of %d acknowledged)", list(missing), len(missing), len(ids))
	}
	t.note("%d writes acknowledged before Close", len(ids))
}
