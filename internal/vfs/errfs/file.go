package errfs

import (
	"io"
	"io/fs"

	"github.com/quarry-go/quarry/internal/vfs"
)

type file struct {
	vfs.File
	fs   *FS
	name string
}

func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	err = f.fs.do(KindReadAt, f.name, len(p), func() (err error) {
		n, err = f.File.ReadAt(p, off)
		return err
	})
	return n, err
}

func (f *file) Write(p []byte) (n int, err error) {
	switch err := f.fs.ask(KindWrite, f.name, len(p)); err {
	case nil:
		return f.File.Write(p)
	case ErrSwallow:
		return len(p), nil
	case ErrShort:
		n, err := f.File.Write(p[:len(p)/2])
		if err == nil {
			err = &fs.PathError{Op: "write", Path: f.name, Err: ENOSPC}
		}
		return n, err
	default:
		if a, ok := err.(after); ok {
			f.File.Write(p)
			err = a.error
		}
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: err}
	}
}

func (f *file) Size() (size int64, err error) {
	err = f.fs.do(KindSize, f.name, 0, func() (err error) {
		size, err = f.File.Size()
		return err
	})
	return size, err
}

func (f *file) Truncate(size int64) error {
	return f.fs.do(KindTruncate, f.name, int(size), func() error { return f.File.Truncate(size) })
}

// Sync tells a simulated file that a sync failed, so that it can lose what was to be synced.
func (f *file) Sync() error {
	done := false
	err := f.fs.do(KindSync, f.name, 0, func() error {
		done = true
		return f.File.Sync()
	})
	if s, ok := f.File.(interface{ FailSync() }); ok && err != nil && !done {
		s.FailSync()
	}
	return err
}

// Close closes the file in any case, as the operating system does.
func (f *file) Close() error { return f.fs.close(f.name, f.File) }

type lock struct {
	io.Closer
	fs   *FS
	name string
}

func (l lock) Close() error { return l.fs.close(l.name, l.Closer) }

func (f *FS) close(name string, c io.Closer) error {
	err := f.ask(KindClose, name, 0)
	if cerr := c.Close(); cerr != nil {
		return cerr
	}
	if a, ok := err.(after); ok {
		err = a.error
	}
	if err == ErrShort {
		err = ENOSPC
	}
	if err != nil && err != ErrSwallow {
		return &fs.PathError{Op: "close", Path: name, Err: err}
	}
	return nil
}
