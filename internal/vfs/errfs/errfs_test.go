package errfs_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
)

// everything does each kind of operation once, and returns the error of each.
func everything(fsys vfs.FS) map[errfs.Kind]error {
	errs := map[errfs.Kind]error{}
	note := func(k errfs.Kind, err error) { errs[k] = err }
	note(errfs.KindMkdir, fsys.Mkdir("d"))
	if f, err := fsys.Create("a"); err != nil {
		note(errfs.KindCreate, err)
	} else {
		note(errfs.KindCreate, nil)
		_, err = f.Write([]byte("1234"))
		note(errfs.KindWrite, err)
		_, err = f.ReadAt(make([]byte, 2), 0)
		note(errfs.KindReadAt, err)
		_, err = f.Size()
		note(errfs.KindSize, err)
		note(errfs.KindTruncate, f.Truncate(3))
		note(errfs.KindSync, f.Sync())
		note(errfs.KindClose, f.Close())
	}
	open := func(k errfs.Kind, open func(string) (vfs.File, error)) {
		f, err := open("a")
		if err == nil {
			f.Close()
		}
		note(k, err)
	}
	open(errfs.KindOpen, fsys.Open)
	open(errfs.KindAppend, fsys.Append)
	_, err := fsys.List(".")
	note(errfs.KindList, err)
	_, err = fsys.Stat("a")
	note(errfs.KindStat, err)
	held, err := fsys.Lock("LOCK", "")
	note(errfs.KindLock, err)
	if err == nil {
		held.Close()
	}
	note(errfs.KindRename, fsys.Rename("a", "b"))
	note(errfs.KindRemove, fsys.Remove("b"))
	note(errfs.KindSyncDir, fsys.SyncDir("."))
	return errs
}

// Each kind of operation is seen, fails with the error of a rule, and leaves nothing open.
func TestKinds(t *testing.T) {
	var kinds []errfs.Kind
	mutating := 0
	for k, err := range everything(errfs.Wrap(memfs.New(), func(o errfs.Op) error {
		if !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
			if o.Mutates() {
				mutating++
			}
		}
		return nil
	})) {
		if err != nil {
			t.Errorf("%s without a rule: %v", k, err)
		}
	}
	if len(kinds) != 16 || mutating != 9 {
		t.Errorf("%d kinds, %d of which mutate: %v", len(kinds), mutating, kinds)
	}
	fault := errors.New("fault")
	for _, k := range kinds {
		for _, err := range []error{fault, errfs.After(fault), errfs.ErrShort} {
			disk := memfs.New()
			want := fault
			if err == errfs.ErrShort {
				want = errfs.ENOSPC
			}
			got := everything(errfs.Wrap(disk, func(o errfs.Op) error {
				if o.Kind == k {
					return err
				}
				return nil
			}))
			if !errors.Is(got[k], want) {
				t.Errorf("%s with %v: %v", k, err, got[k])
			}
			if disk.Handles() != 0 {
				t.Errorf("%s with %v: %d handles left", k, err, disk.Handles())
			}
		}
	}
}

func TestNth(t *testing.T) {
	failed := func(sticky bool) (n []int) {
		fsys := errfs.Wrap(memfs.New(), errfs.Nth(2, errfs.EIO, sticky))
		for i := range 5 {
			if err := fsys.Mkdir(fmt.Sprint(i)); errors.Is(err, errfs.EIO) {
				n = append(n, i)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if fsys.Ops() != 5 {
			t.Errorf("%d operations", fsys.Ops())
		}
		return n
	}
	if got := failed(false); !slices.Equal(got, []int{2}) {
		t.Errorf("once: %v", got)
	}
	if got := failed(true); !slices.Equal(got, []int{2, 3, 4}) {
		t.Errorf("sticky: %v", got)
	}
}

func TestWrites(t *testing.T) {
	tests := []struct {
		rule    errfs.Rule
		n       int
		err     error
		content string
	}{
		{nil, 4, nil, "1234"},
		{errfs.Nth(1, errfs.EIO, false), 0, errfs.EIO, ""},
		{errfs.Nth(1, errfs.ErrShort, false), 2, errfs.ENOSPC, "12"},
		{errfs.Nth(1, errfs.After(errfs.EIO), false), 0, errfs.EIO, "1234"},
		{errfs.Swallow(errfs.KindWrite), 4, nil, ""},
		{errfs.Full(4), 4, nil, "1234"},
		{errfs.Full(3), 2, errfs.ENOSPC, "12"},
	}
	for i, tt := range tests {
		disk := memfs.New()
		var rules []errfs.Rule
		if tt.rule != nil {
			rules = append(rules, tt.rule)
		}
		f, err := errfs.Wrap(disk, rules...).Create("a")
		if err != nil {
			t.Fatal(err)
		}
		n, err := f.Write([]byte("1234"))
		content, _ := vfs.ReadFile(disk, "a")
		if n != tt.n || !errors.Is(err, tt.err) || string(content) != tt.content {
			t.Errorf("case %d: %d, %v, %q", i, n, err, content)
		}
	}
}

// What is swallowed is not done; what returns more than an error cannot be.
func TestSwallow(t *testing.T) {
	disk := memfs.New()
	fsys := errfs.Wrap(disk, errfs.Swallow(errfs.KindSync, errfs.KindSyncDir, errfs.KindRename, errfs.KindCreate))
	f, err := fsys.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("x"))
	if err := errors.Join(f.Sync(), fsys.SyncDir("."), fsys.Rename("a", "b")); err != nil {
		t.Error(err)
	}
	if _, err := disk.Stat("a"); err != nil {
		t.Error(err)
	}
	if names, _ := disk.Crash(memfs.Nothing, nil).List("."); len(names) > 0 {
		t.Errorf("%v are durable", names)
	}
}

// A sync that fails loses what it should have written, as it does on Linux.
func TestFailedSync(t *testing.T) {
	for _, fault := range []error{errfs.EIO, errfs.After(errfs.EIO)} {
		disk := memfs.New()
		fsys := errfs.Wrap(disk, errfs.Nth(2, fault, false))
		f, err := fsys.Create("a")
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("x"))
		if err := f.Sync(); !errors.Is(err, errfs.EIO) {
			t.Fatal(err)
		}
		if err := errors.Join(f.Sync(), fsys.SyncDir(".")); err != nil {
			t.Fatal(err)
		}
		want := "\x00"
		if fault != errfs.EIO {
			want = "x"
		}
		content, _ := vfs.ReadFile(disk.Crash(memfs.Nothing, nil), "a")
		if seen, _ := vfs.ReadFile(disk, "a"); string(content) != want || string(seen) != "x" {
			t.Errorf("%q is durable, %q is seen", content, seen)
		}
	}
}

func ExampleWrap() {
	fsys := errfs.Wrap(memfs.New(), errfs.Nth(1, errfs.ENOSPC, true))
	fmt.Println(fsys.Mkdir("a"))
	fmt.Println(fsys.Mkdir("b"))
	// Output:
	// <nil>
	// Mkdir b: no space left on device
}
