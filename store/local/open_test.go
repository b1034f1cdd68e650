package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store"
)

// text returns a change with one chunk.
func text(id, s string) store.Change {
	return store.Change{Upsert: []store.Chunk{{ID: id, DocID: id, Text: s, End: len(s)}}}
}

// write writes to namespace x of db.
func write(db *DB, c store.Change) error {
	_, err := (&namespace{db: db, name: "x"}).Write(context.Background(), c)
	return err
}

// tree returns the content of every file below dir.
func tree(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			files[path] = "directory"
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		dir  string
		o    *Options
		want error
	}{
		{"", nil, store.ErrInvalid},
		{"", &Options{ReadOnly: true}, store.ErrInvalid},
		{file, nil, syscall.ENOTDIR},
		{filepath.Join(file, "below"), nil, syscall.ENOTDIR},
		{filepath.Join(t.TempDir(), "missing"), &Options{ReadOnly: true}, fs.ErrNotExist},
		{t.TempDir(), &Options{ReadOnly: true}, fs.ErrNotExist},
	} {
		db, err := Open(tt.dir, tt.o)
		if err == nil {
			db.Close()
		}
		if !errors.Is(err, tt.want) && !strings.Contains(fmt.Sprint(err), "not a directory") {
			t.Errorf("Open(%q, %+v): %v, want %v", tt.dir, tt.o, err, tt.want)
		}
		if tt.dir != "" && !strings.Contains(fmt.Sprint(err), tt.dir) {
			t.Errorf("Open(%q): %v names no directory", tt.dir, err)
		}
	}
	if _, err := Check(t.Context(), t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Check of an empty directory: %v", err)
	}
}

// A directory of another program, or of ours with a piece missing, is an
// error, and nothing in it is touched.
func TestOpenForeign(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a text":           {"notes.txt": "mine"},
		"another database": {"CURRENT": "MANIFEST-000001\n", "MANIFEST-000001": "x", "LOCK": ""},
		"a Java archive":   {"MANIFEST": "Manifest-Version: 1.0\n"},
		"an empty file":    {"MANIFEST": ""},
		"a folder":         {"sub/file": "x"},
		"no manifest":      {"LOCK": "", "log-000001": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range files {
				path := filepath.Join(dir, file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			before := tree(t, dir)
			for _, o := range []*Options{nil, {ReadOnly: true}} {
				_, err := Open(dir, o)
				if !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("got %v, want one of %v", err, store.ErrCorrupt)
				}
				if foreign := name != "no manifest"; errors.Is(err, ErrForeign) != foreign {
					t.Errorf("got %v, is foreign: %v", err, foreign)
				}
			}
			if after := tree(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("files were touched: %q, before %q", after, before)
			}
		})
	}
}

// A new file system's root has a folder of its own.
func TestOpenFreshVolume(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := Open(filepath.Join(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
}

func TestOpenNewer(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := db.journal.manifest
	db.Close()
	b := m.encode()
	b[8]++ // the version
	fresh := append([]byte(nil), b[:len(b)-4]...)
	sum := checksum(fresh)
	if err := os.WriteFile(filepath.Join(dir, manifestName), append(fresh, sum...), 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	if _, err := Open(dir, nil); !errors.Is(err, ErrNewer) || errors.Is(err, store.ErrCorrupt) {
		t.Errorf("got %v, want %v", err, ErrNewer)
	}
	if fmt.Sprint(tree(t, dir)) != fmt.Sprint(before) {
		t.Error("files were touched")
	}
}

// P6
func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	db, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []*Options{nil, {ReadOnly: true}} {
		if _, err := Open(dir, o); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
			t.Errorf("second Open with %+v: %v", o, err)
		}
	}
	if _, err := Check(t.Context(), dir); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Check of an open store: %v", err)
	}
	if err := write(db, text("1", "one")); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(dir, nil); err != nil {
		t.Fatal(err)
	}
	db.Close()
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(db, text("1", "one")); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before := tree(t, dir)
	if db, err = Open(dir, &Options{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if err := write(db, text("2", "two")); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Write: %v", err)
	}
	if err := db.Drop(t.Context(), "x"); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Drop: %v", err)
	}
	if s := db.Stats(); s.Chunks != 1 {
		t.Errorf("%d chunks, want 1", s.Chunks)
	}
	if _, err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	after := tree(t, dir)
	after[filepath.Join(dir, lockName)] = before[filepath.Join(dir, lockName)]
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("files were changed")
	}
}

// P7: a directory that cannot be written to.
func TestReadOnlyDisk(t *testing.T) {
	fsys := memfs.New()
	db, err := Open("", &Options{fs: fsys})
	if err != nil {
		t.Fatal(err)
	}
	if err := write(db, text("1", "one")); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for _, cause := range []error{syscall.EROFS, fs.ErrPermission} {
		refusing := errfs.Wrap(fsys, func(o errfs.Op) error {
			if o.Mutates() || o.Kind == errfs.KindAppend {
				return cause
			}
			return nil
		})
		if _, err := Open("", &Options{fs: refusing}); !errors.Is(err, store.ErrReadOnly) || !errors.Is(err, cause) {
			t.Errorf("got %v, want one of %v and %v", err, store.ErrReadOnly, cause)
		}
		db, err := Open("", &Options{fs: refusing, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if s := db.Stats(); s.Chunks != 1 {
			t.Errorf("%d chunks, want 1", s.Chunks)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// P11: after Close, no goroutine, file or lock is left.
func TestQuiet(t *testing.T) {
	descriptors := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("open files cannot be counted here")
		}
		return len(names)
	}
	dir := t.TempDir()
	goroutines, files := runtime.NumGoroutine(), descriptors()
	for range 5 {
		db, err := Open(dir, &Options{LogBytes: 200})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if err := write(db, text(fmt.Sprint(i%5), "words and words")); err != nil {
				t.Fatal(err)
			}
		}
		for range must(db.Namespace("x")).Scan(t.Context(), store.ScanQuery{}) {
			break
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(filepath.Join(dir, manifestName), nil); err == nil {
			t.Error("a file was opened")
		}
	}
	for range 1000 { // a goroutine that has returned may still be counted
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if n := descriptors(); n > files {
		t.Errorf("%d open files, %d before", n, files)
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(names, func(d fs.DirEntry) bool { return strings.HasSuffix(d.Name(), ".tmp") }) {
		t.Errorf("left over: %v", names)
	}
}

// checksum returns the last bytes of a manifest.
func checksum(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.Checksum(body, castagnoli))
}
