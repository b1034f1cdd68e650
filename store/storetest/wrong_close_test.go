package storetest

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/quarry-go/quarry/store"
)

// wrongCloses forget, or go on.
func wrongCloses() map[string]wrong {
	return map[string]wrong{
		"forgets after Close":      {rule: "durable/reopen", h: durable(func(r *Reference) *Reference { return NewReference() })},
		"forgets the last chunk":   {rule: "durable/reopen", h: durable(forgetful)},
		"forgets the space":        {rule: "durable/space", h: durable(spaceless)},
		"a dropped one comes back": {rule: "durable/reopen", h: durable(reviving)},
		"forgets records in time":  {rule: "durable/history", h: durable(recordless)},
		"acknowledges too early":   {rule: "durable/under-load", h: early()},

		"works after Close":       {rule: "close/after", h: opens(func(r *Reference) store.DB { return immortal{r} })},
		"a second Close fails":    {rule: "close/twice", h: opens(func(r *Reference) store.DB { return &closedOnce{DB: r} })},
		"results die with Close":  {rule: "close/results-stay", h: opens(mapped)},
		"another error on Close":  {rule: "close/in-flight", h: opens(func(r *Reference) store.DB { return bentDB{r, poolError} })},
		"Close waits for loops":   {hangs: true, rule: "close/sequence", h: opens(func(r *Reference) store.DB { return &patientClose{DB: r} })},
		"Close breaks in a crowd": {rule: "close/at-once", h: opens(func(r *Reference) store.DB { return &closedOnce{DB: r} })},
	}
}

// keeper remembers what a DB held, past its Close.
type keeper struct {
	store.DB
	r    *Reference
	mu   sync.Mutex
	last map[string]*state
}

func (k *keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.r.closed {
		k.last = maps.Clone(k.r.spaces)
	}
	return k.r.Close()
}

// durable returns a harness of stores that claim to last, where survive makes
// of what a DB held what is left of it.
func durable(survive func(*Reference) *Reference) Harness {
	open := func(r *Reference) store.DB {
		return &keeper{r: r, DB: bentDB{r, func(s store.Store) store.Store {
			return bent{Store: s, info: func(i *store.Info) { i.Features.Durability = store.Durable }}
		}}}
	}
	return Harness{
		Open: func() (store.DB, error) { return open(NewReference()), nil },
		Reopen: func(old store.DB) (store.DB, error) {
			r := NewReference()
			r.spaces = old.(*keeper).last
			return open(survive(r)), nil
		},
	}
}

func forgetful(r *Reference) *Reference {
	for _, s := range r.spaces {
		ids := slices.Sorted(maps.Keys(s.chunks))
		if len(ids) > 0 {
			delete(s.chunks, ids[len(ids)-1])
		}
	}
	return r
}

func spaceless(r *Reference) *Reference {
	for _, s := range r.spaces {
		s.space, s.dim = "", 0
	}
	return r
}

func reviving(r *Reference) *Reference {
	s := newState()
	s.putDoc(record("alone", 0))
	r.spaces["gone"] = s
	return r
}

func recordless(r *Reference) *Reference {
	for _, s := range r.spaces {
		clear(s.docs)
	}
	return r
}

// early returns stores that acknowledge a chunk, and write it with the next.
func early() Harness {
	h := durable(func(r *Reference) *Reference { return r })
	open := h.Open
	h.Open = func() (store.DB, error) {
		db, err := open()
		k := db.(*keeper)
		inner := k.DB.(bentDB).bend
		k.DB = bentDB{k.r, func(s store.Store) store.Store {
			b := inner(s).(bent)
			var mu sync.Mutex
			var pending []store.Chunk
			b.write = func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
				mu.Lock()
				defer mu.Unlock()
				if err := k.r.read(ctx, func() {}); err != nil {
					return store.Changed{}, err
				}
				next := c
				next.Upsert = pending
				pending = c.Upsert
				return s.Write(ctx, next)
			}
			return b
		}}
		return k, err
	}
	return h
}

// immortal has a Close that does nothing.
type immortal struct{ *Reference }

func (immortal) Close() error { return nil }

// closedOnce fails when it is closed again.
type closedOnce struct {
	store.DB
	mu     sync.Mutex
	closed bool
}

func (c *closedOnce) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return store.ErrClosed
	}
	c.closed = true
	return c.DB.Close()
}

// mapped wipes what it returned when it is closed, as an unmapped file would.
func mapped(r *Reference) store.DB {
	var mu sync.Mutex
	var lent []store.Chunk
	return wiping{bentDB{r, func(s store.Store) store.Store {
		return bent{Store: s, get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
			chunks, err := s.Get(ctx, ids, f)
			mu.Lock()
			defer mu.Unlock()
			lent = append(lent, chunks...)
			return chunks, err
		}}
	}}, func() {
		for i := range lent {
			scribble(&lent[i])
		}
	}}
}

type wiping struct {
	store.DB
	wipe func()
}

func (w wiping) Close() error {
	w.wipe()
	return w.DB.Close()
}

// poolError reports a closed DB in the words of its driver.
func poolError(s store.Store) store.Store {
	return bent{Store: s, get: func(s store.Store, ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
		chunks, err := s.Get(ctx, ids, f)
		if errors.Is(err, store.ErrClosed) {
			err = errors.New("use of closed pool")
		}
		return chunks, err
	}}
}

// patientClose waits for every sequence to come to its end.
type patientClose struct {
	store.DB
	open sync.RWMutex
}

func (p *patientClose) Namespace(name string) (store.Store, error) {
	s, err := p.DB.Namespace(name)
	if err != nil {
		return nil, err
	}
	return bent{Store: s, scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
		return func(yield func(store.Chunk, error) bool) {
			p.open.RLock()
			defer p.open.RUnlock()
			s.Scan(ctx, q)(yield)
		}
	}}, nil
}

func (p *patientClose) Close() error {
	p.open.Lock()
	defer p.open.Unlock()
	return p.DB.Close()
}
