// Package memfs is a file system in memory that knows what a power failure could do to it. It keeps, beside what
// programs see, what is durable, and the changes between the two; [FS.Crash] makes of them a file system as a reboot
// could find it.
package memfs

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/quarry-go/quarry/internal/vfs"
)

// An FS is a file system in memory. It is safe for concurrent use.
type FS struct {
	mu      sync.Mutex
	root    *node
	handles int
	freed   []extent // content that was cut off or removed of late: a disk may show it again
}

var _ vfs.FS = (*FS)(nil)

// New returns an empty file system.
func New() *FS { return &FS{root: newDir()} }

// A node is a file or a directory. Bytes that data, disk, writes and FS.freed lead to are never changed, only
// appended behind, so that all may share them, and with the nodes of a crashed file system.
type node struct {
	// Of a directory: the names as programs see them, the durable ones, and the changes since they were the same.
	isDir   bool
	names   map[string]*node
	kept    map[string]*node
	changes []change

	// Of a file, likewise.
	data   []byte
	disk   []byte
	writes []write
	lost   []write // dropped by a failed sync: data shows them, and no later sync makes them durable

	locked bool
}

// A change of names of one directory is made by a crash, or not, as a whole. No node: the name goes away.
type change []entry

type entry struct {
	name string
	node *node
}

// A write adds data at the offset size, or with no data sets the size of the file.
type write struct {
	size int
	data []byte
}

// An extent is content of a file at its offset there.
type extent struct {
	off  int
	data []byte
}

func newDir() *node { return &node{isDir: true, names: map[string]*node{}, kept: map[string]*node{}} }

func (n *node) change(entries ...entry) {
	for _, e := range entries {
		if e.node == nil {
			delete(n.names, e.name)
		} else {
			n.names[e.name] = e.node
		}
	}
	n.changes = append(n.changes, entries)
}

func (n *node) append(p []byte) {
	size := len(n.data)
	n.data = append(n.data, p...)
	n.writes = append(n.writes, write{size, n.data[size:len(n.data):len(n.data)]})
}

func (n *node) setSize(size int) {
	if size > len(n.data) {
		n.data = append(n.data, make([]byte, size-len(n.data))...)
	}
	n.data = n.data[:size:size] // what is appended next must not change what others share
	n.lost = slices.DeleteFunc(n.lost, func(w write) bool { return w.size >= size })
	n.writes = append(n.writes, write{size: size})
}

func (n *node) sync() {
	n.disk, n.writes = slices.Clip(n.data), nil
	if len(n.lost) > 0 {
		n.disk = slices.Clone(n.data)
		for _, w := range n.lost {
			clear(n.disk[w.size:min(w.size+len(w.data), len(n.disk))])
		}
	}
}

// failSync drops what was written since the last sync.
func (n *node) failSync() {
	for _, w := range n.writes {
		if w.data != nil {
			n.lost = append(n.lost, w)
		}
	}
}

// free remembers content that the file system has given up.
func (m *FS) free(n *node, from int) {
	if n != nil && from < len(n.data) {
		const most = 8
		if len(m.freed) == most {
			m.freed = slices.Delete(m.freed, 0, 1)
		}
		m.freed = append(m.freed, extent{from, n.data[from:len(n.data):len(n.data)]})
	}
}

var (
	errNotFile  = errors.New("not a regular file")
	errNotDir   = errors.New("not a directory")
	errNotEmpty = errors.New("directory not empty")
	errReadOnly = errors.New("file is open for reading only")
	errOffset   = errors.New("negative offset")
)

// find returns the node of a name, nil where there is none, and its parent and last element.
func (m *FS) find(name string) (dir *node, base string, n *node, err error) {
	if !fs.ValidPath(name) {
		return nil, "", nil, fs.ErrInvalid
	}
	n, base = m.root, "."
	if name == "." {
		return nil, base, n, nil
	}
	for elem := range strings.SplitSeq(name, "/") {
		if n == nil {
			return nil, "", nil, fs.ErrNotExist
		}
		if !n.isDir {
			return nil, "", nil, errNotDir
		}
		dir, base = n, elem
		n = dir.names[elem]
	}
	return dir, base, n, nil
}

// at calls do with the node of a name, nil where there is none.
func (m *FS) at(op, name string, do func(dir *node, base string, n *node) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, n, err := m.find(name)
	if err == nil {
		err = do(dir, base, n)
	}
	if err != nil && !errors.Is(err, vfs.ErrLocked) {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return err
}

// Create implements [vfs.FS].
func (m *FS) Create(name string) (f vfs.File, err error) {
	err = m.at("create", name, func(dir *node, base string, n *node) error {
		if n != nil {
			return fs.ErrExist
		}
		n = new(node)
		dir.change(entry{base, n})
		f = m.open(name, n, true)
		return nil
	})
	return f, err
}

// Open implements [vfs.FS].
func (m *FS) Open(name string) (vfs.File, error) { return m.openFile(name, false) }

// Append implements [vfs.FS].
func (m *FS) Append(name string) (vfs.File, error) { return m.openFile(name, true) }

func (m *FS) openFile(name string, writable bool) (f vfs.File, err error) {
	err = m.at("open", name, func(_ *node, _ string, n *node) error {
		if err := mustBeFile(n); err != nil {
			return err
		}
		f = m.open(name, n, writable)
		return nil
	})
	return f, err
}

func (m *FS) open(name string, n *node, writable bool) *file {
	m.handles++
	return &file{fs: m, name: name, node: n, writable: writable}
}

func mustBeFile(n *node) error {
	if n == nil {
		return fs.ErrNotExist
	}
	if n.isDir {
		return errNotFile
	}
	return nil
}

func mustBeDir(n *node) error {
	if n == nil {
		return fs.ErrNotExist
	}
	if !n.isDir {
		return errNotDir
	}
	return nil
}

// Rename implements [vfs.FS].
func (m *FS) Rename(from, to string) error {
	return m.at("rename", from, func(dir *node, base string, n *node) error {
		if err := mustBeFile(n); err != nil {
			return err
		}
		toDir, toBase, old, err := m.find(to)
		if err != nil {
			return err
		}
		if old == n {
			return nil
		}
		if old != nil && old.isDir {
			return errNotFile
		}
		m.free(old, 0)
		if toDir == dir {
			dir.change(entry{base, nil}, entry{toBase, n})
			return nil
		}
		dir.change(entry{base, nil})
		toDir.change(entry{toBase, n})
		return nil
	})
}

// Remove implements [vfs.FS].
func (m *FS) Remove(name string) error {
	return m.at("remove", name, func(dir *node, base string, n *node) error {
		switch {
		case n == nil:
			return fs.ErrNotExist
		case dir == nil:
			return fs.ErrInvalid
		case len(n.names) > 0:
			return errNotEmpty
		}
		m.free(n, 0)
		dir.change(entry{base, nil})
		return nil
	})
}

// Mkdir implements [vfs.FS].
func (m *FS) Mkdir(name string) error {
	return m.at("mkdir", name, func(dir *node, base string, n *node) error {
		if n != nil {
			return fs.ErrExist
		}
		dir.change(entry{base, newDir()})
		return nil
	})
}

// List implements [vfs.FS].
func (m *FS) List(dir string) (names []string, err error) {
	err = m.at("list", dir, func(_ *node, _ string, n *node) error {
		if err := mustBeDir(n); err != nil {
			return err
		}
		names = slices.Sorted(maps.Keys(n.names))
		return nil
	})
	return names, err
}

// Stat implements [vfs.FS]. Modification times are zero.
func (m *FS) Stat(name string) (i fs.FileInfo, err error) {
	err = m.at("stat", name, func(_ *node, _ string, n *node) error {
		if n == nil {
			return fs.ErrNotExist
		}
		i = info{path.Base(name), int64(len(n.data)), n.isDir}
		return nil
	})
	return i, err
}

// SyncDir implements [vfs.FS].
func (m *FS) SyncDir(dir string) error {
	return m.at("syncdir", dir, func(_ *node, _ string, n *node) error {
		if err := mustBeDir(n); err != nil {
			return err
		}
		n.kept, n.changes = maps.Clone(n.names), nil
		return nil
	})
}

// Lock implements [vfs.FS].
func (m *FS) Lock(name, owner string) (c io.Closer, err error) {
	err = m.at("lock", name, func(dir *node, base string, n *node) error {
		if n == nil {
			n = new(node)
			dir.change(entry{base, n})
		}
		if err := mustBeFile(n); err != nil {
			return err
		}
		if n.locked {
			return &vfs.LockedError{Name: name, Owner: string(n.data)}
		}
		n.locked = true
		n.setSize(0)
		n.append([]byte(owner))
		f := m.open(name, n, true)
		f.holdsLock = true
		c = f
		return nil
	})
	return c, err
}

// Handles returns how many files and locks are open.
func (m *FS) Handles() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.handles
}

// Edit gives a file the content that do returns for a copy of the present one, durably: the damage that a disk may do.
func (m *FS) Edit(name string, do func([]byte) []byte) error {
	return m.at("edit", name, func(_ *node, _ string, n *node) error {
		if err := mustBeFile(n); err != nil {
			return err
		}
		n.data = do(slices.Clone(n.data))
		n.data = slices.Clip(n.data)
		n.disk, n.writes = n.data, nil
		return nil
	})
}
