package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/quarry-go/quarry/store"
)

// mount mounts a small file system in memory, or skips the test.
func mount(t *testing.T) (dir string) {
	dir = t.TempDir()
	if err := syscall.Mount("quarry", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small file system cannot be mounted (as root only): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// P7: the disk of the operating system becomes full, and is freed again.
func TestFullTmpfs(t *testing.T) {
	root := mount(t)
	dir, filler := filepath.Join(root, "store"), filepath.Join(root, "filler")
	if err := os.WriteFile(filler, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	written := 0
	fill := func() {
		for ; ; written++ {
			err := write(db, text(strings.Repeat("i", written), strings.Repeat("words ", 200)))
			if errors.Is(err, syscall.ENOSPC) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	written++ // an ID is not empty
	fill()
	first := written
	if err := write(db, text("more", strings.Repeat("words ", 4000))); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if s := db.Stats(); s.Chunks != written-1 {
		t.Errorf("%d chunks, want %d", s.Chunks, written-1)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	fill()
	if written == first {
		t.Error("nothing can be written after space was freed")
	}
	if _, err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	report, err := Check(t.Context(), dir)
	if err != nil || report.Chunks != written-1 {
		t.Errorf("%d chunks, want %d (%v)", report.Chunks, written-1, err)
	}
	if db, err := Open(filepath.Join(root, "other"), nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a new store on a full disk: %v, %v", db, err)
	}
}

// P7
func TestReadOnlyMount(t *testing.T) {
	root := mount(t)
	dir := filepath.Join(root, "store")
	db, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(db, text("1", "one")); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := syscall.Mount("", root, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot be mounted read-only: %v", err)
	}
	for _, d := range []string{dir, filepath.Join(root, "new")} {
		if _, err := Open(d, nil); !errors.Is(err, store.ErrReadOnly) || !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), d) {
			t.Errorf("got %v", err)
		}
	}
	db, err = Open(dir, &Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if s := db.Stats(); s.Chunks != 1 {
		t.Errorf("%d chunks, want 1", s.Chunks)
	}
	db.Close()
}
