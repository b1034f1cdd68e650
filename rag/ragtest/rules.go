package ragtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
)

// faults gathers broken rules.
type faults struct {
	mu   sync.Mutex
	errs []error
}

// add notes that a rule is broken, and what showed it.
func (f *faults) add(rule, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, fmt.Errorf("%s: %s", rule, fmt.Sprintf(format, args...)))
}

func (f *faults) err() error { return errors.Join(f.errs...) }

// callers is how many goroutines call at a time.
const callers = 4

// same calls f by itself and then from several goroutines, and wants the
// answers to be equal.
func same[T any](f *faults, rule string, call func() T) T {
	first := call()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if got := call(); !reflect.DeepEqual(got, first) {
				f.add(rule, "one call gave %.200v, another %.200v", first, got)
			}
		})
	}
	wg.Wait()
	return first
}

// cancelled returns a context that has ended.
func cancelled(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

// ended wants err to say that the context has ended.
func (f *faults) ended(err error) {
	if !errors.Is(err, context.Canceled) {
		f.add("a cancelled context ends the call", "the error is %v", err)
	}
}
