// Package probe runs one test of one rule, as the kits do: what breaks the rule
// is recorded and not reported at once, so that a kit can be tested itself, and
// a call that panics is a fault like others.
package probe

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
)

// A T is one test of one rule. Its methods are safe for concurrent use. Fatalf
// and Skipf end the goroutine that calls them, which must be one of Go's or
// Together's.
type T struct {
	mu      sync.Mutex
	faults  []string
	skipped string
}

// maxFaults bounds what one rule prints.
const maxFaults = 5

// Faultf records that the rule is broken, and goes on.
func (t *T) Faultf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.faults) < maxFaults {
		t.faults = append(t.faults, fmt.Sprintf(format, args...))
	}
}

// Fatalf records that the rule is broken and ends the calling goroutine.
func (t *T) Fatalf(format string, args ...any) {
	t.Faultf(format, args...)
	runtime.Goexit()
}

// Skipf records that there is nothing that the rule is about and ends the
// calling goroutine.
func (t *T) Skipf(format string, args ...any) {
	t.mu.Lock()
	t.skipped = fmt.Sprintf(format, args...)
	t.mu.Unlock()
	runtime.Goexit()
}

// Faults returns the first faults so far; the caller owns the slice.
func (t *T) Faults() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.faults)
}

// Skipped returns why the test was skipped; empty if it was not.
func (t *T) Skipped() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.skipped
}

// Go runs f, and then done, in a goroutine of its own. A panic of f is a fault.
func (t *T) Go(f, done func()) {
	go func() {
		defer done()
		defer func() {
			if p := recover(); p != nil {
				t.Faultf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		f()
	}()
}

// Together runs f(0) to f(n-1) at once and waits for all.
func (t *T) Together(n int, f func(i int)) {
	var wg sync.WaitGroup
	wg.Add(n)
	for i := range n {
		t.Go(func() { f(i) }, wg.Done)
	}
	wg.Wait()
}
