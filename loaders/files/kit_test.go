package files_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/files"
	"github.com/quarry-go/quarry/loaders/loadertest"
	"github.com/quarry-go/quarry/loaders/text"
)

var contents = map[string]string{"a.txt": "one", "b/c.txt": "two", "b/d": "three", "x.png": "\x89PNG\r\n\x1a\n", "z.txt": "a\x00"}

func TestDirContract(t *testing.T) {
	dir := t.TempDir()
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, content := range contents {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, old, old); err != nil {
			t.Fatal(err)
		}
	}
	size := 1
	loadertest.Run(t, loadertest.Harness{
		Loader: files.Dir(dir, &files.Options{
			Formats:    loaders.Formats{text.Format(nil)},
			Principals: func(string) []string { return []string{"staff"} },
		}),
		Change: func() (string, error) {
			size++
			return "a.txt", os.WriteFile(filepath.Join(dir, "a.txt"), []byte(strings.Repeat("x", size)), 0o644)
		},
	})
}

func TestFSContract(t *testing.T) {
	fsys := &countingFS{MapFS: fstest.MapFS{}}
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, content := range contents {
		fsys.MapFS[name] = &fstest.MapFile{Data: []byte(content), ModTime: old}
	}
	size := 1
	loadertest.Run(t, loadertest.Harness{
		Loader: files.FS(fsys, &files.Options{Formats: loaders.Formats{text.Format(nil)}}),
		Change: func() (string, error) {
			size++
			fsys.MapFS["a.txt"] = &fstest.MapFile{Data: []byte(strings.Repeat("x", size)), ModTime: old}
			return "a.txt", nil
		},
		Reads: func() int { return int(fsys.reads.Load()) },
	})
}

// countingFS counts the files that are opened.
type countingFS struct {
	fstest.MapFS
	reads atomic.Int64
}

func (f *countingFS) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	if err == nil {
		if info, err := file.Stat(); err == nil && !info.IsDir() {
			f.reads.Add(1)
		}
	}
	return file, err
}
