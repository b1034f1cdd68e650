package rag

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

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
