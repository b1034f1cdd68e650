// Package vfs is the file system that everything durable is written through. It is small on purpose: files are
// written at their end, cut at their end and read anywhere, and directories are synced by name, so that a simulated
// file system ([github.com/quarry-go/quarry/internal/vfs/memfs]) can say exactly what a power failure may take away.
//
// Names are slash-separated paths as in [fs.ValidPath], relative to a root that the implementation knows; "." is the
// root itself.
//
// # What is durable
//
// The content of a file is durable up to its last [File.Sync]. That a name exists, leads to another file or is gone is
// durable after the [FS.SyncDir] of the directory that holds the name, whatever was synced of the file; a new
// directory is a name in its parent. A rename within one directory is atomic: after a crash there is the state before
// or the state after it. A rename between two directories is two changes, and each directory needs its own sync.
package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// An FS is a tree of directories and files. It is safe for concurrent use. Errors say which file they are about, and
// match [fs.ErrExist], [fs.ErrNotExist] and [fs.ErrInvalid] as those of package os do.
type FS interface {
	// Create makes a new, empty file, open for reading and writing. Where the name exists it fails with [fs.ErrExist].
	Create(name string) (File, error)
	// Open opens an existing file for reading: Write, Truncate and Sync of it fail.
	Open(name string) (File, error)
	// Append opens an existing file for reading and writing; what is written goes to its end.
	Append(name string) (File, error)
	// Rename gives a file another name, atomically replacing the file that has it.
	Rename(from, to string) error
	// Remove takes away a name of a file or of an empty directory. Open handles stay good.
	Remove(name string) error
	// Mkdir makes one directory. Where the name exists it fails with [fs.ErrExist].
	Mkdir(name string) error
	// List returns the names in a directory, sorted, without their path.
	List(dir string) ([]string, error)
	// Stat describes a file or a directory.
	Stat(name string) (fs.FileInfo, error)
	// SyncDir makes the names in a directory durable: what was created, renamed or removed there. On systems without
	// such a call (Windows) it does nothing.
	SyncDir(dir string) error
	// Lock takes the exclusive lock of a file, which is made where it is missing, and writes owner into it for others
	// to read. The lock ends when the Closer is closed or the process ends; the file stays, and must never be
	// removed. It is advisory: only Lock looks at it. Where somebody else has it, in this process or another, the
	// error is a [*LockedError] and matches [ErrLocked]; Lock never waits. Where the system has no locks the error
	// matches [errors.ErrUnsupported].
	Lock(name, owner string) (io.Closer, error)
}

// A File is an open file. ReadAt may be called at any time from any goroutine; the other methods by one goroutine at a
// time.
type File interface {
	io.ReaderAt
	// Write adds p to the end of the file. Where it returns n < len(p) and an error, the first n bytes may have been
	// added.
	io.Writer
	io.Closer
	// Size returns the length of the file in bytes.
	Size() (int64, error)
	// Truncate cuts the file to size bytes, or extends it with zeros. The next Write goes to its new end.
	Truncate(size int64) error
	// Sync makes the content and the length durable. After an error nothing is known of what was written since the
	// last good Sync, and a later nil proves nothing: the kernel may have dropped the pages it could not write.
	Sync() error
}

// ErrLocked is matched by the error of [FS.Lock] when somebody else holds the lock.
var ErrLocked = errors.New("locked")

// A LockedError says who holds a lock.
type LockedError struct {
	Name  string // of the lock file
	Owner string // what the holder wrote into it, cut at 256 bytes; empty where it could not be read
}

func (e *LockedError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("lock %s: held by another", e.Name)
	}
	return fmt.Sprintf("lock %s: held by %q", e.Name, e.Owner)
}

// Is reports whether target is [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// ReadFile returns the whole content of a file.
func ReadFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	n, err := f.ReadAt(data, 0)
	if err == io.EOF && n == len(data) {
		err = nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

// Replace makes data the content of a file, atomically and durably: after a crash the file has its old content or the
// new one, and after a nil error the new one. It writes name+".tmp", over whatever had that name, and renames it.
// After an error the file has the old or the new content, whole. After an error or a crash the temporary file may
// remain.
func Replace(fsys FS, name string, data []byte) error {
	tmp := name + ".tmp"
	if err := fsys.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := fsys.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(tmp, name)
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(name))
}
