package local

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store"
)

// P4: a store that is open notices what happens to its files.
func TestCheckWhileOpen(t *testing.T) {
	fsys := memfs.New()
	db, err := Open("", &Options{fs: fsys, LogBytes: 600})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range 10 {
		if err := write(db, text(fmt.Sprint(i), "some words of a chunk")); err != nil {
			t.Fatal(err)
		}
	}
	report, err := db.Check(t.Context())
	if err != nil || report.Chunks != 10 || report.Changes != 10 || report.Namespaces != 1 || report.Files < 3 || report.Bytes < 1000 {
		t.Fatalf("%+v, %v", report, err)
	}
	names, err := fsys.List(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name == lockName {
			continue
		}
		flip := func(b []byte) []byte {
			b[len(b)/2] ^= 4
			return b
		}
		if err := fsys.Edit(name, flip); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Check(t.Context()); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("a bit of %s was flipped: %v", name, err)
		}
		if err := fsys.Edit(name, flip); err != nil {
			t.Fatal(err)
		}
		if err := fsys.Rename(name, "gone"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Check(t.Context()); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s was removed: %v", name, err)
		}
		if err := fsys.Rename("gone", name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// A store without changes keeps its logs, however small they are to be.
func TestNothingIsRewritten(t *testing.T) {
	o := &Options{fs: memfs.New(), LogBytes: 1}
	for i := range 3 {
		db, err := Open("", o)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := db.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if i == 1 {
			if err := write(db, text("1", "one")); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
