package files

import (
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

func TestVersion(t *testing.T) {
	root := folderOf(t, "a", "b", "sub/c")
	o := &Options{Formats: plain}
	first := list(t, Dir(root, o))
	if again := list(t, Dir(root, o)); !reflect.DeepEqual(first, again) {
		t.Errorf("nothing changed: %v and %v", first, again)
	}
	for id, v := range first.versions {
		if v == "" {
			t.Errorf("%s has no version", id)
		}
	}
	changed := func(name string, o *Options, want ...string) {
		t.Helper()
		var got []string
		for id, v := range list(t, Dir(root, o)).versions {
			if v != first.versions[id] {
				got = append(got, id)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: changed %q, want %q", name, got, want)
		}
	}
	changed("a limit", &Options{Formats: plain, Limits: loaders.Limits{MaxDepth: 3}}, "a", "b", "sub/c")
	changed("a parser", &Options{Formats: loaders.Formats{{Name: "plain", Version: "2", Parser: plain[0]}}}, "a", "b", "sub/c")
	changed("trust", &Options{Formats: plain, Trust: loaders.Internal}, "a", "b", "sub/c")
	changed("the address", &Options{Formats: plain, URI: "https://example.org"}, "a", "b", "sub/c")
	changed("principals", &Options{Formats: plain, Principals: func(ref string) []string {
		if ref == "b" {
			return []string{"staff"}
		}
		return nil
	}}, "b")
	changed("meta", &Options{Formats: plain, Meta: func(ref string, _ fs.FileInfo) map[string]any {
		return map[string]any{"x": path.Base(ref)}
	}}, "a", "b", "sub/c")
	changed("nothing", o)

	write(t, filepath.Join(root, "sub/c"), "text of sub/C") // same size
	age(t, filepath.Join(root, "sub/c"))                    // same time
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		changed("content behind the same size and time", o, "sub/c")
	}
	write(t, filepath.Join(root, "a"), "longer than it was")
	age(t, filepath.Join(root, "a"))
	if got := list(t, Dir(root, o)); got.versions["a"] == first.versions["a"] {
		t.Error("another size has the same version")
	}
}

// A rewrite within the grain of the file system's clock changes neither size
// nor time: then the content must tell.
func TestVersionOfFreshFiles(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	file := &fstest.MapFile{Data: []byte("one"), ModTime: now.Add(-time.Second)}
	fsys := &fakeFS{MapFS: fstest.MapFS{"a": file}}
	l := FS(fsys, &Options{Formats: plain}).(*lister)
	l.now = func() time.Time { return now }
	version := func() string { return list(t, l).versions["a"] }

	one := version()
	if again := version(); one == "" || one != again {
		t.Errorf("the same content has versions %q and %q", one, again)
	}
	file.Data = []byte("two")
	two := version()
	if two == one {
		t.Error("a rewrite within the clock's grain was missed")
	}
	// A second write in the same tick, after the listing: the version must
	// not stay the same once the time is trusted.
	now = now.Add(time.Minute)
	file.Data = []byte("six")
	if settled := version(); settled == two {
		t.Error("a write after the listing, within the clock's grain, was missed")
	}
	for _, mod := range []time.Time{{}, now.Add(time.Hour)} {
		file.ModTime = mod
		a := version()
		file.Data = append([]byte(nil), "xyz"...)
		if version() == a {
			t.Errorf("time %v was trusted", mod)
		}
		file.Data = []byte("six")
	}
}

func TestHash(t *testing.T) {
	o := &Options{Formats: plain, Hash: true}
	a, b := folderOf(t, "a", "b"), folderOf(t, "a", "b")
	write(t, filepath.Join(b, "b"), "another")
	o.URI = "https://example.org"
	first, second := list(t, Dir(a, o)), list(t, Dir(b, o))
	if first.versions["a"] != second.versions["a"] || first.versions["b"] == second.versions["b"] {
		t.Errorf("%v and %v", first.versions, second.versions)
	}
	for d := range Dir(a, o).Load(t.Context()) {
		if !d.Modified.IsZero() {
			t.Errorf("%s was modified at %v", d.ID, d.Modified)
		}
	}
}

// TestListOpensNothing counts what is opened.
func TestListOpensNothing(t *testing.T) {
	now := time.Now()
	fsys := &fakeFS{MapFS: fstest.MapFS{
		"a":              {Data: []byte("a"), ModTime: longAgo},
		"old/b":          {Data: []byte("b"), ModTime: now.Add(-grain - time.Second)},
		"new":            {Data: []byte("c"), ModTime: now},
		"sub/.gitignore": {Data: []byte("x"), ModTime: longAgo},
		"sub/d":          {Data: []byte("d"), ModTime: longAgo},
	}}
	l := FS(fsys, &Options{Formats: plain})
	if got := list(t, l); len(got.ids) != 4 {
		t.Fatalf("%v", got)
	}
	slices.Sort(fsys.read)
	if want := []string{"new", "sub/.gitignore"}; !slices.Equal(fsys.read, want) {
		t.Errorf("a listing read %q, want %q", fsys.read, want)
	}
	if fsys.open != 0 {
		t.Errorf("%d files are still open", fsys.open)
	}
	fsys.read = nil
	for range l.Load(t.Context()) {
		if fsys.open > 1 {
			t.Errorf("%d files are open at once", fsys.open)
		}
	}
	slices.Sort(fsys.read)
	if want := []string{"a", "new", "old/b", "sub/.gitignore", "sub/d"}; !slices.Equal(slices.Compact(fsys.read), want) {
		t.Errorf("a load read %q, want %q", fsys.read, want)
	}
	for range l.Load(t.Context()) {
		break
	}
	if fsys.open != 0 {
		t.Errorf("%d files are open after leaving early", fsys.open)
	}
}
