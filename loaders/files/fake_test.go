package files

import (
	"io/fs"
	"path"
	"testing/fstest"
)

// A fakeFS refuses some names and counts what is read. It has no ReaderAt.
type fakeFS struct {
	fstest.MapFS
	refuse map[string]bool
	read   []string
	open   int
}

func (f *fakeFS) Open(name string) (fs.File, error) {
	if f.refuse[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	file, err := f.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	f.read = append(f.read, name)
	f.open++
	return &fakeFile{file, f}, nil
}

func (f *fakeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if f.refuse[name] {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadDir(name)
}

func (f *fakeFS) ReadFile(name string) ([]byte, error) {
	if f.refuse[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	f.read = append(f.read, name)
	return f.MapFS.ReadFile(name)
}

// Lstat refuses what is in a folder whose "/*" is refused.
func (f *fakeFS) Lstat(name string) (fs.FileInfo, error) {
	if f.refuse[path.Dir(name)+"/*"] {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Lstat(name)
}

type fakeFile struct {
	fs.File
	fs *fakeFS
}

func (f *fakeFile) Close() error {
	f.fs.open--
	return f.File.Close()
}
