// Package crashtest takes the power away from a program at every change it makes to a file system, and from what
// recovers it too.
//
// A [Workload] does its work over a simulated file system and notes in a [History] what it attempts and what it was
// promised. [Enumerate] stops the world before each operation that changes something, makes of the file system what a
// crash could leave, several times over, and lets the workload verify each. [Faults] makes operations fail instead,
// one after the other. Both are deterministic where the workload is.
package crashtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
)

// A Workload is a program that must survive. E describes what it attempts: one transaction, say.
type Workload[E any] struct {
	// Run works over an empty file system. It begins and ends an event in the history for everything it attempts,
	// closes what it opened, and returns an error where an operation failed that it did not expect to. It may use
	// goroutines, which must have ended when it returns.
	Run func(*Trial[E]) error

	// Verify recovers what a crash has left, compares it with the history, and returns an error where a promise was
	// broken. It should go on with the work, recording in the history (a copy of its own), and settle what was
	// [Unknown] by what it found: Verify is itself crashed and verified now and then, and what a recovery has seen
	// must not change any more. It closes what it opened.
	Verify func(*Trial[E]) error

	// Rules lie between the workload and the file system: sabotage. They are used for all runs and keep no state.
	Rules []errfs.Rule

	// MayIgnore reports whether Run may return nil though this operation failed, in [Faults]. Nil: never.
	MayIgnore func(errfs.Op) bool
}

// A Trial is one run of a workload, or one recovery.
type Trial[E any] struct {
	*History[E]
	FS   vfs.FS
	Rand *rand.Rand // for choices of the workload
}

// Options say how much is tried. Nil or zero: the defaults.
type Options struct {
	// Seed of all random choices. The variable QUARRY_CRASH_SEED of the environment comes before it. Default 1.
	Seed uint64
	// Recoveries is how many recoveries are wanted: the workload is run again, with other random numbers, until there
	// are so many. Default: those of one run.
	Recoveries int
	// Draws is the number of random survivals at each crash point, beside the fixed ones (nothing, everything, kill).
	// Default 5.
	Draws int
	// Nested: one recovery of so many is itself crashed at each of its operations. Default 8; negative: none.
	Nested int
}

// A Report counts what was tried.
type Report struct {
	Runs       int // of the workload
	Points     int // operations that could have been the last
	Recoveries int // crashed file systems that were verified, nested ones included
	Nested     int // those where the crash came in a recovery
	Faults     int // operations that were made to fail
}

func (r Report) String() string {
	return fmt.Sprintf("%d runs, %d crash points, %d faults, %d recoveries (%d nested)",
		r.Runs, r.Points, r.Faults, r.Recoveries, r.Nested)
}

// Long reports whether QUARRY_LONG is set: whether tests shall take their time.
func Long() bool { return os.Getenv("QUARRY_LONG") != "" }

// Run calls [Enumerate], logs the report and fails the test at a violation.
func Run[E any](t testing.TB, o *Options, w Workload[E]) Report {
	t.Helper()
	return result(t, o, w, Enumerate)
}

// RunFaults calls [Faults], logs the report and fails the test at a violation.
func RunFaults[E any](t testing.TB, o *Options, w Workload[E]) Report {
	t.Helper()
	return result(t, o, w, Faults)
}

func result[E any](t testing.TB, o *Options, w Workload[E], do func(*Options, Workload[E]) (Report, error)) Report {
	t.Helper()
	r, err := do(o, w)
	if err != nil {
		t.Errorf("after %v: %v\nagain: QUARRY_CRASH_SEED=%d go test -run '^%s$'", r, err, o.orDefault().Seed, t.Name())
	}
	t.Log(r)
	return r
}

func (o *Options) orDefault() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if s, err := strconv.ParseUint(os.Getenv("QUARRY_CRASH_SEED"), 10, 64); err == nil {
		d.Seed = s
	}
	if d.Seed == 0 {
		d.Seed = 1
	}
	if d.Draws == 0 {
		d.Draws = 5
	}
	if d.Nested == 0 {
		d.Nested = 8
	}
	return d
}

// Enumerate crashes a workload before each of its operations and after the last. The error is the first violation.
func Enumerate[E any](o *Options, w Workload[E]) (Report, error) {
	x := trials[E]{Options: o.orDefault(), w: w}
	for x.err == nil && (x.report.Runs == 0 || x.report.Recoveries < x.Recoveries) {
		x.enumerate()
	}
	return x.report, x.err
}

// Faults makes each operation of a workload fail in turn: with EIO, with ENOSPC, with a short write, and with EIO
// though it was done; each once, and for good. After each run the file system is crashed and verified. The error is
// the first violation.
func Faults[E any](o *Options, w Workload[E]) (Report, error) {
	x := trials[E]{Options: o.orDefault(), w: w}
	for _, fault := range []error{errfs.EIO, errfs.ENOSPC, errfs.ErrShort, errfs.After(errfs.EIO)} {
		for _, sticky := range []bool{false, true} {
			for n := 0; x.err == nil && x.fault(n, fault, sticky); n++ {
			}
		}
	}
	return x.report, x.err
}

type trials[E any] struct {
	Options
	w      Workload[E]
	report Report
	err    error // the first violation
}

// rand returns random numbers that depend on the seed and on where they are used.
func (x *trials[E]) rand(place ...int) *rand.Rand {
	h := uint64(x.report.Runs)
	for _, p := range place {
		h = (h ^ uint64(p)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return rand.New(rand.NewPCG(x.Seed, h))
}

func (x *trials[E]) enumerate() {
	disk, h := memfs.New(), new(History[E])
	point := 0
	crash := func(op errfs.Op) error {
		if op.Mutates() {
			x.crash(disk, h, fmt.Sprintf("before %v", op), point)
			point++
		}
		return nil
	}
	err := x.do(x.w.Run, disk, h, x.rand(), crash)
	if err != nil {
		x.violation("run without a crash", err)
	}
	x.crash(disk, h, "at the end", point)
	x.report.Runs++
	x.report.Points += point + 1
}

// crash verifies what crashes at this moment may leave.
func (x *trials[E]) crash(disk *memfs.FS, h *History[E], when string, place ...int) {
	for draw := range 3 + x.Draws {
		if x.err != nil {
			return
		}
		survival := memfs.Random
		if draw < 3 {
			survival = [...]memfs.Survival{memfs.Nothing, memfs.Everything, memfs.Kill}[draw]
		}
		place := append(slices.Clone(place), draw)
		nest := x.Nested > 0 && x.rand(place...).IntN(x.Nested) == 0
		x.recover(disk, h, survival, when, nest, place...)
	}
}

// recover crashes the file system in one way and verifies what is left. With nest, the recovery is crashed in turn.
func (x *trials[E]) recover(
	disk *memfs.FS, h *History[E], survival memfs.Survival, when string, nest bool, place ...int,
) {
	rng := x.rand(append(place, int(survival))...)
	known := h.Events()
	left := disk.Crash(survival, rng)
	h = h.fork(known)
	when = fmt.Sprintf("%s, %v survived (draw %v)", when, survival, place)
	op := 0
	again := func(when string) {
		if nest && x.err == nil {
			s := memfs.Survival(rng.IntN(int(memfs.Kill) + 1))
			x.recover(left, h, s, when, false, append(slices.Clone(place), op)...)
			x.report.Nested++
			op++
		}
	}
	crash := func(o errfs.Op) error {
		if o.Mutates() {
			again(fmt.Sprintf("%s; then in the recovery before %v", when, o))
		}
		return nil
	}
	x.report.Recoveries++
	if err := x.do(x.w.Verify, left, h, rng, crash); err != nil {
		x.violation(when, err)
		return
	}
	again(when + "; then after the recovery")
}

// fault runs the workload with a fault at operation n, and reports whether there was such an operation.
func (x *trials[E]) fault(n int, fault error, sticky bool) bool {
	disk, h := memfs.New(), new(History[E])
	var op *errfs.Op
	note := func(o errfs.Op) error {
		if o.N == n {
			op = &o
		}
		return nil
	}
	err := x.do(x.w.Run, disk, h, x.rand(n), note, errfs.Nth(n, fault, sticky))
	x.report.Runs++
	if op == nil {
		if err != nil {
			x.violation("run without a fault", err)
		}
		return false
	}
	x.report.Faults++
	when := fmt.Sprintf("%v failed with %v (sticky %v)", *op, fault, sticky)
	if _, ok := err.(broken); ok {
		x.violation(when, err)
	}
	if err == nil && (x.w.MayIgnore == nil || !x.w.MayIgnore(*op)) {
		x.violation(when, fmt.Errorf("nobody said so"))
	}
	x.crash(disk, h, when, n)
	return true
}

// do calls a function of the workload.
func (x *trials[E]) do(
	f func(*Trial[E]) error, disk *memfs.FS, h *History[E], rng *rand.Rand, rules ...errfs.Rule,
) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = broken{fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	err = f(&Trial[E]{History: h, FS: errfs.Wrap(disk, append(rules, x.w.Rules...)...), Rand: rng})
	if open := disk.Handles(); err == nil && open > 0 {
		err = broken{fmt.Errorf("%d files or locks were left open", open)}
	}
	return err
}

// A broken error is a violation whatever else went wrong.
type broken struct{ error }

func (x *trials[E]) violation(when string, err error) {
	if x.err == nil {
		x.err = fmt.Errorf("seed %d, run %d, %s: %w", x.Seed, x.report.Runs, when, err)
	}
}
