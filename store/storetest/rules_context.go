package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quarry-go/quarry/store"
)

var contextRules = []rule{
	{"before", "a method whose context has ended returns an error that wraps the context's", testContextBefore},
	{"deadline", "a method whose deadline has passed returns an error that wraps context.DeadlineExceeded", testContextDeadline},
	{"sequence", "a sequence whose context ends between pairs ends soon, with an error that wraps the context's", testContextSequence},
	{"during", "a call whose context ends meanwhile succeeds, or fails with an error that wraps the context's", testContextDuring},
	{"after", "a store whose callers gave up goes on working", testContextAfter},
}

// calls returns a call of every method that takes a context, as programs make
// them; each returns the method's error.
func (t *trial) calls(s *shelf) map[string]func(context.Context) error {
	calls := map[string]func(context.Context) error{
		"Get": func(ctx context.Context) error {
			_, err := s.Get(ctx, []string{"a", "b"}, store.FieldsAll)
			return err
		},
		"Write": func(ctx context.Context) error {
			_, err := s.Write(ctx, t.upsert(t.chunk("a", "doc", "text")))
			return err
		},
		"Docs": func(ctx context.Context) error {
			_, err := drain(s.Docs(ctx, store.DocQuery{}))
			return err
		},
		"Scan": func(ctx context.Context) error {
			_, err := drain(s.Scan(ctx, store.ScanQuery{}))
			return err
		},
		"Namespaces": func(ctx context.Context) error {
			_, err := drain(s.db.Namespaces(ctx))
			return err
		},
		"Drop": func(ctx context.Context) error { return s.db.Drop(ctx, s.name) },
	}
	for _, q := range t.queries(s) {
		name := "Search by text"
		if q.Vector != nil {
			name = "Search by vector"
		}
		calls[name] = func(ctx context.Context) error {
			_, err := s.Search(ctx, q)
			return err
		}
	}
	if snap, ok := store.As[store.Snapshotter](s.Store); ok {
		calls["Snapshot"] = func(ctx context.Context) error {
			_, release, err := snap.Snapshot(ctx)
			if err == nil {
				release()
			}
			return err
		}
	}
	return calls
}

func testContextBefore(t *trial) {
	s := t.empty()
	s.put(t.random(5)...)
	ctx, cancel := context.WithCancelCause(t.ctx)
	cancel(errors.New("the caller's own reason"))
	for name, call := range inOrder(t.calls(s)) {
		t.at("%s with a cancelled context", name)
		t.refused(name+" with a cancelled context", call(ctx), context.Canceled)
	}
}

func testContextDeadline(t *trial) {
	s := t.empty()
	s.put(t.random(5)...)
	ctx, cancel := context.WithDeadline(t.ctx, time.Unix(0, 0))
	defer cancel()
	for name, call := range inOrder(t.calls(s)) {
		t.at("%s after its deadline", name)
		t.refused(name+" after its deadline", call(ctx), context.DeadlineExceeded)
	}
}

func testContextSequence(t *trial) {
	s := t.empty()
	const n = 400
	change := store.Change{}
	for i := range n {
		change.Upsert = append(change.Upsert, store.Chunk{ID: fmt.Sprintf("c%03d", i), DocID: "doc"})
		change.Docs = append(change.Docs, record(fmt.Sprintf("d%03d", i), 0))
	}
	s.write(change)
	check := func(name string, run func(ctx context.Context, each func()) (int, error)) {
		t.at("%s", name)
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		count := 0
		seen, err := run(ctx, func() {
			if count++; count == 3 {
				cancel()
			}
		})
		t.refused(fmt.Sprintf("%s, cancelled at the third of %d pairs, after %d", name, n, seen), err, context.Canceled)
	}
	check("Scan", func(ctx context.Context, each func()) (n int, err error) {
		for _, err := range s.Scan(ctx, store.ScanQuery{}) {
			if err != nil {
				return n, err
			}
			n++
			each()
		}
		return n, nil
	})
	check("Docs", func(ctx context.Context, each func()) (n int, err error) {
		for _, err := range s.Docs(ctx, store.DocQuery{}) {
			if err != nil {
				return n, err
			}
			n++
			each()
		}
		return n, nil
	})
}

func testContextDuring(t *trial) {
	s := t.empty()
	s.put(t.random(200)...)
	db := t.calls(s)
	delete(db, "Drop") // it would leave the others nothing to do
	for name, call := range inOrder(db) {
		for i := range 20 {
			t.at("%s, cancelled meanwhile", name)
			ctx, cancel := context.WithCancel(t.ctx)
			go func() {
				// From at once to a millisecond later: before, in and after most calls.
				timer := time.NewTimer(time.Duration(i*i) * 3 * time.Microsecond)
				<-timer.C
				cancel()
			}()
			if err := call(ctx); err != nil {
				t.refused(name+", cancelled meanwhile", err, context.Canceled)
			}
			cancel()
		}
	}
}

func testContextAfter(t *trial) {
	w := t.beside()
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	for range 50 {
		for name, call := range inOrder(t.calls(w.shelf)) {
			t.at("%s with a cancelled context", name)
			_ = call(ctx) // that it fails is another rule
		}
	}
	w.settle()
	// The writes may have happened or not.
	w.write(store.Change{Delete: store.All()})
	w.write(t.upsert(t.random(20)...))
	w.same("calls with a cancelled context")
}
