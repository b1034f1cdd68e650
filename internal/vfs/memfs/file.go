package memfs

import (
	"io"
	"io/fs"
	"time"
)

type file struct {
	fs        *FS
	name      string
	node      *node
	writable  bool
	holdsLock bool
	closed    bool
}

// use calls do with the node of an open file.
func (f *file) use(op string, write bool, do func(n *node) error) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := errReadOnly
	switch {
	case f.closed:
		err = fs.ErrClosed
	case f.writable || !write:
		err = do(f.node)
	}
	if err != nil && err != io.EOF {
		err = &fs.PathError{Op: op, Path: f.name, Err: err}
	}
	return err
}

func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	err = f.use("read", false, func(node *node) error {
		if off < 0 {
			return errOffset
		}
		if off < int64(len(node.data)) {
			n = copy(p, node.data[off:])
		}
		if n < len(p) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

func (f *file) Write(p []byte) (n int, err error) {
	err = f.use("write", true, func(node *node) error {
		if n = len(p); n > 0 {
			node.append(p)
		}
		return nil
	})
	return n, err
}

func (f *file) Size() (size int64, err error) {
	err = f.use("stat", false, func(node *node) error {
		size = int64(len(node.data))
		return nil
	})
	return size, err
}

func (f *file) Truncate(size int64) error {
	return f.use("truncate", true, func(node *node) error {
		if size < 0 {
			return fs.ErrInvalid
		}
		f.fs.free(node, int(size))
		node.setSize(int(size))
		return nil
	})
}

func (f *file) Sync() error {
	return f.use("sync", true, func(node *node) error {
		node.sync()
		return nil
	})
}

// FailSync is what a failed fsync does on Linux: the kernel drops the pages that it could not write, still shows
// their content while it keeps them, and the next fsync succeeds without them.
func (f *file) FailSync() {
	f.use("sync", true, func(node *node) error {
		node.failSync()
		return nil
	})
}

func (f *file) Close() error {
	return f.use("close", false, func(node *node) error {
		f.closed = true
		f.fs.handles--
		if f.holdsLock {
			node.locked = false
		}
		return nil
	})
}

type info struct {
	name  string
	size  int64
	isDir bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.isDir }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.isDir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
