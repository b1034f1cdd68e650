package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// seed returns where random choices begin: QUARRY_SEED or 1.
func seed(t *testing.T) uint64 {
	n, err := strconv.ParseUint(os.Getenv("QUARRY_SEED"), 10, 64)
	if err != nil {
		n = 1
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: QUARRY_SEED=%d go test -run '^%s$'", n, t.Name())
		}
	})
	return n
}

// P8: random histories under several settings give what a plain store gives,
// before and after each reopening, score bits included; snapshots show what
// was there when they were taken.
func TestHistories(t *testing.T) {
	const steps = 60
	first, ops := seed(t), 0
	for i, o := range []Options{
		{},
		{LogBytes: 1},
		{LogBytes: 1000, recordBytes: 100},
		{LogBytes: 5000, recordBytes: 5000},
		{LogBytes: 20000, recordBytes: 7},
		{LogBytes: 1 << 20},
	} {
		for round := range recoveries(3, 200) {
			rng := rand.New(rand.NewPCG(first, uint64(1000*i+round)))
			n, err := history(rng, o, steps)
			ops += n
			if err != nil {
				t.Fatalf("options %d (%d bytes a log, %d a record), round %d: %v", i, o.LogBytes, o.recordBytes, round, err)
			}
		}
	}
	t.Logf("%d operations", ops)
}

// history makes a random history and returns how many operations it had.
func history(rng *rand.Rand, o Options, steps int) (ops int, err error) {
	o.fs = memfs.New()
	db, err := Open("", &o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	model := storetest.NewReference()
	type snapshot struct {
		views   map[string]store.Store
		release func()
		model   store.DB
	}
	var history []step
	var snapshots []snapshot
	for range steps {
		ops++
		switch rng.IntN(12) {
		case 0: // an end, and a new beginning
			for _, s := range snapshots {
				s.release()
			}
			snapshots = nil
			if err := db.Close(); err != nil {
				return ops, err
			}
			if db, err = Open("", &o); err != nil {
				return ops, err
			}
		case 1:
			s := snapshot{views: map[string]store.Store{}, model: storetest.NewReference()}
			var releases []func()
			for _, name := range names {
				view, release, err := (&namespace{db: db, name: name}).Snapshot(context.Background())
				if err != nil {
					return ops, err
				}
				s.views[name] = view
				releases = append(releases, release)
			}
			for _, h := range history {
				if err := do(s.model, h); err != nil {
					return ops, err
				}
			}
			s.release = func() {
				for _, r := range releases {
					r()
				}
			}
			snapshots = append(snapshots, s)
		case 2:
			for _, s := range snapshots {
				if err := sameViews(s.views, s.model); err != nil {
					return ops, fmt.Errorf("snapshot: %w", err)
				}
			}
			if len(snapshots) > 3 {
				snapshots[0].release()
				snapshots = snapshots[1:]
			}
		default:
			s := randomStep(rng)
			history = append(history, s)
			if err := errors.Join(do(db, s), do(model, s)); err != nil {
				return ops, err
			}
		}
		if err := same(db, model); err != nil {
			return ops, err
		}
		if _, err := db.Check(context.Background()); err != nil {
			return ops, err
		}
	}
	for _, s := range snapshots {
		s.release()
	}
	return ops, nil
}

func sameViews(views map[string]store.Store, model store.DB) error {
	for name, view := range views {
		if err := sameStore(view, must(model.Namespace(name))); err != nil {
			return fmt.Errorf("namespace %q: %w", name, err)
		}
	}
	return nil
}
