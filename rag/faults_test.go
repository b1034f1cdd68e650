package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// hooked returns a knowledge base over a store that a test can break.
func hooked(t testing.TB, o Options) (*KB, *hookedDB) {
	t.Helper()
	db := &hookedDB{DB: storetest.NewReference()}
	o.DB = db
	k, err := New(&o)
	if err != nil {
		t.Fatal(err)
	}
	return k, db
}

// TestFaults lets the n-th call of one kind fail during a sync, for every n.
// The sync ends with that error and leaves no goroutine, what is stored is
// whole documents, and the next sync makes it what a sync in one go makes.
func TestFaults(t *testing.T) {
	broken := errors.New("broken")
	e := newCountingEmbedder()
	o := Options{Chunker: smallChunks(t), Embedder: e}
	once, _ := hooked(t, o)
	mustSync(t, once, "shelf", after(), nil)
	goal := content(t, once.Store())

	for _, kind := range []string{"write", "docs", "scan", "embed", "stage"} {
		for n := 0; ; n++ {
			left := -1 // until the call that fails; negative: none does
			fired := false
			var mu sync.Mutex
			call := func(of string) error {
				mu.Lock()
				defer mu.Unlock()
				if of != kind || left < 0 || fired {
					return nil
				}
				if left--; left < 0 {
					fired = true
					return broken
				}
				return nil
			}
			synctest.Test(t, func(t *testing.T) {
				k, db := hooked(t, o)
				mustSync(t, k, "shelf", before(), nil)
				db.write = func(context.Context, store.Change) error { return call("write") }
				db.docs = func(context.Context, store.DocQuery) error { return call("docs") }
				db.scan = func(context.Context, store.ScanQuery) error { return call("scan") }
				e.fail = func(embed.Request) error { return call("embed") }
				stage := Stage{Name: "s", Apply: func(context.Context, *Document) error { return call("stage") }}
				left = n
				var opts *SyncOptions
				if kind == "stage" {
					opts = &SyncOptions{Stages: []Stage{stage}}
				}
				r, err := k.Sync(t.Context(), "shelf", after(), opts)
				left = -1
				switch {
				case !fired:
				case kind == "stage": // costs its document alone
					if err != nil || !errors.Is(r.Err(), broken) || len(r.Failed) != 1 {
						t.Errorf("%s %d: %v, %v", kind, n, err, r.Err())
					}
				case !errors.Is(err, broken):
					t.Errorf("%s %d: %v", kind, n, err)
				}
				if err := storetest.CheckWhole(t.Context(), k.Store()); err != nil {
					t.Errorf("%s %d: %v", kind, n, err)
				}
				mustSync(t, k, "shelf", after(), nil)
				if got := content(t, k.Store()); got != goal {
					t.Errorf("%s %d: the completed store differs:\n%s\nwant\n%s", kind, n, got, goal)
				}
			})
			if e.fail = nil; t.Failed() {
				return
			}
			if !fired {
				if n < 1 {
					t.Errorf("no %s at all", kind)
				}
				t.Logf("%d calls of %s failed", n, kind)
				break
			}
		}
	}
}

// A store that takes nothing must not cost the embedding of everything.
func TestAFailedWriteStopsTheReaders(t *testing.T) {
	full := errors.New("disk is full")
	e := newCountingEmbedder()
	k, db := hooked(t, Options{Embedder: e})
	db.write = func(context.Context, store.Change) error { return full }
	s := newShelf(nil)
	for i := range 5000 {
		s.put(fmt.Sprint("doc", i), "some text")
	}
	if _, err := k.Sync(t.Context(), "shelf", s, nil); !errors.Is(err, full) {
		t.Errorf("err = %v", err)
	}
	if n := e.texts.Load(); n > 2*writeDocs {
		t.Errorf("%d texts were embedded after the store had failed", n)
	}
}

// The context's own error is what comes back, whatever its cause.
func TestContextErrors(t *testing.T) {
	why := errors.New("the user went home")
	for _, workers := range []int{1, 4} {
		for n := range 8 {
			k := newKB(t, nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			var calls atomic.Int64
			stage := Stage{Name: "s", Apply: func(context.Context, *Document) error {
				if calls.Add(1) == int64(n) {
					cancel(why)
				}
				return nil
			}}
			s := newShelf(nil)
			for i := range 6 {
				s.put(fmt.Sprint("doc", i), "some text")
			}
			_, err := k.Sync(ctx, "shelf", s, &SyncOptions{Stages: []Stage{stage}, Workers: workers})
			if 0 < n && n < 7 && !errors.Is(err, context.Canceled) {
				t.Errorf("%d workers, cancelled in document %d: %v", workers, n, err)
			}
			cancel(why)
			_, perr := k.Put(ctx, Document{ID: "a", Text: "x"})
			_, rerr := k.Retrieve(ctx, Question{Text: "x"})
			_, lerr := k.Plan(ctx, "shelf", s, nil)
			for _, err := range []error{perr, rerr, lerr, k.Delete(ctx, "x"), k.DeleteSource(ctx, "x"), k.Drop(ctx)} {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("a cancelled context: %v", err)
				}
			}
		}
	}
}

// lister is a loader made of what it lists.
type lister func(ctx context.Context) iter.Seq2[loaders.Ref, error]

func (l lister) List(ctx context.Context) iter.Seq2[loaders.Ref, error] { return l(ctx) }
func (l lister) Load(context.Context) iter.Seq2[Document, error]        { panic("it can list") }

// TestLoadersThatMisbehave syncs five documents, and then what a bad loader
// makes of them: what it does not vouch for stays.
func TestLoadersThatMisbehave(t *testing.T) {
	broken := errors.New("broken")
	one := func(id string) func(context.Context) iter.Seq2[Document, error] {
		return func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) { yield(Document{ID: id, Ref: id, Text: "text of " + id}, nil) }
		}
	}
	refs := func(pairs ...any) lister {
		return func(context.Context) iter.Seq2[loaders.Ref, error] {
			return func(yield func(loaders.Ref, error) bool) {
				for _, p := range pairs {
					err, _ := p.(error)
					id, _ := p.(string)
					r, isRef := p.(loaders.Ref)
					if err == nil && !isRef {
						r = loaders.Ref{ID: id, Version: "2", Load: one(id)}
					}
					if !yield(r, err) {
						return
					}
				}
			}
		}
	}
	ref := func(load func(yield func(Document, error) bool)) loaders.Ref {
		return loaders.Ref{ID: "a", Version: "2", Load: func(context.Context) iter.Seq2[Document, error] { return load }}
	}
	rest := []any{"b", "c", "d", "e"}
	with := func(first ...any) lister { return refs(append(first, rest...)...) }
	for name, c := range map[string]struct {
		loader  Loader
		failed  int
		stay    int // of five documents
		wantErr error
	}{
		"a Ref twice":           {with("a", "a"), 1, 5, nil},
		"a Ref without a Load":  {with(loaders.Ref{ID: "a", Version: "2"}), 1, 5, nil},
		"a document of another": {with(ref(func(y func(Document, error) bool) { y(Document{ID: "a", Ref: "z", Text: "x"}, nil) })), 1, 5, nil},
		"a document twice": {with(ref(func(y func(Document, error) bool) {
			_ = y(Document{ID: "a", Ref: "a", Text: "text of a"}, nil) && y(Document{ID: "a", Ref: "a", Text: "another"}, nil)
		})), 1, 5, nil},
		"a document's ID of another Ref": {with(ref(func(y func(Document, error) bool) { y(Document{ID: "b", Ref: "a", Text: "text of a"}, nil) })), 1, 4, nil}, // a gave another document
		"no ID":                          {with(ref(func(y func(Document, error) bool) { y(Document{Ref: "a", Text: "x"}, nil) })), 1, 5, nil},
		"an error of another Ref":        {with(ref(func(y func(Document, error) bool) { y(Document{}, &DocError{Ref: "elsewhere", Err: broken}) })), 1, 5, nil},
		"an error that is no DocError": {with(ref(func(y func(Document, error) bool) {
			for y(Document{}, broken) {
			}
		})), 1, 5, nil},
		"a prefix of everything":         {refs(&DocError{Prefix: true, Err: broken}), 1, 5, nil},
		"a prefix of one":                {with(&DocError{Ref: "a", Prefix: true, Err: broken}), 1, 5, nil},
		"prefixes inside of each other":  {refs(&DocError{Ref: "aa", Prefix: true, Err: broken}, &DocError{Ref: "", Prefix: true, Err: broken}, &DocError{Ref: "b", Prefix: true, Err: broken}), 3, 5, nil},
		"a listing that breaks off":      {refs("a", broken), 0, 5, broken},
		"a listing that breaks off late": {refs("a", "b", "c", "d", broken), 0, 5, broken},
		"nothing at all":                 {refs(), 0, 5, ErrMassDelete},
		"one that is gone":               {refs(rest...), 0, 4, nil},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKB(t, nil)
			s := newShelf(nil)
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				s.put(id, "text of "+id)
			}
			mustSync(t, k, "shelf", s, nil)
			r, err := k.Sync(t.Context(), "shelf", c.loader, &SyncOptions{Workers: 1})
			if !errors.Is(err, c.wantErr) || len(r.Failed) != c.failed {
				t.Errorf("%v, %v, %v", r, err, r.Err())
			}
			if docs := documents(t, k); len(docs) != c.stay {
				t.Errorf("%d documents left, want %d: %v", len(docs), c.stay, docs)
			}
			whole(t, k)
		})
	}
}

// A loader that is told to stop and stops without a word has not said that the
// rest is gone.
func TestALoaderThatStopsSilently(t *testing.T) {
	for _, lists := range []bool{false, true} {
		k := newKB(t, nil)
		s := newShelf(nil)
		for i := range 10 {
			s.put(fmt.Sprint("doc", i), "text")
		}
		mustSync(t, k, "shelf", s, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := func() bool { cancel(); return true }
		var l Loader = loaders.LoaderFunc(func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) { cancelled() }
		})
		if lists {
			l = lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
				return func(yield func(loaders.Ref, error) bool) { cancelled() }
			})
		}
		if _, err := k.Sync(ctx, "shelf", l, &SyncOptions{MaxDelete: 1}); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
		if n := len(documents(t, k)); n != 10 {
			t.Errorf("%d documents left, want 10", n)
		}
	}
}

// What never ends can be cancelled, whatever it yields.
func TestEndlessSequences(t *testing.T) {
	bad := &DocError{Ref: "x", Err: errors.New("broken")}
	for name, l := range map[string]Loader{
		"documents": loaders.LoaderFunc(func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) {
				for i := 0; yield(Document{ID: fmt.Sprint(i), Text: "x"}, nil); i++ {
				}
			}
		}),
		"errors": loaders.LoaderFunc(func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) {
				for yield(Document{}, bad) {
				}
			}
		}),
		"Refs": lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
			return func(yield func(loaders.Ref, error) bool) {
				for i := 0; yield(loaders.Ref{ID: fmt.Sprint(i)}, nil); i++ {
				}
			}
		}),
		"listing errors": lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
			return func(yield func(loaders.Ref, error) bool) {
				for yield(loaders.Ref{}, bad) {
				}
			}
		}),
	} {
		k := newKB(t, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := k.Sync(ctx, "s", l, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

// What fails in a stage stays, whatever the stage's error says of itself.
func TestAStageThatFails(t *testing.T) {
	for _, lists := range []bool{false, true} {
		k := newKB(t, nil)
		s := newShelf(map[string]string{"a": "alpha text", "b": "beta text"})
		mustSync(t, k, "shelf", s, nil)
		var l Loader = s
		if !lists {
			l = loaders.LoaderFunc(s.Load)
		}
		fail := Stage{Name: "fail", Apply: func(_ context.Context, d *Document) error {
			if d.ID == "a" {
				return &DocError{Ref: "of its own", Err: errors.New("broken")}
			}
			return nil
		}}
		if r := mustSync(t, k, "shelf", l, &SyncOptions{Stages: []Stage{fail}}); r.Deleted != 0 || len(r.Failed) != 1 {
			t.Errorf("%v", r)
		}
	}
}

func TestAStageKeepsTheRef(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"a": "alpha text", "b": "beta text"})
	move := Stage{Name: "move", Apply: func(_ context.Context, d *Document) error {
		if d.ID == "a" {
			d.Ref = "elsewhere"
		}
		return nil
	}}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{Stages: []Stage{move}}); r.Added != 1 || !errors.Is(r.Err(), loaders.ErrInvalid) {
		t.Errorf("%v: %v", r, r.Err())
	}
}

// A document that the store refuses costs itself alone.
func TestADocumentThatTheStoreRefuses(t *testing.T) {
	for _, refused := range []error{store.ErrTooLarge, store.ErrInvalid} {
		k, db := hooked(t, Options{})
		biggest := 0
		db.write = func(_ context.Context, c store.Change) error {
			biggest = max(biggest, len(c.Docs))
			for _, u := range c.Upsert {
				if strings.Contains(u.Text, "bad") {
					return fmt.Errorf("chunk %q: %w", u.ID, refused)
				}
			}
			return nil
		}
		s := newShelf(nil)
		for i := range 40 {
			s.put(fmt.Sprint("doc", i), fmt.Sprintf("good text %d", i))
		}
		s.put("doc7", "first good text")
		s.refs["box"] = map[string]string{"box#1": "one", "box#2": "bad now", "box#3": "three"}
		r := mustSync(t, k, "shelf", s, nil)
		if r.Added != 42 || len(r.Failed) != 1 || !errors.Is(r.Err(), refused) || r.Failed[0].Ref != "box" {
			t.Errorf("%v: %v", r, r.Err())
		}
		// A change that goes bad leaves the document as it was.
		s.put("doc7", "this is bad")
		r = mustSync(t, k, "shelf", s, nil)
		if r.Changed+r.Added+r.Deleted != 0 || len(r.Failed) != 2 {
			t.Errorf("%v: %v", r, r.Err())
		}
		if hits := find(t, k, "first"); len(hits) != 1 || hits[0].Chunk.Text != "first good text" {
			t.Errorf("hits %v", hits)
		}
		s.refs["box"]["box#2"] = "good now"
		s.put("doc7", "well again")
		if r := mustSync(t, k, "shelf", s, nil); r.Added != 1 || r.Changed != 1 || r.Err() != nil {
			t.Errorf("%v: %v", r, r.Err())
		}
		whole(t, k)
	}
	// What no store takes.
	k := newKB(t, nil)
	r, err := k.Put(t.Context(), Document{ID: "good", Text: "good"}, Document{ID: "bad", Text: "bad", Principals: []string{"\xff"}})
	if err != nil || r.Added != 1 || len(r.Failed) != 1 {
		t.Errorf("%v, %v: %v", r, err, r.Err())
	}
}

// Documents that are ready do not wait for one that takes long.
func TestReadyDocumentsAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := hooked(t, Options{})
		slow := Stage{Name: "slow", Apply: func(_ context.Context, d *Document) error {
			if d.ID == "z" {
				time.Sleep(time.Hour)
			}
			return nil
		}}
		done := make(chan error)
		go func() {
			_, err := k.Sync(t.Context(), "s", newShelf(map[string]string{"a": "alpha", "z": "omega"}), &SyncOptions{Stages: []Stage{slow}})
			done <- err
		}()
		time.Sleep(2 * flushAfter)
		if n := len(documents(t, k)); n != 1 {
			t.Errorf("%d documents after %v, want 1", n, 2*flushAfter)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A document that is deleted, or put anew, while a sync holds it for unchanged
// must not get a record without its chunks.
func TestDeletedWhileSynced(t *testing.T) {
	for name, meanwhile := range map[string]func(*KB, string) error{
		"delete":  func(k *KB, id string) error { return k.Delete(context.Background(), id) },
		"source":  func(k *KB, _ string) error { return k.DeleteSource(context.Background(), "shelf") },
		"drop":    func(k *KB, _ string) error { return k.Drop(context.Background()) },
		"nothing": func(*KB, string) error { return nil },
	} {
		k := newKB(t, nil)
		s := newShelf(map[string]string{"a": "alpha text", "b": "beta text", "c": "gamma text"})
		stage := func(f func() error) []Stage {
			return []Stage{{Name: "s", Apply: func(_ context.Context, d *Document) error {
				if d.ID == "b" { // a is held, and not written yet
					return f()
				}
				return nil
			}}}
		}
		mustSync(t, k, "shelf", s, &SyncOptions{Stages: stage(func() error { return nil })})
		s.touch["a"]++
		s.touch["b"]++
		o := &SyncOptions{Workers: 1, Stages: stage(func() error { return meanwhile(k, DocID("shelf", "a")) })}
		if r := mustSync(t, k, "shelf", s, o); r.Err() != nil {
			t.Errorf("%s: %v", name, r.Err())
		}
		whole(t, k)
		if r := mustSync(t, k, "shelf", s, o); r.Added+r.Unchanged != 3 {
			t.Errorf("%s: %v", name, r)
		}
		whole(t, k)
	}
}

// TestManyWriters lets everything that writes do so at a time, on the same
// documents, over a strong and a weak store that take their time: no record
// ever vouches for what is not there.
func TestManyWriters(t *testing.T) {
	for _, weak := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			k, db := hooked(t, Options{Chunker: smallChunks(t)})
			if weak {
				db.DB = storetest.NewWeak(&storetest.WeakOptions{Delay: -1})
				k = k.Namespace(DefaultNamespace)
			}
			wait := func() { time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) }
			db.docs = func(context.Context, store.DocQuery) error { wait(); return nil }
			db.write = func(context.Context, store.Change) error { wait(); return nil }
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					for range 100 {
						wait()
						var err error
						switch id := fmt.Sprint("doc", rand.IntN(3)); rand.IntN(16) {
						case 0, 1:
							err = k.Delete(t.Context(), DocID(PutSource, id))
						case 2:
							err = k.Drop(t.Context())
						default:
							_, err = k.Put(t.Context(), Document{ID: id, Text: paragraphs(fmt.Sprint("v", rand.IntN(2)), 2), Modified: time.Unix(rand.Int64N(3), 0)})
						}
						if err != nil {
							t.Error(err)
						}
						if !weak {
							snapshotIsWhole(t, db.DB)
						}
					}
				})
			}
			wg.Wait()
			whole(t, k)
		})
	}
}

func snapshotIsWhole(t *testing.T, db store.DB) {
	s, err := db.Namespace(DefaultNamespace)
	if err != nil {
		t.Error(err)
		return
	}
	view, release, err := s.(store.Snapshotter).Snapshot(t.Context())
	if err != nil {
		t.Error(err)
		return
	}
	defer release()
	if err := storetest.CheckWhole(t.Context(), view); err != nil {
		t.Error(err)
	}
}

// oneChunk cuts nothing.
type oneChunk struct{}

func (oneChunk) Fingerprint() string { return "one" }
func (oneChunk) Chunk(_ context.Context, d Document) iter.Seq2[chunk.Piece, error] {
	return func(yield func(chunk.Piece, error) bool) { yield(chunk.Piece{End: len(d.Text)}, nil) }
}

// TestMemoryOfALargeRef reads a Ref of 96 MB, and sees that it is not held.
func TestMemoryOfALargeRef(t *testing.T) {
	const docs, size = 96, 1 << 20
	db := &hookedDB{DB: discard{storetest.NewReference()}}
	var peak uint64
	taken := errors.New("taken")
	written := 0
	db.write = func(_ context.Context, c store.Change) error {
		if written += len(c.Upsert); written > docs-20 {
			return taken
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
		return nil
	}
	k, err := New(&Options{DB: db, Chunker: oneChunk{}})
	if err != nil {
		t.Fatal(err)
	}
	big := lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
		return func(yield func(loaders.Ref, error) bool) {
			yield(loaders.Ref{ID: "big", Version: "1", Load: func(context.Context) iter.Seq2[Document, error] {
				return func(yield func(Document, error) bool) {
					for i := range docs {
						if !yield(Document{ID: fmt.Sprint("big#", i), Ref: "big", Text: strings.Repeat("x", size)}, nil) {
							return
						}
					}
				}
			}}, nil)
		}
	})
	if _, err := k.Sync(t.Context(), "s", big, nil); !errors.Is(err, taken) {
		t.Errorf("err = %v", err)
	}
	if peak > docs*size/2 {
		t.Errorf("%d MB are held of a Ref of %d MB", peak>>20, docs*size>>20)
	}
}

// discard keeps nothing.
type discard struct{ store.DB }

func (d discard) Namespace(name string) (store.Store, error) {
	s, err := d.DB.Namespace(name)
	return discardStore{s}, err
}

type discardStore struct{ store.Store }

func (discardStore) Write(context.Context, store.Change) (store.Changed, error) {
	return store.Changed{}, nil
}

// TestWorkOfManyRefs syncs what a quadratic step would not come to the end of:
// a Ref of many documents, and many folders that cannot be listed.
func TestWorkOfManyRefs(t *testing.T) {
	const n = 10_000
	k := newKB(t, &Options{Chunker: oneChunk{}})
	s := newShelf(nil)
	box := map[string]string{}
	for i := range n {
		box[fmt.Sprint("row", i)] = fmt.Sprint("text ", i)
	}
	s.refs["table"] = box
	for range 2 {
		s.touch["table"]++
		if r := mustSync(t, k, "table", s, nil); r.Added+r.Unchanged != n {
			t.Errorf("%v", r)
		}
	}
	kept := spared{}
	for i := range n {
		kept.add(&DocError{Ref: fmt.Sprint("folder", i, "/"), Prefix: true})
	}
	for i := range n {
		if !kept.has(fmt.Sprint("folder", i, "/file")) || kept.has(fmt.Sprint("folder", i)) {
			t.Fatalf("folder %d", i)
		}
	}
}

// TestSpared compares with what DocError.Covers says.
func TestSpared(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, r.IntN(5))
		for i := range b {
			b[i] = "ab/"[r.IntN(3)]
		}
		return string(b)
	}
	for range 3000 {
		kept := spared{}
		var errs []*DocError
		for range r.IntN(6) {
			e := &DocError{Ref: word(), Prefix: r.IntN(2) == 0}
			errs = append(errs, e)
			kept.add(e)
			ref := word()
			want := false
			for _, e := range errs {
				want = want || e.Covers(ref)
			}
			if kept.has(ref) != want {
				t.Fatalf("%q: %v, want %v: %+v", ref, !want, want, errs)
			}
		}
	}
}
