package auto_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/auto"
	"github.com/quarry-go/quarry/loaders/files"
	"github.com/quarry-go/quarry/loaders/loadertest"
)

// samples are a small content of each kind.
var samples = map[string]string{
	"page.html":    "<!doctype html><title>T</title><h1 id=a>Head</h1><p>Some words.",
	"notes.md":     "# Notes\n\nSome *words*.\n\n- a\n- b\n",
	"main.go":      "// Package p is p.\npackage p\n\n// F does.\nfunc F() {}\n",
	"run":          "#!/usr/bin/env python3\ndef f():\n    pass\n",
	"Makefile":     "all:\n\ttrue\n",
	"conf.yaml":    "a: 1\n",
	"plain.txt":    "Title\n\nWords.\n",
	"README":       "Read me.\n",
	"what.unknown": "Looks like text.\n",
	"doc.pdf":      minimalPDF,
	"misnamed.txt": minimalPDF,
	"sniff.go":     "package p\n\nconst magic = \"%PDF-1.7\"\n",
}

// minimalPDF is one page that says Hello.
var minimalPDF = func() string {
	content := "BT /F1 24 Tf 72 720 Td (Hello) Tj ET"
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	var b strings.Builder
	b.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.String()
}()

func TestFormats(t *testing.T) {
	want := map[string]string{
		"page.html": "html", "notes.md": "markdown", "main.go": "code", "run": "code", "Makefile": "code", "conf.yaml": "code",
		"plain.txt": "text", "README": "text", "what.unknown": "text", "doc.pdf": "pdf", "misnamed.txt": "pdf", "sniff.go": "code",
	}
	formats := auto.Formats(nil)
	for name, content := range samples {
		f, ok := formats.Find(name, "", []byte(content))
		if !ok || f.Name != want[name] {
			t.Errorf("%s is read as %q, not %q", name, f.Name, want[name])
		}
	}
	seen := map[string]string{}
	for _, f := range formats {
		if f.Name == "" || f.Version == "" {
			t.Errorf("format %q has version %q", f.Name, f.Version)
		}
		for _, ext := range f.Extensions {
			if other, ok := seen[ext]; ok {
				t.Errorf("%s belongs to %s and to %s", ext, other, f.Name)
			}
			seen[ext] = f.Name
		}
	}
}

func TestOwnFormatsComeFirst(t *testing.T) {
	own := loaders.Format{Name: "own", Extensions: []string{".md"}}
	f, _ := auto.Formats(&auto.Options{Options: files.Options{Formats: loaders.Formats{own}}}).Find("a.md", "", nil)
	if f.Name != "own" {
		t.Errorf("a.md is read as %s", f.Name)
	}
}

func TestContract(t *testing.T) {
	fsys := fstest.MapFS{"logo.png": {Data: []byte("\x89PNG\r\n\x1a\n")}}
	for name, content := range samples {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	loadertest.Run(t, loadertest.Harness{Loader: auto.FS(fsys, nil)})
}

func TestParsers(t *testing.T) {
	formats := auto.Formats(nil)
	by := map[string][]loaders.Input{}
	for _, name := range []string{"page.html", "notes.md", "main.go", "plain.txt", "doc.pdf"} {
		f, _ := formats.Find(name, "", nil)
		by[f.Name] = append(by[f.Name], loaders.BytesInput(name, []byte(samples[name])))
	}
	for _, f := range formats {
		t.Run(f.Name, func(t *testing.T) { loadertest.Parser(t, f, by[f.Name]...) })
	}
}

// TestEveryFile reads whole trees: every file gives a document that is valid,
// an error with a cause of the contract, or is left out by a rule.
func TestEveryFile(t *testing.T) {
	trees := map[string]string{"go": filepath.Join(goroot(t), "src/encoding")}
	if os.Getenv("QUARRY_LONG") != "" {
		trees["all of go"] = filepath.Join(goroot(t), "src")
		trees["data"] = "../../../shared/data"
	}
	for name, root := range trees {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(root); err != nil {
				t.Skip("no ", root)
			}
			everyFile(t, root)
		})
	}
}

func everyFile(t *testing.T, root string) {
	state := map[string]string{}
	var o auto.Options
	o.Excluded = func(p, rule string) { state[p] = "excluded by " + rule }
	causes := []error{loaders.ErrFormat, loaders.ErrNoParser, loaders.ErrEncrypted, loaders.ErrNoText, loaders.ErrBudget, loaders.ErrSkipped}
	docs, failed := 0, 0
	for d, err := range auto.Dir(root, &o).Load(t.Context()) {
		if err != nil {
			de, ok := errors.AsType[*loaders.DocError](err)
			if !ok {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(causes, func(cause error) bool { return errors.Is(err, cause) }) {
				t.Errorf("no cause: %v", err)
			}
			if testing.Verbose() {
				t.Log(err)
			}
			state[de.Ref] = "failed"
			failed++
			continue
		}
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
		state[d.Ref] = "read"
		docs++
	}
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch s := state[rel]; {
		case strings.HasPrefix(s, "excluded") && e.IsDir():
			return fs.SkipDir
		case s == "" && !e.IsDir():
			t.Errorf("nothing is said of %s", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d documents, %d failed, %d MiB from the system", docs, failed, m.Sys>>20)
	if docs == 0 {
		t.Error("no documents")
	}
}

// goroot is where the toolchain is that runs this test.
func goroot(t *testing.T) string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	return strings.TrimSpace(string(out))
}

func ExampleDir() {
	l := auto.Dir("testdata/handbook", nil)
	for d, err := range l.Load(context.Background()) {
		if err != nil {
			fmt.Println("not read:", err) // the rest is
			continue
		}
		fmt.Printf("%s: %q, %d spans\n", d.ID, d.Title, len(d.Spans))
	}
	// Output:
	// approve.py: "approve.py", 1 spans
	// not read: logo.png: no parser for this kind of content: .png (PNG image)
	// refunds.md: "Refunds", 1 spans
}

func ExampleFS() {
	fsys := os.DirFS("testdata") // or an embed.FS, a zip.Reader
	l := auto.FS(fsys, &auto.Options{Options: files.Options{Include: []string{"*.md"}}})
	for ref, err := range l.List(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ref.ID)
	}
	// Output:
	// handbook/refunds.md
}

func ExampleFormats() {
	f, ok := auto.Formats(nil).Find("guide.pdf", "", nil)
	fmt.Println(f.Name, ok)
	// Output:
	// pdf true
}
