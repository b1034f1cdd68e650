// Package errfs is a file system that fails: it wraps another and asks rules, before each operation, what shall
// become of it.
package errfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"syscall"

	"github.com/quarry-go/quarry/internal/vfs"
)

// A Kind is a kind of operation, named after the method.
type Kind string

// The kinds of operations. Those from KindCreate to KindSyncDir change something; see [Op.Mutates].
const (
	KindCreate   Kind = "Create"
	KindWrite    Kind = "Write"
	KindTruncate Kind = "Truncate"
	KindSync     Kind = "Sync"
	KindRename   Kind = "Rename"
	KindRemove   Kind = "Remove"
	KindMkdir    Kind = "Mkdir"
	KindLock     Kind = "Lock"
	KindSyncDir  Kind = "SyncDir"
	KindOpen     Kind = "Open"
	KindAppend   Kind = "Append"
	KindReadAt   Kind = "ReadAt"
	KindSize     Kind = "Size"
	KindList     Kind = "List"
	KindStat     Kind = "Stat"
	KindClose    Kind = "Close"
)

// An Op is an operation that is about to happen.
type Op struct {
	N    int // how many came before it
	Kind Kind
	Name string // of the file or directory; the old name of a rename
	Size int    // bytes to write or read, or the size to truncate to
}

func (o Op) String() string { return fmt.Sprintf("op %d: %s %s (%d)", o.N, o.Kind, o.Name, o.Size) }

// Mutates reports whether the operation changes what is seen or what is durable.
func (o Op) Mutates() bool {
	switch o.Kind {
	case KindOpen, KindAppend, KindReadAt, KindSize, KindList, KindStat, KindClose:
		return false
	}
	return true
}

// A Rule decides what becomes of an operation by the error that it returns:
//   - nil: it goes on.
//   - [ErrSwallow]: it is not done, and succeeds. Operations that return more than an error go on.
//   - [ErrShort]: half of a write is done and the error is ENOSPC, as when a disk becomes full. Other operations fail
//     with ENOSPC.
//   - an error of [After]: it is done, and fails nevertheless.
//   - any other error: it is not done, and fails with that error.
//
// Rules are called one at a time, and no operation begins meanwhile. A rule must not use the file system that asks it.
type Rule func(Op) error

// Results of a [Rule], and errors for one.
var (
	ErrSwallow = errors.New("errfs: swallow")
	ErrShort   = errors.New("errfs: short")

	EIO    error = syscall.EIO
	ENOSPC error = syscall.ENOSPC
)

// After returns an error for a [Rule] that lets the operation happen and fails it with err nevertheless.
func After(err error) error { return after{err} }

type after struct{ error }

func (a after) Unwrap() error { return a.error }

// Nth fails the operation n with err, and where sticky, all after it too.
func Nth(n int, err error, sticky bool) Rule {
	return func(o Op) error {
		if o.N == n || sticky && o.N > n {
			return err
		}
		return nil
	}
}

// Swallow leaves out all operations of the given kinds, and says that they were done: sabotage.
func Swallow(kinds ...Kind) Rule {
	return func(o Op) error {
		if slices.Contains(kinds, o.Kind) {
			return ErrSwallow
		}
		return nil
	}
}

// Full fails all writes beyond a number of bytes: a full disk. What is truncated or removed gives nothing back.
func Full(bytes int) Rule {
	return func(o Op) error {
		if o.Kind != KindWrite {
			return nil
		}
		if bytes -= o.Size; bytes < 0 {
			return ErrShort
		}
		return nil
	}
}

// An FS is a file system with rules. It is safe for concurrent use.
type FS struct {
	fs    vfs.FS
	mu    sync.Mutex
	rules []Rule
	n     int
}

var _ vfs.FS = (*FS)(nil)

// Wrap returns fsys with rules. The first that returns an error decides; the others see the operation all the same.
func Wrap(fsys vfs.FS, rules ...Rule) *FS { return &FS{fs: fsys, rules: rules} }

// Ops returns the number of operations so far.
func (f *FS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// do asks the rules and then does the operation, or not.
func (f *FS) do(kind Kind, name string, size int, op func() error) error {
	err := f.ask(kind, name, size)
	switch {
	case err == nil:
		return op()
	case err == ErrSwallow:
		switch kind {
		case KindTruncate, KindSync, KindRename, KindRemove, KindMkdir, KindSyncDir:
			return nil
		}
		return op()
	case err == ErrShort:
		err = ENOSPC
	}
	if a, ok := err.(after); ok {
		op()
		err = a.error
	}
	return &fs.PathError{Op: string(kind), Path: name, Err: err}
}

func (f *FS) ask(kind Kind, name string, size int) (first error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := Op{f.n, kind, name, size}
	f.n++
	for _, r := range f.rules {
		if err := r(o); first == nil {
			first = err
		}
	}
	return first
}

// Create implements [vfs.FS].
func (f *FS) Create(name string) (vfs.File, error) { return f.open(KindCreate, name, f.fs.Create) }

// Open implements [vfs.FS].
func (f *FS) Open(name string) (vfs.File, error) { return f.open(KindOpen, name, f.fs.Open) }

// Append implements [vfs.FS].
func (f *FS) Append(name string) (vfs.File, error) { return f.open(KindAppend, name, f.fs.Append) }

func (f *FS) open(kind Kind, name string, open func(string) (vfs.File, error)) (vfs.File, error) {
	var opened vfs.File
	err := f.do(kind, name, 0, func() (err error) {
		opened, err = open(name)
		return err
	})
	if err != nil {
		if opened != nil {
			opened.Close()
		}
		return nil, err
	}
	return &file{File: opened, fs: f, name: name}, nil
}

// Rename implements [vfs.FS].
func (f *FS) Rename(from, to string) error {
	return f.do(KindRename, from, 0, func() error { return f.fs.Rename(from, to) })
}

// Remove implements [vfs.FS].
func (f *FS) Remove(name string) error {
	return f.do(KindRemove, name, 0, func() error { return f.fs.Remove(name) })
}

// Mkdir implements [vfs.FS].
func (f *FS) Mkdir(name string) error {
	return f.do(KindMkdir, name, 0, func() error { return f.fs.Mkdir(name) })
}

// List implements [vfs.FS].
func (f *FS) List(dir string) (names []string, err error) {
	err = f.do(KindList, dir, 0, func() (err error) {
		names, err = f.fs.List(dir)
		return err
	})
	return names, err
}

// Stat implements [vfs.FS].
func (f *FS) Stat(name string) (info fs.FileInfo, err error) {
	err = f.do(KindStat, name, 0, func() (err error) {
		info, err = f.fs.Stat(name)
		return err
	})
	return info, err
}

// SyncDir implements [vfs.FS].
func (f *FS) SyncDir(dir string) error {
	return f.do(KindSyncDir, dir, 0, func() error { return f.fs.SyncDir(dir) })
}

// Lock implements [vfs.FS].
func (f *FS) Lock(name, owner string) (io.Closer, error) {
	var held io.Closer
	err := f.do(KindLock, name, 0, func() (err error) {
		held, err = f.fs.Lock(name, owner)
		return err
	})
	if err != nil {
		if held != nil {
			held.Close()
		}
		return nil, err
	}
	return lock{held, f, name}, nil
}
