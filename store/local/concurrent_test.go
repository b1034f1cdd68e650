package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store"
)

// Documents of concurrent tests have so many chunks, all of one version.
const concurrentParts = 3

func concurrentDoc(doc, version int) store.Change {
	c := store.Change{Space: "plane"}
	id := fmt.Sprint("doc", doc)
	c.Delete = store.Docs(id)
	for part := range concurrentParts {
		text := fmt.Sprintf("common version%d", version)
		c.Upsert = append(c.Upsert, store.Chunk{
			ID: fmt.Sprintf("%s v%d p%d", id, version, part), DocID: id, Version: fmt.Sprint(version),
			Text: text, End: len(text), Vector: []float32{0, 1},
		})
	}
	c.Docs = []store.Doc{{ID: id, Version: fmt.Sprint(version), Chunks: concurrentParts}}
	return c
}

// P3: while many goroutines replace documents, every reader, by whatever call,
// sees each document whole, in one version that it had, and never an older
// one than an earlier call of the same reader or a write that was
// acknowledged before the call. Everything works on logs that are always
// rotated and rewritten.
func TestConcurrent(t *testing.T) {
	const docs, readers = 4, 4
	versions := recoveries(60, 2000)
	for _, disk := range []bool{true, false} {
		t.Run(map[bool]string{true: "disk", false: "memory"}[disk], func(t *testing.T) {
			db := Memory(nil)
			if disk {
				var err error
				if db, err = Open(t.TempDir(), &Options{LogBytes: 4000}); err != nil {
					t.Fatal(err)
				}
			}
			n := &namespace{db: db, name: "x"}
			var acknowledged [docs]atomic.Int64
			for d := range docs {
				if _, err := n.Write(t.Context(), concurrentDoc(d, 0)); err != nil {
					t.Fatal(err)
				}
			}
			var writers, others sync.WaitGroup
			for d := range docs {
				writers.Go(func() {
					for v := 1; v <= versions; v++ {
						changed, err := n.Write(t.Context(), concurrentDoc(d, v))
						if err != nil || changed != (store.Changed{Upserted: concurrentParts, Deleted: concurrentParts, Docs: 1}) {
							t.Errorf("write: %+v, %v", changed, err)
							return
						}
						acknowledged[d].Store(int64(v))
					}
				})
			}
			ctx, stop := context.WithCancel(t.Context())
			for r := range readers {
				others.Go(func() {
					rng := rand.New(rand.NewPCG(uint64(r), 0))
					var seen [docs]int64
					for ctx.Err() == nil {
						for d := range docs {
							seen[d] = max(seen[d], acknowledged[d].Load())
						}
						found, err := look(n, rng.IntN(6))
						if err != nil {
							t.Errorf("reader: %v", err)
							return
						}
						for d := range docs {
							v, err := whole(found, d)
							if err != nil || v < seen[d] {
								t.Errorf("document %d: version %d after %d (%v)", d, v, seen[d], err)
								return
							}
							seen[d] = v
						}
					}
				})
			}
			others.Go(func() { // namespaces come and go beside
				for i := 0; ctx.Err() == nil; i++ {
					other := &namespace{db: db, name: fmt.Sprint("other", i%3)}
					if _, err := other.Write(t.Context(), text("1", "one")); err != nil {
						t.Error(err)
					}
					if i%2 == 0 {
						if err := db.Drop(t.Context(), other.name); err != nil {
							t.Error(err)
						}
					}
				}
			})
			others.Go(func() {
				for range 5 {
					if _, err := db.Check(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
			writers.Wait()
			stop()
			others.Wait()
			s := db.Stats()
			t.Logf("%d changes in %d commits", s.Changes, s.Commits)
			if s.Upkeep != nil {
				t.Error(s.Upkeep)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// look returns the IDs of all chunks that one of the ways to read finds.
func look(n *namespace, way int) (ids []string, err error) {
	ctx := context.Background()
	var hits []store.Hit
	switch way {
	case 0:
		hits, err = n.Search(ctx, store.Query{Text: "common", K: 1000})
	case 1:
		hits, err = n.Search(ctx, store.Query{Vector: []float32{1, 0}, K: 1000})
	case 2:
		hits, err = n.Search(ctx, store.Query{Text: "common", K: 1000, Filter: store.Docs("doc0", "doc1", "doc2", "doc3")})
	case 3:
		hits, err = n.Search(ctx, store.Query{Vector: []float32{1, 0}, K: 1000, Filter: store.Not(store.Exists("x"))})
	case 4:
		for c, err := range n.Scan(ctx, store.ScanQuery{}) {
			if err != nil {
				return nil, err
			}
			ids = append(ids, c.ID)
		}
	case 5: // a view shows one state to several calls
		view, release, err := n.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		if ids, err = look(view.(*namespace), 0); err != nil {
			return nil, err
		}
		again, err := look(view.(*namespace), 4)
		if slices.Sort(ids); err != nil || !slices.Equal(ids, again) {
			return nil, fmt.Errorf("a view shows %q, then %q (%w)", ids, again, err)
		}
	}
	for _, h := range hits {
		ids = append(ids, h.Chunk.ID)
	}
	return ids, err
}

// whole returns the version of a document that ids show, which must be all its
// chunks and no other.
func whole(ids []string, doc int) (version int64, err error) {
	var parts []string
	for _, id := range ids {
		if strings.HasPrefix(id, fmt.Sprintf("doc%d ", doc)) {
			parts = append(parts, id)
		}
	}
	if len(parts) != concurrentParts {
		return 0, fmt.Errorf("chunks %q", parts)
	}
	for i, id := range parts {
		var v int64
		if _, err := fmt.Sscanf(id[strings.Index(id, " "):], " v%d", &v); err != nil {
			return 0, err
		}
		if i > 0 && v != version {
			return 0, fmt.Errorf("chunks %q", parts)
		}
		version = v
	}
	return version, nil
}

// blockedStore returns a store on a disk whose syncs of logs wait until release is called, once
// armed is set.
func blockedStore(t *testing.T) (db *DB, armed *atomic.Bool, release func()) {
	armed = new(atomic.Bool)
	gate := make(chan struct{})
	fsys := errfs.Wrap(memfs.New(), func(o errfs.Op) error {
		if armed.Load() && o.Kind == errfs.KindSync {
			<-gate
		}
		return nil
	})
	db, err := Open("", &Options{fs: fsys})
	if err != nil {
		t.Fatal(err)
	}
	return db, armed, sync.OnceFunc(func() { close(gate) })
}

// P3: readers do not wait for a disk that does not answer, and see nothing of
// what it has not taken.
func TestReadersDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, armed, release := blockedStore(t)
		if err := write(db, text("1", "first words")); err != nil {
			t.Fatal(err)
		}
		armed.Store(true)
		var wrote error
		go func() { wrote = write(db, text("2", "second words")) }()
		synctest.Wait() // the write waits for the disk
		n := &namespace{db: db, name: "x"}
		hits, err := n.Search(t.Context(), store.Query{Text: "words", K: 9})
		if err != nil || len(hits) != 1 {
			t.Errorf("found %v (%v)", hits, err)
		}
		if chunks, err := n.Get(t.Context(), []string{"2"}, 0); err != nil || len(chunks) != 0 {
			t.Errorf("got %v (%v)", chunks, err)
		}
		release()
		synctest.Wait()
		if hits, err = n.Search(t.Context(), store.Query{Text: "words", K: 9}); err != nil || len(hits) != 2 || wrote != nil {
			t.Errorf("then found %v (%v, %v)", hits, err, wrote)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Writes that wait at one time share a sync, and one whose context ends before
// its turn is not made.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, armed, release := blockedStore(t)
		if err := write(db, text("0", "words")); err != nil {
			t.Fatal(err)
		}
		before := db.Stats().Commits
		armed.Store(true)
		var wg sync.WaitGroup
		write := func(ctx context.Context, id string) (err error) {
			c := text(id, "words")
			c.Delete = store.Docs(id, "nosuch")
			_, err = (&namespace{db: db, name: "x"}).Write(ctx, c)
			return err
		}
		wg.Go(func() {
			if err := write(t.Context(), "first"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // it waits for the disk
		for i := range 49 {
			wg.Go(func() {
				if err := write(t.Context(), fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := write(ctx, "cancelled"); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait() // they wait for their turn
		cancel()
		synctest.Wait()
		release()
		wg.Wait()
		s := db.Stats()
		if s.Commits-before != 2 || s.Chunks != 50 {
			t.Errorf("%d commits for %d chunks, want 2 for 50", s.Commits-before, s.Chunks)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Close waits for a write in flight, which succeeds.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, armed, release := blockedStore(t)
		armed.Store(true)
		wrote, closed := false, false
		go func() {
			if err := write(db, text("1", "words")); err != nil {
				t.Error(err)
			}
			wrote = true
		}()
		synctest.Wait()
		go func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			closed = true
		}()
		synctest.Wait()
		if wrote || closed {
			t.Errorf("wrote: %v, closed: %v, while the disk does not answer", wrote, closed)
		}
		if err := write(db, text("2", "words")); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a write after Close began: %v", err)
		}
		release()
		synctest.Wait()
		if !wrote || !closed {
			t.Errorf("wrote: %v, closed: %v", wrote, closed)
		}
	})
}
