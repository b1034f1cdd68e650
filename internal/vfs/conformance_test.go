package vfs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
)

// Every file system does the same, so that what a simulated one proves holds for the real one.
func TestConformance(t *testing.T) {
	systems := map[string]func(t *testing.T) vfs.FS{
		"dir":   func(t *testing.T) vfs.FS { return openDir(t, t.TempDir()) },
		"memfs": func(*testing.T) vfs.FS { return memfs.New() },
		"errfs": func(*testing.T) vfs.FS { return errfs.Wrap(memfs.New()) },
	}
	for name, open := range systems {
		t.Run(name, func(t *testing.T) {
			for rule, check := range conformance {
				t.Run(rule, func(t *testing.T) {
					c := checker{t, open(t)}
					check(c)
				})
			}
		})
	}
}

func openDir(t *testing.T, path string) *vfs.Dir {
	t.Helper()
	d, err := vfs.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

type checker struct {
	*testing.T
	vfs.FS
}

func (c checker) ok(errs ...error) {
	c.Helper()
	if err := errors.Join(errs...); err != nil {
		c.Fatal(err)
	}
}

// is wants an error that matches target and names the file.
func (c checker) is(err, target error, name string) {
	c.Helper()
	if !errors.Is(err, target) || !strings.Contains(err.Error(), name) {
		c.Errorf("error %v; want %v about %q", err, target, name)
	}
}

// write makes a file.
func (c checker) write(name, content string) {
	c.Helper()
	f, err := c.Create(name)
	c.ok(err)
	n, err := f.Write([]byte(content))
	c.ok(err, f.Sync(), f.Close())
	if n != len(content) {
		c.Fatalf("Write returned %d for %d bytes", n, len(content))
	}
}

func (c checker) content(name, want string) {
	c.Helper()
	got, err := vfs.ReadFile(c.FS, name)
	c.ok(err)
	if string(got) != want {
		c.Errorf("%s holds %q, want %q", name, got, want)
	}
	info, err := c.Stat(name)
	c.ok(err)
	if info.Size() != int64(len(want)) || info.IsDir() || !info.Mode().IsRegular() {
		c.Errorf("%s: %d bytes, %v", name, info.Size(), info.Mode())
	}
}

func (c checker) list(dir string, want ...string) {
	c.Helper()
	got, err := c.List(dir)
	c.ok(err)
	if !slices.Equal(got, want) {
		c.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

var conformance = map[string]func(checker){
	"create is exclusive": func(c checker) {
		c.write("a", "one")
		_, err := c.Create("a")
		c.is(err, fs.ErrExist, "a")
		c.content("a", "one")
	},
	"what is missing is said": func(c checker) {
		_, err := c.Open("a")
		c.is(err, fs.ErrNotExist, "a")
		_, err = c.Append("a")
		c.is(err, fs.ErrNotExist, "a")
		_, err = c.Stat("a")
		c.is(err, fs.ErrNotExist, "a")
		_, err = c.List("a")
		c.is(err, fs.ErrNotExist, "a")
		_, err = c.Create("a/b")
		c.is(err, fs.ErrNotExist, "b")
		c.is(c.Remove("a"), fs.ErrNotExist, "a")
		c.is(c.SyncDir("a"), fs.ErrNotExist, "a")
		c.is(c.Rename("a", "b"), fs.ErrNotExist, "a")
		_, err = vfs.ReadFile(c.FS, "a")
		c.is(err, fs.ErrNotExist, "a")
	},
	"names lead nowhere else": func(c checker) {
		for _, name := range []string{"", "/a", "../a", "a/../b", "a//b", "./a", "a/"} {
			_, err := c.Create(name)
			c.is(err, fs.ErrInvalid, name)
			_, err = c.Stat(name)
			c.is(err, fs.ErrInvalid, name)
			c.is(c.Mkdir(name), fs.ErrInvalid, name)
			if err := c.Rename(name, "b"); !errors.Is(err, fs.ErrInvalid) {
				c.Errorf("rename of %q: %v", name, err)
			}
		}
		c.list(".")
	},
	"writes go to the end": func(c checker) {
		c.write("a", "one")
		f, err := c.Append("a")
		c.ok(err)
		_, err = io.WriteString(f, "two")
		c.ok(err)
		b := make([]byte, 2)
		if n, err := f.ReadAt(b, 2); n != 2 || err != nil || string(b) != "et" {
			c.Errorf("ReadAt: %d, %v, %q", n, err, b)
		}
		_, err = io.WriteString(f, "three")
		c.ok(err, f.Close())
		c.content("a", "onetwothree")
	},
	"truncate cuts, extends, and moves the end": func(c checker) {
		c.write("a", "abcdef")
		f, err := c.Append("a")
		c.ok(err, f.Truncate(2))
		_, err = io.WriteString(f, "X")
		c.ok(err, f.Truncate(5))
		_, err = io.WriteString(f, "Y")
		c.ok(err, f.Sync())
		if size, err := f.Size(); size != 6 || err != nil {
			c.Errorf("Size: %d, %v", size, err)
		}
		c.ok(f.Close())
		c.content("a", "abX\x00\x00Y")
	},
	"reads end": func(c checker) {
		c.write("a", "abc")
		f, err := c.Open("a")
		c.ok(err)
		b := make([]byte, 4)
		if n, err := f.ReadAt(b, 1); n != 2 || err != io.EOF {
			c.Errorf("over the end: %d, %v", n, err)
		}
		if n, err := f.ReadAt(b, 9); n != 0 || err != io.EOF {
			c.Errorf("behind the end: %d, %v", n, err)
		}
		if _, err := f.ReadAt(b, -1); err == nil {
			c.Error("at a negative offset")
		}
		c.ok(f.Close())
		if _, err := f.ReadAt(b, 0); !errors.Is(err, fs.ErrClosed) {
			c.Errorf("closed: %v", err)
		}
	},
	"a file that is open for reading is not changed": func(c checker) {
		c.write("a", "abc")
		f, err := c.Open("a")
		c.ok(err)
		if _, err := f.Write([]byte("x")); err == nil {
			c.Error("Write did not fail")
		}
		if err := f.Truncate(0); err == nil {
			c.Error("Truncate did not fail")
		}
		c.ok(f.Close())
		c.content("a", "abc")
	},
	"rename replaces": func(c checker) {
		c.write("a", "new")
		c.write("b", "old")
		old, err := c.Open("b")
		c.ok(err, c.Rename("a", "b"))
		c.content("b", "new")
		b := make([]byte, 3)
		_, err = old.ReadAt(b, 0)
		c.ok(err, old.Close())
		if string(b) != "old" {
			c.Errorf("an open handle shows %q", b)
		}
		c.list(".", "b")
		c.ok(c.Rename("b", "b"))
		c.content("b", "new")
	},
	"rename moves between directories": func(c checker) {
		c.ok(c.Mkdir("d"))
		c.write("a", "x")
		c.ok(c.Rename("a", "d/b"))
		c.list(".", "d")
		c.content("d/b", "x")
	},
	"directories": func(c checker) {
		c.ok(c.Mkdir("d"), c.Mkdir("d/e"))
		c.is(c.Mkdir("d"), fs.ErrExist, "d")
		c.write("d/b", "")
		c.write("d/a", "")
		c.list("d", "a", "b", "e")
		c.list(".", "d")
		if info, err := c.Stat("d"); err != nil || !info.IsDir() || info.Name() != "d" {
			c.Errorf("%v, %v", info, err)
		}
		if c.Remove("d") == nil {
			c.Error("removed a directory with files in it")
		}
		for _, open := range []func(string) (vfs.File, error){c.Open, c.Append} {
			if f, err := open("d"); err == nil {
				f.Close()
				c.Error("opened a directory")
			}
		}
		if _, err := c.List("d/a"); err == nil {
			c.Error("listed a file")
		}
		if _, err := c.Create("d/a/x"); err == nil {
			c.Error("created a file in a file")
		}
		c.ok(c.Remove("d/a"), c.Remove("d/b"), c.Remove("d/e"), c.SyncDir("d"), c.Remove("d"), c.SyncDir("."))
		c.list(".")
	},
	"lock": func(c checker) {
		held, err := c.Lock("LOCK", "pid 7")
		c.ok(err)
		_, err = c.Lock("LOCK", "pid 8")
		var locked *vfs.LockedError
		c.is(err, vfs.ErrLocked, "pid 7")
		if !errors.As(err, &locked) || locked.Owner != "pid 7" {
			c.Errorf("second: %v", err)
		}
		c.content("LOCK", "pid 7")
		c.ok(held.Close())
		held, err = c.Lock("LOCK", "9")
		c.ok(err)
		c.content("LOCK", "9")
		c.ok(held.Close())
	},
	"replace": func(c checker) {
		c.ok(c.Mkdir("d"))
		c.write("d/a.tmp", "left by somebody, and longer")
		for _, content := range []string{"one", "", "three"} {
			c.ok(vfs.Replace(c.FS, "d/a", []byte(content)))
			c.content("d/a", content)
			c.list("d", "a")
		}
	},
	"many goroutines": func(c checker) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				name := fmt.Sprint("f", i)
				for range 20 {
					if err := vfs.Replace(c.FS, name, []byte(name)); err != nil {
						c.Error(err)
					}
					if got, err := vfs.ReadFile(c.FS, name); err != nil || string(got) != name {
						c.Errorf("%q, %v", got, err)
					}
					if _, err := c.List("."); err != nil {
						c.Error(err)
					}
				}
			})
		}
		all.Wait()
	},
}
