package loadertest

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

// Harness is what [Run] knows of the loader under test. Only Loader is
// required. A field that is nil leaves out the rules that need it.
type Harness struct {
	// Loader is what is tested. Its source has two documents or more, small
	// enough to be loaded some fifty times, and stays as it is while Run runs.
	Loader loaders.Loader

	// Change changes the content of one Ref of the source and returns its ID.
	Change func() (ref string, err error)
	// Held returns how many files, connections and the like the loader holds
	// open now.
	Held func() int
	// Reads returns how many Refs have had their content read so far.
	Reads func() int

	// Workers is how many goroutines load at once; the default is 4.
	Workers int
	// Patience is how long one rule may take before it counts as a deadlock;
	// the default is a minute.
	Patience time.Duration
}

// Run tests the loader of h against every rule of [loaders.Loader], and of
// [loaders.Lister] if it is one, each as a subtest.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.Loader == nil {
		t.Fatal("loadertest: Harness.Loader is nil")
	}
	run(t, loaderRules(h), h.Patience)
}

// Parser tests a format and its parser against every rule of
// [loaders.Format] and [loaders.Parser], each as a subtest. The samples are
// good contents of the format, the smaller the better; the kit damages them in
// many ways. The environment variable QUARRY_LONG makes it more, and
// QUARRY_SEED chooses which.
func Parser(t *testing.T, f loaders.Format, samples ...loaders.Input) {
	t.Helper()
	if f.Parser == nil || len(samples) == 0 {
		t.Fatal("loadertest: a parser and a sample are needed")
	}
	p, err := newParserKit(f, samples)
	if err != nil {
		t.Fatal(err)
	}
	run(t, p.rules(), 0)
}

func run(t *testing.T, rules []rule, patience time.Duration) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			out := try(t.Context(), r, patience)
			if out.skipped != "" {
				t.Skip(out.skipped)
			}
			for _, fault := range out.faults {
				t.Errorf("rule %s: %s\n\t%s", r.name, r.says, fault)
			}
		})
	}
}

// seed is where random choices begin.
func seed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("QUARRY_SEED"), 10, 64); err == nil {
		return n
	}
	return 1
}

func isLong() bool { return os.Getenv("QUARRY_LONG") != "" }
