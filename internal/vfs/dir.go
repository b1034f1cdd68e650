package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Permissions before the umask: what is stored is the owner's alone.
const (
	filePerm = 0o600
	dirPerm  = 0o700
)

// A Dir is the file system of the operating system below one directory. No name leads out of it, not by a symbolic link
// either (see [os.Root]).
type Dir struct{ root *os.Root }

var _ FS = (*Dir)(nil)

// OpenDir opens an existing directory of the operating system as a file system. Moving the directory while it is open
// does no harm on Unix. The caller closes it.
func OpenDir(dir string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Dir{root}, nil
}

// MkdirAll makes a directory of the operating system with its missing parents, each durable in its own parent. It is
// nil where the directory exists.
func MkdirAll(dir string) error {
	info, err := os.Stat(dir)
	if err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: errNotDir}
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := MkdirAll(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, dirPerm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	p, err := os.Open(parent)
	if err != nil {
		return err
	}
	defer p.Close()
	return syncDir(p)
}

var errNotDir = errors.New("not a directory")

// Name returns the path of the root as it was given to [OpenDir].
func (d *Dir) Name() string { return d.root.Name() }

// Close lets go of the directory. Files opened through it stay open.
func (d *Dir) Close() error { return d.root.Close() }

// Create implements [FS].
func (d *Dir) Create(name string) (File, error) {
	return d.open("create", name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// Open implements [FS].
func (d *Dir) Open(name string) (File, error) { return d.open("open", name, os.O_RDONLY) }

// Append implements [FS].
func (d *Dir) Append(name string) (File, error) { return d.open("open", name, os.O_RDWR) }

func (d *Dir) open(op, name string, flag int) (File, error) {
	local, err := filepath.Localize(name)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	f, err := d.root.OpenFile(local, flag, filePerm)
	if err != nil {
		return nil, d.named(op, local, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: op, Path: f.Name(), Err: errNotFile}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &file{f, info.Size()}, nil
}

var errNotFile = errors.New("not a regular file")

// Rename implements [FS].
func (d *Dir) Rename(from, to string) error {
	a, err := filepath.Localize(from)
	b, err2 := filepath.Localize(to)
	if err != nil || err2 != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrInvalid}
	}
	if err := d.root.Rename(a, b); err != nil {
		dir := d.root.Name()
		return &os.LinkError{Op: "rename", Old: filepath.Join(dir, a), New: filepath.Join(dir, b), Err: cause(err)}
	}
	return nil
}

// Remove implements [FS].
func (d *Dir) Remove(name string) error { return d.at("remove", name, d.root.Remove) }

// Mkdir implements [FS].
func (d *Dir) Mkdir(name string) error {
	return d.at("mkdir", name, func(local string) error { return d.root.Mkdir(local, dirPerm) })
}

// Stat implements [FS].
func (d *Dir) Stat(name string) (info fs.FileInfo, err error) {
	err = d.at("stat", name, func(local string) error {
		info, err = d.root.Stat(local)
		return err
	})
	return info, err
}

// List implements [FS].
func (d *Dir) List(dir string) (names []string, err error) {
	err = d.at("list", dir, func(local string) error {
		f, err := d.root.Open(local)
		if err != nil {
			return err
		}
		defer f.Close()
		names, err = f.Readdirnames(-1)
		return err
	})
	slices.Sort(names)
	return names, err
}

// SyncDir implements [FS].
func (d *Dir) SyncDir(dir string) error {
	return d.at("syncdir", dir, func(local string) error {
		f, err := d.root.Open(local)
		if err != nil {
			return err
		}
		defer f.Close()
		return syncDir(f)
	})
}

// Lock implements [FS].
func (d *Dir) Lock(name, owner string) (c io.Closer, err error) {
	err = d.at("lock", name, func(local string) error {
		f, err := d.root.OpenFile(local, os.O_RDWR|os.O_CREATE, filePerm)
		if err != nil {
			return err
		}
		if err := lock(f); err != nil {
			defer f.Close()
			if errors.Is(err, ErrLocked) {
				text := make([]byte, 256)
				n, _ := f.ReadAt(text, 0)
				return &LockedError{Name: f.Name(), Owner: string(text[:n])}
			}
			return err
		}
		// The text is for people; a lock whose text cannot be written (a full disk) is still the lock.
		if f.Truncate(0) == nil {
			f.WriteAt([]byte(owner), 0)
		}
		c = f
		return nil
	})
	return c, err
}

func (d *Dir) at(op, name string, do func(local string) error) error {
	local, err := filepath.Localize(name)
	if err != nil {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return d.named(op, local, do(local))
}

// named gives an error the whole path, where the root knows only its own part of it.
func (d *Dir) named(op, local string, err error) error {
	if err == nil || errors.Is(err, ErrLocked) {
		return err
	}
	return &fs.PathError{Op: op, Path: filepath.Join(d.root.Name(), local), Err: cause(err)}
}

// cause returns what is inside an error of package os.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// A file writes at its own idea of the end, not by O_APPEND, because Windows does not let such a handle be truncated.
// It does not embed the os.File, whose other methods write elsewhere.
type file struct {
	os  *os.File
	end int64
}

func (f *file) ReadAt(p []byte, off int64) (int, error) { return f.os.ReadAt(p, off) }
func (f *file) Sync() error                             { return f.os.Sync() }
func (f *file) Close() error                            { return f.os.Close() }

func (f *file) Write(p []byte) (int, error) {
	n, err := f.os.WriteAt(p, f.end)
	f.end += int64(n)
	return n, err
}

func (f *file) Truncate(size int64) error {
	err := f.os.Truncate(size)
	if err == nil {
		f.end = size
	}
	return err
}

func (f *file) Size() (int64, error) {
	info, err := f.os.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
