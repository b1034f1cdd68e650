package local

import (
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store/storetest"
)

// P7: wherever a disk becomes full, writes fail and say so, what was written
// stays, is found meanwhile, and is there when the store is opened again.
func TestFullDisk(t *testing.T) {
	first, levels, failed := seed(t), 0, 0
	for level := 0; ; level += recoveries(1201, 13) {
		levels++
		fsys, rng := memfs.New(), rand.New(rand.NewPCG(first, 0))
		model := storetest.NewReference()
		o := Options{LogBytes: 1500, fs: errfs.Wrap(fsys, errfs.Full(level))}
		db, err := Open("", &o)
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("level %d: %v", level, err)
		}
		var full error
		for range 25 {
			if db == nil {
				break
			}
			s := randomStep(rng)
			switch err := do(db, s); {
			case err == nil:
				if err := do(model, s); err != nil {
					t.Fatal(err)
				}
			case errors.Is(err, syscall.ENOSPC):
				full = err
			default:
				t.Fatalf("level %d: %v", level, err)
			}
			if err := same(db, model); err != nil {
				t.Fatalf("level %d, while open: %v", level, err)
			}
		}
		if full != nil {
			failed++
		}
		if db != nil {
			if err := db.Close(); err != nil && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("level %d: %v", level, err)
			}
		}
		o.fs = fsys
		if db, err = Open("", &o); err != nil {
			t.Fatalf("level %d: %v", level, err)
		}
		if err := same(db, model); err != nil {
			t.Fatalf("level %d, opened again: %v", level, err)
		}
		if _, err := db.check(t.Context()); err != nil {
			t.Fatalf("level %d: %v", level, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if full == nil && level > 2000 {
			break
		}
	}
	t.Logf("%d levels, at %d of them writes failed", levels, failed)
}
