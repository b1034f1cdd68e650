package storetest

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

var snapshotRules = []rule{
	{"frozen", "a snapshot shows the state it was taken of, whatever is written later", testFrozen},
	{"read-only", "a snapshot's Write wraps errors.ErrUnsupported", testSnapshotWrite},
	{"release", "release may be called more than once, and Close waits for no snapshot", testRelease},
	{"whole", "records and chunks of one snapshot are of one state, under concurrent writes", testSnapshotWhole},
}

func (t *trial) snapshotter(s *shelf) store.Snapshotter {
	snap, ok := store.As[store.Snapshotter](s.Store)
	if !ok {
		t.skipf("the store is no Snapshotter")
	}
	return snap
}

// freeze returns a view of the namespace as a shelf.
func (s *shelf) freeze() (view *shelf, release func()) {
	s.t.at("Snapshot")
	v, release, err := s.t.snapshotter(s).Snapshot(s.t.ctx)
	if err != nil {
		s.t.fatalf("Snapshot: %v", err)
	}
	return &shelf{Store: wrapper{v}, t: s.t, db: s.db, name: s.name}, release
}

func testFrozen(t *trial) {
	w := t.beside()
	t.snapshotter(w.shelf)
	empty, releaseEmpty := w.freeze()
	defer releaseEmpty()
	chunks := t.random(60)
	change := t.upsert(chunks...)
	change.Docs = RecordsOf(chunks)
	w.write(change)
	view, release := w.freeze()
	defer release()
	queries := t.queries(w.shelf)
	var before [][]store.Hit
	for _, q := range queries {
		before = append(before, view.search(q))
	}

	later := t.random(60)
	for i := range later {
		later[i].Version = "later"
	}
	next := t.upsert(later...)
	next.Delete = store.Not(store.Exists("lang"))
	w.shelf.write(next)
	w.shelf.write(store.Change{Delete: store.Sources("handbook"), Docs: []store.Doc{record("later", 0)}})

	frozen := &twin{shelf: view, model: w.model}
	frozen.same("later writes, in a snapshot")
	for i, q := range queries {
		if d := diffIDs(hitIDs(before[i]), hitIDs(view.search(q))); d != "" {
			t.fault("Search for %s in a snapshot, after later writes: %s", showQuery(q), d)
		}
	}
	if d := diffChunks(chunks, view.get(store.FieldsAll, chunkIDs(chunks)...), t.h.Tolerance); d != "" {
		t.fault("Get from a snapshot after later writes: %s", d)
	}
	if n := len(empty.scan(store.ScanQuery{})); n > 0 {
		t.fault("a snapshot of the empty namespace shows %d chunks after later writes", n)
	}
	if err := w.db.Drop(t.ctx, w.name); err != nil {
		t.fault("Drop: %v", err)
	}
	frozen.same("the namespace was dropped, in a snapshot")
}

func testSnapshotWrite(t *trial) {
	w := t.beside()
	w.write(t.upsert(t.random(5)...))
	view, release := w.freeze()
	defer release()
	for what, c := range inOrder(map[string]store.Change{
		"an Upsert": t.upsert(t.chunk("new", "doc", "text")), "a Delete": {Delete: store.All()}, "a record": {Docs: []store.Doc{record("new", 0)}},
	}) {
		_, err := view.Write(t.ctx, c)
		t.refused("Write of "+what+" to a snapshot", err, errors.ErrUnsupported)
	}
	w.same("a Write to a snapshot")
}

func testRelease(t *trial) {
	db := t.open()
	s := t.namespace(db, "a")
	s.put(t.random(5)...)
	_, release := s.freeze()
	release()
	release()
	s.put(t.chunk("after", "doc", "text"))
	view, release := s.freeze()
	t.at("Close while a snapshot is held")
	if err := db.Close(); err != nil {
		t.fault("Close while a snapshot is held: %v", err)
	}
	_, err := view.Get(t.ctx, []string{"after"}, 0)
	t.refused("Get from a snapshot after Close", err, store.ErrClosed)
	release()
	release()
}

func testSnapshotWhole(t *trial) {
	s := t.empty()
	snap := t.snapshotter(s)
	changes := t.versions("doc")
	s.write(changes[0])
	queries := t.queries(s)
	ids := parts("doc")
	t.race(changes, func(c store.Change) error {
		_, err := s.Write(t.ctx, c)
		return err
	}, func() {
		v, release, err := snap.Snapshot(t.ctx)
		if err != nil {
			t.fatalf("Snapshot: %v", err)
		}
		defer release()
		view := &shelf{Store: v, t: t, db: s.db, name: s.name}
		docs := view.docs(store.DocQuery{})
		runtime.Gosched() // a writer may come between
		chunks := view.get(0, ids...)
		if d := oneVersion(chunks); d != "" {
			t.fatalf("Get from a snapshot returns %s", d)
		}
		if len(docs) != 1 || docs[0].Version != chunks[0].Version {
			t.fault("a snapshot has a record of %+v and chunks of version %s", docs, chunks[0].Version)
		}
		if d := oneVersion(view.scan(store.ScanQuery{})); d != "" {
			t.fault("Scan of a snapshot yields %s", d)
		}
		for _, q := range queries {
			q.K = 50
			if d := diffIDs(slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(append(hitIDs(view.search(q)), without(ids, chunkIDs(chunks))...)))); d != "" {
				t.fault("Search for %s in a snapshot, against Get from it: %s", showQuery(q), d)
			}
		}
	})
}

var historyRules = []rule{
	{"random", "after any history of changes the namespace holds what the contract says", testHistory},
}

// randomChange returns a change that suits a namespace that holds what model
// does: it replaces, moves, deletes and adds.
func (t *trial) randomChange(model store.Store) store.Change {
	r := t.rand
	have, err := drain(model.Scan(t.ctx, store.ScanQuery{Fields: store.FieldsAll}))
	if err != nil {
		t.fatalf("reference: %v", err)
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

// step makes one random change and, now and then, asks something.
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
				t.fault("Search for %s returns %d, %s of them wrong; want %d of %d", showQuery(q), len(got), list(without(got, all)), min(q.K, len(all)), len(all))
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

var durableRules = []rule{
	{"reopen", "what was acknowledged is there after Close and opening again: chunks, records, namespaces", testReopen},
	{"space", "the space of the vectors is remembered", testReopenSpace},
	{"history", "a random history goes on where it stood after each opening", testReopenHistory},
	{"under-load", "what was acknowledged before or during Close is there after opening again", testReopenUnderLoad},
}

// durable skips the trial where nothing is to be kept.
func (t *trial) durable() {
	if t.info().Features.Durability == store.Volatile {
		t.skipf("Info declares the store Volatile")
	}
	if t.h.Reopen == nil {
		t.fatalf("Info declares the store durable, but Harness.Reopen is nil")
	}
}

// reopen closes a DB and opens its data again.
func (t *trial) reopen(db store.DB) store.DB {
	t.at("Close")
	if err := db.Close(); err != nil {
		t.fatalf("Close: %v", err)
	}
	t.at("Harness.Reopen")
	again, err := t.h.Reopen(db)
	if err != nil {
		t.fatalf("Harness.Reopen: %v", err)
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
		t.fatalf("Drop: %v", err)
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
			t.fault("Namespaces after opening again: %s", d)
		}
		for name, w := range inOrder(twins) {
			w = w.onto(db)
			twins[name] = w
			w.settle()
			w.same("opening again, in namespace %q", name)
			for _, q := range queries {
				if d := diffIDs(hitIDs(answers[name+q.Text]), hitIDs(w.search(q))); d != "" && (q.Vector == nil || q.Exact) {
					t.fault("Search for %s after opening again, against before: %s", showQuery(q), d)
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
	t.together(1+t.h.Workers, func(i int) {
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
		t.fault("missing after opening again: %s (%d of %d acknowledged)", list(missing), len(missing), len(ids))
	}
	t.note("%d writes acknowledged before Close", len(ids))
}
