package storetest

import (
	"errors"
	"runtime"
	"slices"

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
		t.Skipf("the store is no Snapshotter")
	}
	return snap
}

// freeze returns a view of the namespace as a shelf.
func (s *shelf) freeze() (view *shelf, release func()) {
	s.t.at("Snapshot")
	v, release, err := s.t.snapshotter(s).Snapshot(s.t.ctx)
	if err != nil {
		s.t.Fatalf("Snapshot: %v", err)
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
			t.Faultf("Search for %s in a snapshot, after later writes: %s", showQuery(q), d)
		}
	}
	if d := diffChunks(chunks, view.get(store.FieldsAll, chunkIDs(chunks)...), t.h.Tolerance); d != "" {
		t.Faultf("Get from a snapshot after later writes: %s", d)
	}
	if n := len(empty.scan(store.ScanQuery{})); n > 0 {
		t.Faultf("a snapshot of the empty namespace shows %d chunks after later writes", n)
	}
	if err := w.db.Drop(t.ctx, w.name); err != nil {
		t.Faultf("Drop: %v", err)
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
		t.Faultf("Close while a snapshot is held: %v", err)
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
			t.Fatalf("Snapshot: %v", err)
		}
		defer release()
		view := &shelf{Store: v, t: t, db: s.db, name: s.name}
		docs := view.docs(store.DocQuery{})
		runtime.Gosched() // a writer may come between
		chunks := view.get(0, ids...)
		if d := oneVersion(chunks); d != "" {
			t.Fatalf("Get from a snapshot returns %s", d)
		}
		if len(docs) != 1 || docs[0].Version != chunks[0].Version {
			t.Faultf("a snapshot has a record of %+v and chunks of version %s", docs, chunks[0].Version)
		}
		if d := oneVersion(view.scan(store.ScanQuery{})); d != "" {
			t.Faultf("Scan of a snapshot yields %s", d)
		}
		for _, q := range queries {
			q.K = 50
			if d := diffIDs(slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(append(hitIDs(view.search(q)), without(ids, chunkIDs(chunks))...)))); d != "" {
				t.Faultf("Search for %s in a snapshot, against Get from it: %s", showQuery(q), d)
			}
		}
	})
}
