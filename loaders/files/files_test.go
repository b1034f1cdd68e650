package files

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

// plain reads any content as it is.
var plain = loaders.Formats{{
	Name:  "plain",
	Guess: func(head []byte) bool { return !strings.Contains(string(head), "\x00") },
	Parser: loaders.ParserFunc(func(ctx context.Context, in loaders.Input) iter.Seq2[loaders.Document, error] {
		return func(yield func(loaders.Document, error) bool) {
			b, err := in.ReadAll()
			if err != nil {
				yield(loaders.Document{}, &loaders.DocError{Ref: in.Ref, Err: err})
				return
			}
			d := in.Document()
			d.Text = string(b)
			yield(d, nil)
		}
	}),
}}

// longAgo is a modification time that is trusted.
var longAgo = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

// folderOf writes files into a new folder, all of them long ago. A name that ends
// in "/" is a folder; one with " -> " a link.
func folderOf(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, n := range names {
		p := filepath.Join(root, filepath.FromSlash(n))
		if link, target, ok := strings.Cut(n, " -> "); ok {
			if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
				t.Skip(err)
			}
			continue
		}
		if strings.HasSuffix(n, "/") {
			if err := os.MkdirAll(p, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		write(t, p, "text of "+n)
		age(t, p)
	}
	return root
}

func age(t *testing.T, p string) {
	t.Helper()
	if err := os.Chtimes(p, longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
}

// A listing is what List yields.
type listing struct {
	ids      []string
	versions map[string]string
	errs     map[string]error // by Ref
	end      error
}

func list(t *testing.T, l loaders.Lister) listing {
	t.Helper()
	got := listing{versions: map[string]string{}, errs: map[string]error{}}
	for ref, err := range l.List(t.Context()) {
		if got.end != nil {
			t.Fatalf("a pair after %v", got.end)
		}
		if de, ok := errors.AsType[*loaders.DocError](err); ok {
			got.errs[de.Ref] = err
			continue
		}
		if err != nil {
			got.end = err
			continue
		}
		got.ids = append(got.ids, ref.ID)
		got.versions[ref.ID] = ref.Version
	}
	return got
}

// load returns the texts of all documents by ID, and the errors by Ref.
func load(t *testing.T, l loaders.Loader) (texts map[string]string, errs map[string]error) {
	t.Helper()
	texts, errs = map[string]string{}, map[string]error{}
	for d, err := range l.Load(t.Context()) {
		if de, ok := errors.AsType[*loaders.DocError](err); ok {
			errs[de.Ref] = err
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		texts[d.ID] = d.Text
	}
	return texts, errs
}

func TestSelection(t *testing.T) {
	root := folderOf(t, "a.md", "b.txt", ".env", ".git/config", ".github/x.md", "docs/a.md", "docs/deep/b.md", "docs/c.go",
		"dist/out.js", "vendor/v.go", "node_modules/m/i.js", "a-b/c.md", "a/b.md")
	write(t, filepath.Join(root, ".gitignore"), "dist/\n!/.github/\n")
	write(t, filepath.Join(root, "docs/.gitignore"), "*.go\n")
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"default", Options{}, ".github/x.md a-b/c.md a.md a/b.md b.txt docs/a.md docs/deep/b.md node_modules/m/i.js vendor/v.go"},
		{"no ignore files", Options{IgnoreFiles: []string{}}, "a-b/c.md a.md a/b.md b.txt dist/out.js docs/a.md docs/c.go docs/deep/b.md node_modules/m/i.js vendor/v.go"},
		{"include", Options{Include: []string{"*.md"}}, ".github/x.md a-b/c.md a.md a/b.md docs/a.md docs/deep/b.md"},
		{"include a folder", Options{Include: []string{"docs"}}, "docs/a.md docs/deep/b.md"},
		{"include in a folder", Options{Include: []string{"docs/**/b.*"}}, "docs/deep/b.md"},
		{"include but", Options{Include: []string{"docs", "!docs/deep"}}, "docs/a.md"},
		{"exclude", Options{Exclude: []string{"node_modules", "/a.md", "vendor/**", "docs/*/"}}, ".github/x.md a-b/c.md a/b.md b.txt docs/a.md"},
		{"take back", Options{Exclude: []string{"!dist/", "!.env"}, Include: []string{"dist", ".env"}}, ".env dist/out.js"},
		{"hidden", Options{Hidden: true, Include: []string{".*"}}, ".env .github/x.md .gitignore docs/.gitignore"},
	} {
		c.o.Formats = plain
		got := list(t, Dir(root, &c.o))
		if s := strings.Join(got.ids, " "); s != c.want || got.end != nil || len(got.errs) > 0 {
			t.Errorf("%s:\ngot  %s\nwant %s\nerrors %v %v", c.name, s, c.want, got.errs, got.end)
		}
		if !slices.IsSorted(got.ids) {
			t.Errorf("%s: not sorted: %q", c.name, got.ids)
		}
		texts, _ := load(t, Dir(root, &c.o))
		if len(texts) != len(got.ids) {
			t.Errorf("%s: %d documents of %d refs", c.name, len(texts), len(got.ids))
		}
	}
}

func TestExcludedHook(t *testing.T) {
	root := folderOf(t, "a.md", ".x", "b.tmp", "c.go")
	write(t, filepath.Join(root, ".gitignore"), "# no temporary files\n*.tmp\n")
	got := map[string]string{}
	list(t, Dir(root, &Options{Exclude: []string{"*.go"}, Excluded: func(p, rule string) { got[p] = rule }}))
	want := map[string]string{".x": "hidden", ".gitignore": "hidden", "b.tmp": ".gitignore:2: *.tmp", "c.go": "exclude: *.go"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMalformedGlob(t *testing.T) {
	for _, glob := range []string{"[a", "a\\", "", "  ", "# a", "!"} {
		got := list(t, Dir(t.TempDir(), &Options{Exclude: []string{glob}}))
		if !errors.Is(got.end, path.ErrBadPattern) {
			t.Errorf("%q: %v", glob, got.end)
		}
	}
}

func TestRoot(t *testing.T) {
	file := filepath.Join(folderOf(t, "a"), "a")
	for _, c := range []struct {
		root string
		want error
	}{
		{"", fs.ErrNotExist},
		{filepath.Join(t.TempDir(), "none"), fs.ErrNotExist},
		{file, nil},
	} {
		got := list(t, Dir(c.root, nil))
		if got.end == nil || c.want != nil && !errors.Is(got.end, c.want) || len(got.ids) > 0 {
			t.Errorf("%q: %v", c.root, got.end)
		}
	}
	if got := list(t, FS(os.DirFS(filepath.Join(t.TempDir(), "none")), nil)); !errors.Is(got.end, fs.ErrNotExist) {
		t.Errorf("a file system without root: %v", got.end)
	}
	if got := list(t, Dir(t.TempDir(), nil)); got.end != nil || len(got.ids) > 0 {
		t.Errorf("an empty folder: %v", got)
	}
}

func TestRootGoesAway(t *testing.T) {
	root := folderOf(t, "a", "b/c", "d")
	moved := root + ".moved"
	t.Cleanup(func() { os.RemoveAll(moved) })
	var end error
	for ref, err := range Dir(root, nil).List(t.Context()) {
		if ref.ID == "a" {
			if err := os.Rename(root, moved); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(root, 0o755); err != nil { // as a mount point is left behind
				t.Fatal(err)
			}
		}
		end = err
	}
	if !errors.Is(end, errChanged) {
		t.Errorf("the listing ends with %v", end)
	}
}

func TestUnreadable(t *testing.T) {
	fsys := &fakeFS{MapFS: fstest.MapFS{}, refuse: map[string]bool{"closed": true, "b.txt": true, "shut/.gitignore": true}}
	for _, n := range []string{"a.txt", "b.txt", "closed/c.txt", "d/e.txt", "shut/.gitignore", "shut/secret.txt"} {
		fsys.MapFS[n] = &fstest.MapFile{Data: []byte(n), ModTime: longAgo}
	}
	l := FS(fsys, &Options{Formats: plain, URI: "https://x.org/"})
	got := list(t, l)
	if s := strings.Join(got.ids, " "); s != "a.txt b.txt d/e.txt" || got.end != nil {
		t.Errorf("listed %s, %v", s, got.end)
	}
	for _, dir := range []string{"closed/", "shut/"} {
		de, ok := errors.AsType[*loaders.DocError](got.errs[dir])
		if !ok || !de.Prefix || !de.Covers(dir+"c.txt") || de.Covers("d/e.txt") || !errors.Is(de, fs.ErrPermission) || de.URI != "https://x.org/"+path.Clean(dir) {
			t.Errorf("folder %s: %#v", dir, got.errs[dir])
		}
	}
	texts, errs := load(t, l)
	if len(texts) != 2 || !errors.Is(errs["b.txt"], fs.ErrPermission) || len(errs) != 3 {
		t.Errorf("loaded %v, errors %v", texts, errs)
	}
	// An entry that cannot even be looked at may be a folder.
	fsys.refuse["d"], fsys.refuse["d/*"] = true, true
	fsys.MapFS["s"] = &fstest.MapFile{Data: []byte("d/e.txt"), Mode: fs.ModeSymlink}
	got = list(t, FS(fsys, &Options{Formats: plain, Include: []string{"/d/*.txt", "/s"}}))
	for _, id := range []string{"d/", "s"} {
		if de, ok := errors.AsType[*loaders.DocError](got.errs[id]); !ok || !de.Prefix || errors.Is(de, loaders.ErrSkipped) || len(got.ids) > 0 {
			t.Errorf("%s: %v, listed %q", id, got.errs[id], got.ids)
		}
	}
	fsys.refuse["."] = true
	if got := list(t, l); !errors.Is(got.end, fs.ErrPermission) {
		t.Errorf("root: %v", got.end)
	}
}

func TestSkipped(t *testing.T) {
	root := folderOf(t, "a", "big", "sub/x")
	write(t, filepath.Join(root, "big"), strings.Repeat("x", 1000))
	makeFIFO(t, filepath.Join(root, "pipe"))
	if runtime.GOOS == "linux" {
		write(t, filepath.Join(root, "bad\xff.txt"), "x")
		write(t, filepath.Join(root, "sub\xfe", "y"), "x")
	}
	l := Dir(root, &Options{Formats: plain, MaxSize: 999})
	got := list(t, l)
	if s := strings.Join(got.ids, " "); s != "a sub/x" || got.end != nil {
		t.Fatalf("listed %s, %v", s, got.end)
	}
	for ref, want := range map[string]string{"big": "1000 bytes, limit 999", "pipe": "not a regular file", "bad\ufffd.txt": `"bad\xff.txt" is not UTF-8`, "sub\ufffd": "not UTF-8"} {
		err := got.errs[ref]
		if err == nil && (ref == "pipe" || runtime.GOOS != "linux") {
			continue
		}
		if !errors.Is(err, loaders.ErrSkipped) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if !errors.Is(got.errs["big"], loaders.ErrBudget) {
		t.Errorf("big: %v", got.errs["big"])
	}
}

func TestLinks(t *testing.T) {
	outside := folderOf(t, "secret")
	root := folderOf(t, "a.txt", "d/b.txt", "d/e/c.txt",
		"file -> a.txt", "dir -> d", "again -> d", "d/up -> ..", "d/e/self -> .", "round -> round2", "round2 -> round",
		"dangling -> none", "out -> "+outside, "outfile -> ../"+filepath.Base(outside)+"/secret", "abs -> /etc/hostname",
		"deep -> d/e/../e/c.txt", "x -> dir/e", ".git/config", "g -> .git")
	l := Dir(root, &Options{Formats: plain})
	got := list(t, l)
	want := "a.txt again/b.txt again/e/c.txt d/b.txt d/e/c.txt deep file x/c.txt"
	if s := strings.Join(got.ids, " "); s != want || got.end != nil {
		t.Errorf("got  %s\nwant %s, %v", s, want, got.end)
	}
	for ref, want := range map[string]error{"again/up": errLoop, "d/up": errLoop, "d/e/self": errLoop, "round": errLoop, "round2": errLoop,
		"dangling": fs.ErrNotExist, "out": errOutside, "outfile": errOutside, "abs": errOutside, "dir": nil} {
		if err := got.errs[ref]; !errors.Is(err, loaders.ErrSkipped) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", ref, err, want)
		}
	}
	texts, _ := load(t, l)
	if texts["deep"] != "text of d/e/c.txt" || texts["again/b.txt"] != "text of d/b.txt" {
		t.Errorf("texts %q", texts)
	}
	got = list(t, Dir(root, &Options{SkipSymlinks: true}))
	if s := strings.Join(got.ids, " "); s != "a.txt d/b.txt d/e/c.txt" || !errors.Is(got.errs["file"], loaders.ErrSkipped) {
		t.Errorf("got %s without links", s)
	}
	// The same through a file system that follows any link.
	got = list(t, FS(os.DirFS(root), &Options{Formats: plain}))
	if s := strings.Join(got.ids, " "); s != want || !errors.Is(got.errs["out"], errOutside) {
		t.Errorf("got %s by DirFS, %v", s, got.errs)
	}
}

// Folders that link to each other have exponentially many paths.
func TestLinkedFolders(t *testing.T) {
	var names []string
	for i := range 20 {
		a := string(rune('a' + i))
		names = append(names, a+"/file")
		for j := range 20 {
			names = append(names, a+"/"+string(rune('a'+j))+" -> ../"+string(rune('a'+j)))
		}
	}
	got := list(t, Dir(folderOf(t, names...), nil))
	if len(got.ids) < 20 || len(got.ids) > 40 || got.end != nil {
		t.Errorf("%d files, %v", len(got.ids), got.end)
	}
}

func TestDocuments(t *testing.T) {
	root := folderOf(t, "a b/ü#?%.txt")
	meta := map[string]any{"team": "x", "tags": []string{"a"}}
	l := Dir(root, &Options{Formats: plain, Trust: loaders.Reviewed, Principals: func(string) []string { return []string{"staff"} },
		Meta: func(string, fs.FileInfo) map[string]any { return meta }})
	for round := range 2 {
		n := 0
		for d, err := range l.Load(t.Context()) {
			n++
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
			if d.ID != "a b/ü#?%.txt" || d.Ref != d.ID || d.Text != "text of "+d.ID || d.Trust != loaders.Reviewed || !d.Modified.Equal(longAgo) {
				t.Errorf("round %d: %+v", round, d)
			}
			if want := fileURI(root) + "/a%20b/%C3%BC%23%3F%25.txt"; d.URI != want {
				t.Errorf("URI %s, want %s", d.URI, want)
			}
			if !reflect.DeepEqual(d.Principals, []string{"staff"}) || !reflect.DeepEqual(d.Meta, map[string]any{"team": "x", "tags": []string{"a"}}) {
				t.Errorf("round %d: %v %v", round, d.Principals, d.Meta)
			}
			d.Meta["tags"].([]string)[0] = "changed" // the document is ours
			d.Meta["team"] = "changed"
			d.Principals[0] = "changed"
		}
		if n != 1 {
			t.Fatalf("%d documents", n)
		}
	}
}

// A file system that decomposes names gives the same IDs as one that does not.
func TestNormalForm(t *testing.T) {
	const composed, decomposed = "caf\u00e9", "cafe\u0301"
	file := &fstest.MapFile{Data: []byte("x"), ModTime: longAgo}
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		want []string
	}{
		"composed":   {fstest.MapFS{composed + "/a": file}, []string{composed + "/a"}},
		"decomposed": {fstest.MapFS{decomposed + "/a": file}, []string{composed + "/a"}},
		"both":       {fstest.MapFS{composed: file, decomposed: file}, []string{decomposed, composed}},
	} {
		l := FS(c.fsys, &Options{Formats: plain, Include: []string{composed, decomposed}})
		if got := list(t, l); !slices.Equal(got.ids, c.want) || len(got.errs) > 0 {
			t.Errorf("%s: %q, want %q, %v", name, got.ids, c.want, got.errs)
		}
		if texts, errs := load(t, l); len(texts) != len(c.want) || len(errs) > 0 {
			t.Errorf("%s: %q %v", name, texts, errs)
		}
	}
}

func TestContext(t *testing.T) {
	l := Dir(folderOf(t, "a", "b", "c"), &Options{Formats: plain})
	for name, seq := range map[string]func(context.Context) iter.Seq[error]{
		"List": func(ctx context.Context) iter.Seq[error] { return second(l.List(ctx)) },
		"Load": func(ctx context.Context) iter.Seq[error] { return second(l.Load(ctx)) },
	} {
		for after := range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			var last error
			if after == 0 {
				cancel()
			}
			for err := range seq(ctx) {
				if n++; n == after {
					cancel()
				}
				last = err
			}
			if !errors.Is(last, context.Canceled) || n != after+1 {
				t.Errorf("%s cancelled after %d: %d pairs, the last %v", name, after, n, last)
			}
			cancel()
		}
	}
}

func second[A, B any](seq iter.Seq2[A, B]) iter.Seq[B] {
	return func(yield func(B) bool) {
		for _, b := range seq {
			if !yield(b) {
				return
			}
		}
	}
}

// A file that changes kind between List and Load must not be waited for.
func TestReplaced(t *testing.T) {
	root := folderOf(t, "a", "b")
	l := Dir(root, &Options{Formats: plain})
	errs := map[string]error{}
	for ref, err := range l.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(root, ref.ID)); err != nil {
			t.Fatal(err)
		}
		if ref.ID == "b" {
			makeFIFO(t, filepath.Join(root, "b"))
		}
		for _, err := range ref.Load(t.Context()) {
			errs[ref.ID] = err
		}
	}
	if !errors.Is(errs["a"], fs.ErrNotExist) || errs["b"] == nil {
		t.Errorf("%v", errs)
	}
}

func TestNoParser(t *testing.T) {
	root := folderOf(t, "a.xyz", "b")
	write(t, filepath.Join(root, "b"), "\x00\x01")
	write(t, filepath.Join(root, "c.txt"), "\x89PNG\r\n\x1a\n\x00")
	texts, errs := load(t, Dir(root, &Options{Formats: plain}))
	if len(texts) != 1 || !errors.Is(errs["b"], loaders.ErrNoParser) || !strings.Contains(errs["c.txt"].Error(), "PNG image") {
		t.Errorf("%v %v", texts, errs)
	}
	if _, errs := load(t, Dir(root, nil)); len(errs) != 3 {
		t.Errorf("without formats: %v", errs)
	}
}
