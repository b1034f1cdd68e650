package storetest

import (
	"errors"
	"iter"

	"github.com/quarry-go/quarry/store"
)

var closeRules = []rule{
	{"after", "after Close every method of the DB and of its Stores returns an error that wraps ErrClosed", testAfterClose},
	{"twice", "a second Close returns nil", testCloseTwice},
	{"results-stay", "results stay valid after Close", testResultsAfterClose},
	{"in-flight", "Close waits for calls in flight, or makes them return an error that wraps ErrClosed", testCloseInFlight},
	{"sequence", "Close does not wait for a sequence that stands between pairs, which then ends or yields an error that wraps ErrClosed", testCloseSequence},
	{"at-once", "Close may be called by several at once", testCloseAtOnce},
}

func testAfterClose(t *trial) {
	db := t.open()
	s := t.namespace(db, "one")
	s.put(t.random(5)...)
	calls := t.calls(s)
	t.at("Close")
	if err := db.Close(); err != nil {
		t.Faultf("Close: %v", err)
	}
	for name, call := range inOrder(calls) {
		t.at("%s after Close", name)
		t.refused(name+" after Close", call(t.ctx), store.ErrClosed)
	}
	_, err := db.Namespace("one")
	t.refused("Namespace after Close", err, store.ErrClosed)
	s.Info() // says something, and does not panic
}

func testCloseTwice(t *trial) {
	db := t.open()
	t.namespace(db, "one").put(t.chunk("a", "doc", "text"))
	for i := range 3 {
		t.at("Close number %d", i+1)
		if err := db.Close(); err != nil {
			t.Faultf("Close number %d: %v", i+1, err)
		}
	}
}

func testResultsAfterClose(t *trial) {
	db := t.open()
	s := t.namespace(db, "one")
	c, d := t.rich("chunk", "doc")
	change := t.upsert(c)
	change.Docs = []store.Doc{d}
	s.write(change)
	got, docs := s.get(store.FieldsAll, "chunk"), s.docs(store.DocQuery{})
	scanned := s.scan(store.ScanQuery{Fields: store.FieldsAll})
	t.at("Close")
	if err := db.Close(); err != nil {
		t.Faultf("Close: %v", err)
	}
	for what, chunks := range inOrder(map[string][]store.Chunk{"Get": got, "Scan": scanned}) {
		if d := diffChunks([]store.Chunk{c}, chunks, t.h.Tolerance); d != "" {
			t.Faultf("what %s returned, after Close: %s", what, d)
		}
	}
	if d := diffDocs([]store.Doc{d}, docs); d != "" {
		t.Faultf("what Docs yielded, after Close: %s", d)
	}
}

func testCloseInFlight(t *trial) {
	db := t.open()
	s := t.namespace(db, "one")
	s.put(t.random(100)...)
	calls := t.calls(s)
	delete(calls, "Write") // uses the trial's random source
	write := t.upsert(t.random(5)...)
	var names []string
	for name := range inOrder(calls) {
		names = append(names, name)
	}
	t.at("calls and Close at once")
	t.Together(len(names)+2, func(i int) {
		switch i {
		case len(names):
			for range 20 {
				// Errors are looked at by the others; here it is only a clock.
				_, _ = s.Get(t.ctx, []string{"a"}, 0)
			}
			if err := db.Close(); err != nil {
				t.Faultf("Close with calls in flight: %v", err)
			}
		case len(names) + 1:
			t.untilClosed("Write", func() error { _, err := s.Write(t.ctx, write); return err })
		default:
			t.untilClosed(names[i], func() error { return calls[names[i]](t.ctx) })
		}
	})
}

// untilClosed repeats a call until it fails, which it may only for ErrClosed.
func (t *trial) untilClosed(name string, call func() error) {
	for range 1_000_000 {
		err := call()
		if err == nil {
			continue
		}
		if !errors.Is(err, store.ErrClosed) {
			t.Faultf("%s while the DB is closed: error is %v, want none or one that wraps %q", name, err, store.ErrClosed)
		}
		return
	}
	t.Faultf("%s goes on after Close", name)
}

func testCloseSequence(t *trial) {
	for _, name := range []string{"Scan", "Docs", "Namespaces"} {
		db := t.open()
		s := t.namespace(db, "one")
		chunks := t.random(50)
		change := t.upsert(chunks...)
		change.Docs = RecordsOf(chunks)
		s.write(change)
		t.namespace(db, "two").put(chunks...)
		s.each(func(kind string, seq iter.Seq[error]) {
			if kind != name {
				return
			}
			count := 0
			for err := range seq {
				if count++; count > 1 {
					if err != nil && !errors.Is(err, store.ErrClosed) {
						t.Faultf("%s after Close in the middle of it: %v", name, err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				t.at("Close inside a loop over %s", name)
				if err := db.Close(); err != nil {
					t.Faultf("Close inside a loop over %s: %v", name, err)
				}
			}
		})
	}
}

func testCloseAtOnce(t *trial) {
	db := t.open()
	t.namespace(db, "one").put(t.random(5)...)
	t.at("several calls of Close at once")
	t.Together(t.h.Workers, func(int) {
		if err := db.Close(); err != nil {
			t.Faultf("Close: %v", err)
		}
	})
}
