package local

import (
	"maps"
	"slices"
	"sync"

	"github.com/quarry-go/quarry/store"
)

// calls counts the calls in flight, so that Close can wait for them, and the
// states that they and the snapshots look at, so that those are kept.
type calls struct {
	mu     sync.Mutex
	n      int
	closed bool
	idle   chan struct{}  // closed when closed and n is 0
	pins   map[uint64]int // sequence number of a state to how many look at it
}

// enter begins a call; the error is store.ErrClosed.
func (c *calls) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return store.ErrClosed
	}
	c.n++
	return nil
}

// join begins a call from within another, for a goroutine that may outlive it.
func (c *calls) join() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

// leave ends a call.
func (c *calls) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 && c.closed {
		close(c.idle)
	}
}

// check returns store.ErrClosed after close.
func (c *calls) check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return store.ErrClosed
	}
	return nil
}

// close lets no call begin any more and waits for those in flight. It reports
// whether it was the first.
func (c *calls) close() bool {
	c.mu.Lock()
	first := !c.closed
	if first {
		c.closed = true
		c.idle = make(chan struct{})
		if c.n == 0 {
			close(c.idle)
		}
	}
	c.mu.Unlock()
	<-c.idle
	return first
}

// pin keeps the state that latest returns, and returns its sequence number.
func (c *calls) pin(latest func() uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	seq := latest()
	if c.pins == nil {
		c.pins = map[uint64]int{}
	}
	c.pins[seq]++
	return seq
}

// unpin lets go of a state that was pinned.
func (c *calls) unpin(seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pins[seq]--; c.pins[seq] == 0 {
		delete(c.pins, seq)
	}
}

// oldest returns the oldest state that is pinned or, where none is, latest.
func (c *calls) oldest(latest uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Min(append(slices.Collect(maps.Keys(c.pins)), latest))
}
