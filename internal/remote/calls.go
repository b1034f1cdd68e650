package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/quarry-go/quarry/store"
)

// calls counts the requests in flight, so that Close can wait for them.
type calls struct {
	mu     sync.Mutex
	idle   *sync.Cond
	n      int
	ending bool
}

func (c *calls) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending {
		return store.ErrClosed
	}
	c.n++
	return nil
}

func (c *calls) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 {
		c.idle.Broadcast()
	}
}

func (c *calls) closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending
}

// close lets no call in any more and waits for those in flight. It reports
// whether it was the first.
func (c *calls) close() (first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, c.ending = !c.ending, true
	for c.n > 0 {
		c.idle.Wait()
	}
	return first
}

// The waits between tries double from the first to the last, each shortened by
// chance to between half and all of it.
const (
	firstWait = 100 * time.Millisecond
	lastWait  = 10 * time.Second
)

// do makes one request, again where that may help and the context allows it. A
// context that has ended is the reason of every error.
func (db *DB) do(ctx context.Context, request func(context.Context) error) error {
	wait := firstWait
	for try := 0; ; try++ {
		err := db.once(ctx, request)
		if err == nil || errors.Is(err, store.ErrClosed) {
			return err
		}
		if ended := endOf(ctx); ended != nil {
			if errors.Is(err, ended) {
				return err
			}
			return fmt.Errorf("%w: %w", ended, err)
		}
		if try >= db.retries || !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrRateLimited) {
			return err
		}
		pause := wait/2 + rand.N(wait/2)
		if after, ok := store.RetryAfter(err); ok && after > 0 {
			pause = after + rand.N(firstWait)
		}
		wait = min(2*wait, lastWait)
		if end, ok := ctx.Deadline(); ok && time.Until(end) < pause {
			return err // it would end before the next try
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-timer.C:
		}
	}
}

// once makes a request. A client that panics has failed, no more.
func (db *DB) once(ctx context.Context, request func(context.Context) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.calls.enter(); err != nil {
		return err
	}
	defer db.calls.leave()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the client of the server panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return request(ctx)
}

// early is how much before a context's deadline a client may give up.
const early = 20 * time.Millisecond

// endOf returns why ctx has ended, or nil. A deadline that is due at any moment
// has passed.
func endOf(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < early {
		<-ctx.Done()
	}
	return ctx.Err()
}

// turns lets one writer at a time into each namespace.
type turns struct {
	mu   sync.Mutex
	held map[string]*turn
}

type turn struct {
	free    chan struct{}
	waiting int // and holding
}

func (t *turns) take(ctx context.Context, name string) error {
	t.mu.Lock()
	if t.held == nil {
		t.held = map[string]*turn{}
	}
	mine := t.held[name]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.held[name] = mine
	}
	mine.waiting++
	t.mu.Unlock()
	select {
	case <-mine.free:
		return nil
	case <-ctx.Done():
		t.drop(name, mine)
		return ctx.Err()
	}
}

func (t *turns) give(name string) {
	t.mu.Lock()
	mine := t.held[name]
	t.mu.Unlock()
	mine.free <- struct{}{}
	t.drop(name, mine)
}

func (t *turns) drop(name string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.waiting--; mine.waiting == 0 {
		delete(t.held, name)
	}
}

// errLeft says that the caller left a sequence.
var errLeft = errors.New("left")

// each gives the items to yield while the context lasts and db is open, and
// returns errLeft when yield says so.
func each[T any](ctx context.Context, db *DB, items []T, yield func(T) bool) error {
	for _, item := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if db.calls.closed() {
			return store.ErrClosed
		}
		if !yield(item) {
			return errLeft
		}
	}
	return nil
}
