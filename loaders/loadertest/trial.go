package loadertest

import (
	"cmp"
	"context"
	"time"

	"github.com/quarry-go/quarry/internal/probe"
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
	t.Go(func() { r.test(t) }, func() { close(done) })
	// A loader may itself wait for the context: it gets a moment to return.
	timer := time.NewTimer(patience + patience/10)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Faultf("no return within %v", patience)
	}
	return outcome{t.Faults(), t.Skipped()}
}

// A trial is one test of one rule.
type trial struct {
	probe.T
	ctx context.Context
}
