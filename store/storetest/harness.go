package storetest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
)

// Harness is what [Run] and [Bench] know of the implementation under test
// beyond its [store.Info]. Only Open is required.
type Harness struct {
	// Open returns a DB without namespaces, separate from those that it
	// returned before. It is called about twenty times a run; each DB is
	// closed by the kit. If Info declares a Schema, it has the fields of [Schema].
	Open func() (store.DB, error)

	// Reopen returns a DB on the data of old, which the kit has closed.
	// Required unless Info declares the store Volatile.
	Reopen func(old store.DB) (store.DB, error)

	// Settle returns when every write to db that was acknowledged is visible.
	// Required if Info declares the store Eventual.
	Settle func(ctx context.Context, db store.DB) error

	// Space and Dim are used for vectors where the store does not begin with
	// its own; the default is a name of the kit's and 8.
	Space string
	Dim   int

	// Tolerance is how far a cosine, or a number of a vector that is read
	// back, may be off; the default is 1e-5. A store that keeps half
	// precision needs more.
	Tolerance float64

	// Seed is where all random choices begin; the default is 1. The
	// environment variable QUARRY_SEED overrides it.
	Seed uint64

	// Filters is how many pairs of a random filter and a random corpus are
	// compared with [store.Match]; the default is 300.
	Filters int
	// Queries is how many random questions are asked of namespaces that are
	// full of others' names; the default is 200. From 5,000 on there are 200
	// namespaces, fewer below.
	Queries int
	// Steps is the length of each random history; the default is 60.
	Steps int
	// Histories is how many of them there are; the default is 2.
	Histories int
	// Workers is how many goroutines the rules on concurrency start of a
	// kind; the default is 4. Each makes Steps calls.
	Workers int

	// Patience is how long one rule may take before it counts as a deadlock;
	// the default is 2 minutes, and 50 ms more for each of Filters.
	Patience time.Duration

	// Counters returns numbers that grow with the work done, such as bytes
	// written or distances computed; [Bench] reports their growth an
	// operation. Optional.
	Counters func(db store.DB) map[string]float64
}

// seedVariable is the environment variable that replays a run.
const seedVariable = "QUARRY_SEED"

// withDefaults fills in what is zero.
func (h Harness) withDefaults() (Harness, error) {
	if h.Open == nil {
		return h, fmt.Errorf("storetest: Harness.Open is nil")
	}
	h.Space = orDefault(h.Space, "storetest/1")
	h.Dim = orDefault(h.Dim, 8)
	h.Tolerance = orDefault(h.Tolerance, 1e-5)
	h.Seed = orDefault(h.Seed, 1)
	h.Filters = orDefault(h.Filters, 300)
	h.Queries = orDefault(h.Queries, 200)
	h.Steps = orDefault(h.Steps, 60)
	h.Histories = orDefault(h.Histories, 2)
	h.Workers = orDefault(h.Workers, 4)
	h.Patience = orDefault(h.Patience, 2*time.Minute+time.Duration(h.Filters)*50*time.Millisecond)
	if s := os.Getenv(seedVariable); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return h, fmt.Errorf("storetest: %s: %w", seedVariable, err)
		}
		h.Seed = seed
	}
	return h, nil
}

func orDefault[T comparable](v, or T) T {
	var zero T
	if v == zero {
		return or
	}
	return v
}

// Run tests the implementation behind h against every rule of package store
// that its Info declares, each as a subtest. The Big List of Naughty Strings is
// taken from attack/blns/blns.json in the folder that the environment variable
// QUARRY_DATA names, or in ../shared/data beside the module; without it one
// rule is skipped.
func Run(t *testing.T, h Harness) {
	t.Helper()
	run(t, h, groups)
}

func run(t *testing.T, h Harness, groups []group) {
	t.Helper()
	k, err := newKit(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, r := range g.rules {
				t.Run(r.name, func(t *testing.T) {
					out := k.try(t.Context(), r)
					for _, line := range out.notes {
						t.Log(line)
					}
					for _, fault := range out.faults {
						t.Error(k.report(g.name, r, fault, t.Name()))
					}
					if out.skipped != "" && len(out.faults) == 0 {
						t.Skip(out.skipped)
					}
				})
			}
		})
	}
}

// report says which rule is broken, how it was seen, and how to see it again.
func (k *kit) report(group string, r rule, fault, test string) string {
	return fmt.Sprintf("rule %s/%s: %s\n\t%s\n\treplay: %s=%d go test -run '%s$'",
		group, r.name, r.says, fault, seedVariable, k.h.Seed, test)
}
