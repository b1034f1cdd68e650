package loadertest

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// A rule is one promise of the contract and the test of it.
type rule struct {
	name string
	says string // the promise, in the contract's words
	test func(*trial)
}

// An outcome is what a trial found.
type outcome struct {
	faults  []string
	skipped string
}

// try tests one rule in a goroutine of its own, so that a call that never
// returns, or panics, is a fault like others.
func try(ctx context.Context, r rule, patience time.Duration) outcome {
	patience = cmp.Or(patience, time.Minute)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	t := &trial{ctx: ctx}
	done := make(chan struct{})
	t.start(func() { r.test(t) }, func() { close(done) })
	// A loader may itself wait for the context: it gets a moment to return.
	timer := time.NewTimer(patience + patience/10)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.fault("no return within %v", patience)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return outcome{slices.Clone(t.faults), t.skipped}
}

// A trial is one test of one rule. Its methods that end in f end the calling
// goroutine; fault records and goes on.
type trial struct {
	ctx context.Context

	mu      sync.Mutex
	faults  []string
	skipped string
}

// maxFaults bounds what one rule prints.
const maxFaults = 5

// fault records that the rule is broken.
func (t *trial) fault(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.faults) < maxFaults {
		t.faults = append(t.faults, fmt.Sprintf(format, args...))
	}
}

// fatalf records that the rule is broken and ends the calling goroutine.
func (t *trial) fatalf(format string, args ...any) {
	t.fault(format, args...)
	runtime.Goexit()
}

// skipf ends the trial: there is nothing that the rule is about.
func (t *trial) skipf(format string, args ...any) {
	t.mu.Lock()
	t.skipped = fmt.Sprintf(format, args...)
	t.mu.Unlock()
	runtime.Goexit()
}

// start runs f in a goroutine in which fatalf and skipf may be called, and
// then done.
func (t *trial) start(f, done func()) {
	go func() {
		defer done()
		defer func() {
			if p := recover(); p != nil {
				t.fault("panic: %v\n%s", p, debug.Stack())
			}
		}()
		f()
	}()
}

// together runs f n times at once and waits for all.
func (t *trial) together(n int, f func(i int)) {
	var wg sync.WaitGroup
	wg.Add(n)
	for i := range n {
		t.start(func() { f(i) }, wg.Done)
	}
	wg.Wait()
}
