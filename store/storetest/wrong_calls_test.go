package storetest

import (
	"context"
	"errors"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quarry-go/quarry/store"
)

// wrongCalls share memory, hold locks, ignore contexts, tear changes.
func wrongCalls() map[string]wrong {
	return map[string]wrong{
		"keeps what it was given":    {rule: "ownership/arguments-kept", h: opens(func(r *Reference) store.DB { return bentDB{r, keeping} })},
		"sorts what it was given":    {rule: "ownership/arguments-read", h: by(bent{get: sortedGet})},
		"normalises the vector":      {rule: "ownership/arguments-read", h: by(bent{search: normalising})},
		"returns what it holds":      {rule: "ownership/results", h: by(bent{get: sharing(map[string]store.Chunk{})})},
		"one buffer for all results": {rule: "ownership/results-stay", h: opens(func(r *Reference) store.DB { return bentDB{r, reusing} })},

		"ignores the context": {rule: "context/before", h: by(bent{get: func(s store.Store, _ context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			return s.Get(context.Background(), ids, f)
		}})},
		"hides the context's error": {rule: "context/deadline", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			done, err := s.Write(ctx, c)
			if ctx.Err() != nil {
				err = errBackend
			}
			return done, err
		}})},
		"cancelled in the middle, another error": {rule: "context/during", h: by(bent{get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			chunks, err := s.Get(ctx, ids, f)
			if err == nil {
				timer := time.NewTimer(20 * time.Millisecond)
				defer timer.Stop()
				select {
				case <-ctx.Done():
					return nil, errBackend
				case <-timer.C:
				}
			}
			return chunks, err
		}})},
		"a sequence ignores the context": {rule: "context/sequence", h: by(bent{scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
			if ctx.Err() != nil {
				return s.Scan(ctx, q)
			}
			return s.Scan(context.Background(), q)
		}})},
		"a sequence ends in silence": {rule: "context/sequence", h: by(bent{docs: func(s store.Store, ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
			return func(yield func(store.Doc, error) bool) {
				n := 0
				for d, err := range s.Docs(ctx, q) {
					if err != nil && n > 0 || !yield(d, err) {
						return
					}
					n++
				}
			}
		}})},
		"a cancelled call locks for good": {hangs: true, rule: "context/after", h: opens(func(r *Reference) store.DB {
			lock := make(chan struct{}, 1)
			return bentDB{r, func(s store.Store) store.Store {
				return bent{Store: s, write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
					lock <- struct{}{}
					done, err := s.Write(ctx, c)
					if ctx.Err() == nil {
						<-lock
					}
					return done, err
				}}
			}}
		})},
		"a loop left early locks for good": {hangs: true, rule: "sequence/break", h: opens(func(r *Reference) store.DB { return locking(r, true) })},
		"a loop holds a lock":              {hangs: true, rule: "sequence/inside", h: opens(func(r *Reference) store.DB { return locking(r, false) })},
		"a sequence locks before its loop": {hangs: true, rule: "sequence/abandoned", h: opens(lockingEarly)},
		"Scan by position":                 {rule: "sequence/meanwhile", h: by(bent{scan: byPosition})},

		"a Change in parts": {rule: "atomic/whole", h: by(inSteps(func(c store.Change) []store.Change {
			return []store.Change{{Delete: c.Delete}, {Upsert: c.Upsert, Space: c.Space}, {Docs: c.Docs}}
		}, nil))},
		"records first": {rule: "atomic/record-last", h: by(inSteps(func(c store.Change) []store.Change {
			return []store.Change{{Docs: c.Docs}, {Upsert: c.Upsert, Space: c.Space}, {Delete: outdated(c), Docs: c.Docs}}
		}, func(f *store.Features) { f.Atomicity = store.AtomicNone }))},
		"deletes before it writes": {rule: "atomic/old-or-new", h: by(inSteps(func(c store.Change) []store.Change {
			return []store.Change{{Delete: c.Delete}, {Upsert: c.Upsert, Space: c.Space}, {Docs: c.Docs}}
		}, func(f *store.Features) { f.Atomicity = store.AtomicNone }))},
		"loses one of two writes": {rule: "atomic/writers", h: opens(func(r *Reference) store.DB {
			var writing atomic.Int32
			return bentDB{r, func(s store.Store) store.Store {
				return bent{Store: s, write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
					defer writing.Add(-1)
					if writing.Add(1) > 1 && c.Validate() == nil {
						return store.Changed{Upserted: len(c.Upsert)}, nil
					}
					runtime.Gosched()
					return s.Write(ctx, c)
				}}
			}}
		})},
		"a cache for readers": {rule: "atomic/never-back", h: opens(caching)},
		"torn chunks":         {rule: "atomic/untorn", h: by(bent{write: tearing})},

		"visible to its writer some time later": {rule: "atomic/own-writes", h: opens(func(*Reference) store.DB {
			return bentDB{NewWeak(nil), func(s store.Store) store.Store {
				return bent{Store: s, info: func(i *store.Info) { i.Features.Visibility, i.Features.Durability = store.Session, store.Volatile }}
			}}
		})},
		"Close waits for snapshots":    {hangs: true, rule: "snapshot/release", h: opens(func(r *Reference) store.DB { return &viewCounting{DB: r} })},
		"a snapshot that goes on":      {rule: "snapshot/frozen", h: by(bent{snapshot: func(s store.Store) store.Store { return readOnly{s} }})},
		"a snapshot takes writes":      {rule: "snapshot/read-only", h: by(bent{snapshot: func(s store.Store) store.Store { return s }})},
		"a snapshot of records, later": {rule: "snapshot/whole", h: by(bent{snapshot: func(s store.Store) store.Store { return readOnly{s} }})},

		"a history leaves a trace": {rule: "history/random", h: by(stored(func(c *store.Chunk) {
			if c.Version == "double" {
				c.Marks = nil
			}
		}))},
	}
}

// outdated returns what of a Change's Delete the Change does not put.
func outdated(c store.Change) store.Filter {
	return store.And(c.Delete, store.Not(store.IDs(chunkIDs(c.Upsert)...)))
}

// keeping holds on to the chunks that it is given, and returns them.
func keeping(s store.Store) store.Store {
	var mu sync.Mutex
	kept := map[string]*store.Chunk{}
	return bent{Store: s,
		write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			mu.Lock()
			defer mu.Unlock()
			for i := range c.Upsert {
				u := c.Upsert[i]
				kept[u.ID] = &u
			}
			return s.Write(ctx, c)
		},
		scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
			mu.Lock()
			defer mu.Unlock()
			chunks, err := drain(s.Scan(ctx, q))
			for i := range chunks {
				chunks[i] = kept[chunks[i].ID].Select(q.Fields)
			}
			return sequence(ctx, NewReference(), chunks, err)
		},
	}
}

func sortedGet(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
	chunks, err := s.Get(ctx, ids, f)
	slices.Sort(ids)
	return chunks, err
}

func normalising(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
	hits, err := s.Search(ctx, q)
	sum := 0.0
	for _, x := range q.Vector {
		sum += float64(x) * float64(x)
	}
	for i := range q.Vector {
		q.Vector[i] = float32(float64(q.Vector[i]) / math.Sqrt(sum) * .999)
	}
	return hits, err
}

// sharing returns the same chunk for one ID, again and again.
func sharing(cache map[string]store.Chunk) func(store.Store, context.Context, []string, store.Fields) ([]store.Chunk, error) {
	var mu sync.Mutex
	return func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
		mu.Lock()
		defer mu.Unlock()
		chunks, err := s.Get(ctx, ids, f)
		for i, c := range chunks {
			if old, ok := cache[c.ID]; ok {
				chunks[i] = old
			}
			cache[c.ID] = chunks[i]
		}
		if len(chunks) > 1 {
			chunks[1].Meta = chunks[0].Meta
		}
		return chunks, err
	}
}

// reusing writes new chunks where it keeps those that it returned before.
func reusing(s store.Store) store.Store {
	var mu sync.Mutex
	var lent []store.Chunk
	return bent{Store: s,
		get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			chunks, err := s.Get(ctx, ids, f)
			mu.Lock()
			defer mu.Unlock()
			lent = append(lent, chunks...)
			return chunks, err
		},
		write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			mu.Lock()
			defer mu.Unlock()
			for i := range lent {
				scribble(&lent[i])
			}
			return s.Write(ctx, c)
		},
	}
}

// locking has sequences that hold a lock which Write needs; where leak is set
// they give it back only when they come to their end.
func locking(r *Reference, leak bool) store.DB {
	lock := make(chan struct{}, 1)
	return bentDB{r, func(s store.Store) store.Store {
		return bent{Store: s,
			write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
				lock <- struct{}{}
				defer func() { <-lock }()
				return s.Write(ctx, c)
			},
			scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
				return func(yield func(store.Chunk, error) bool) {
					lock <- struct{}{}
					for c, err := range s.Scan(ctx, q) {
						if !yield(c, err) {
							if !leak {
								<-lock
							}
							return
						}
					}
					<-lock
				}
			},
		}
	}}
}

// byPosition pages by offset, so that what is written meanwhile shifts it.
func byPosition(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	return func(yield func(store.Chunk, error) bool) {
		const page = 10
		for at := 0; ; at += page {
			chunks, err := drain(s.Scan(ctx, q))
			if err != nil {
				yield(store.Chunk{}, err)
				return
			}
			if at >= len(chunks) {
				return
			}
			for _, c := range chunks[at:min(at+page, len(chunks))] {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// caching answers Get from a cache that lags behind.
func caching(r *Reference) store.DB {
	return bentDB{r, func(s store.Store) store.Store {
		var mu sync.Mutex
		var old []store.Chunk
		reads := 0
		return bent{Store: s, get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			mu.Lock()
			defer mu.Unlock()
			var err error
			if reads++; reads%50 == 1 {
				old, err = s.Get(ctx, ids, f)
			}
			return old, err
		}}
	}}
}

// tearing writes a chunk in two halves.
func tearing(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
	if c.Validate() != nil || len(c.Upsert) != 1 {
		return s.Write(ctx, c)
	}
	half := cloneChange(c)
	if old := all(s, store.IDs(c.Upsert[0].ID)); len(old) > 0 {
		half.Upsert[0].Meta = old[0].Meta
	}
	if done, err := s.Write(ctx, half); err != nil {
		return done, err
	}
	return s.Write(ctx, half)
}

// readOnly is a view that is no snapshot, and slow.
type readOnly struct{ store.Store }

func (r readOnly) Get(ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
	for range 100 {
		runtime.Gosched()
	}
	return r.Store.Get(ctx, ids, f)
}

func (readOnly) Write(context.Context, store.Change) (store.Changed, error) {
	return store.Changed{}, errors.ErrUnsupported
}

// lockingEarly takes the lock that Write needs when Scan is called, and gives
// it back after the loop.
func lockingEarly(r *Reference) store.DB {
	lock := make(chan struct{}, 1)
	return bentDB{r, func(s store.Store) store.Store {
		return bent{Store: s,
			write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
				lock <- struct{}{}
				defer func() { <-lock }()
				return s.Write(ctx, c)
			},
			scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
				lock <- struct{}{}
				return func(yield func(store.Chunk, error) bool) {
					s.Scan(ctx, q)(yield)
					<-lock
				}
			},
		}
	}}
}

// viewCounting has a Close that waits until every snapshot is released.
type viewCounting struct {
	store.DB
	views sync.WaitGroup
}

func (v *viewCounting) Namespace(name string) (store.Store, error) {
	s, err := v.DB.Namespace(name)
	return countedStore{s, v}, err
}

func (v *viewCounting) Close() error {
	v.views.Wait()
	return v.DB.Close()
}

type countedStore struct {
	store.Store
	db *viewCounting
}

func (c countedStore) Snapshot(ctx context.Context) (store.Store, func(), error) {
	view, release, err := c.Store.(store.Snapshotter).Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	c.db.views.Add(1)
	return view, sync.OnceFunc(func() { release(); c.db.views.Done() }), nil
}
