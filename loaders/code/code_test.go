package code

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
)

var update = flag.Bool("update", false, "write the golden file")

// read parses one content and checks what every document must hold.
func read(t *testing.T, name string, b []byte) loaders.Document {
	t.Helper()
	docs := 0
	var doc loaders.Document
	for d, err := range New(nil).Parse(t.Context(), loaders.BytesInput(name, b)) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := d.Validate(); err != nil {
			t.Fatal(err)
		}
		doc = d
		docs++
	}
	if docs != 1 {
		t.Fatalf("%s: %d documents", name, docs)
	}
	checkSpans(t, doc)
	return doc
}

// checkSpans requires that the outermost spans tile the text, save for blanks,
// that symbols nest, and that every anchor is the line of its span.
func checkSpans(t *testing.T, d loaders.Document) {
	t.Helper()
	at := 0
	var open []loaders.Span
	for _, s := range d.Spans {
		for len(open) > 0 && open[len(open)-1].End <= s.Start {
			open = open[:len(open)-1]
		}
		if len(open) > 0 && s.End > open[len(open)-1].End {
			t.Fatalf("%s: %q overlaps %q partly", d.ID, s.Label, open[len(open)-1].Label)
		}
		if len(open) == 0 {
			if gap := d.Text[at:s.Start]; strings.TrimSpace(gap) != "" {
				t.Fatalf("%s: %q is in no span", d.ID, gap)
			}
			at = s.End
		}
		open = append(open, s)
		if want := fmt.Sprintf("L%d", 1+strings.Count(d.Text[:s.Start], "\n")); s.Anchor != want {
			t.Fatalf("%s: %q has anchor %s, not %s", d.ID, s.Label, s.Anchor, want)
		}
	}
	if gap := d.Text[at:]; strings.TrimSpace(gap) != "" {
		t.Fatalf("%s: %q is in no span", d.ID, gap)
	}
}

// TestSymbols compares the definitions found in testdata/sample.* with
// testdata/symbols.golden.
func TestSymbols(t *testing.T) {
	samples, err := filepath.Glob("testdata/sample.*")
	if err != nil || len(samples) == 0 {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, p := range samples {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(p), ".txt")
		d := read(t, name, b)
		fmt.Fprintf(&got, "%s %v\n", name, d.Meta["language"])
		for _, s := range d.Spans {
			last := strings.Count(d.Text[:s.End], "\n") + 1
			fmt.Fprintf(&got, "\t%s-%d %s %s\n", s.Anchor, last, s.Kind, s.Label)
		}
	}
	golden := "testdata/symbols.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got:\n%s\nwant:\n%s", got.Bytes(), want)
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, content string
		text, lang    string
		warnings      int
	}{
		{"a.go", "\ufeffpackage a\r\n\r\nfunc f() {}\r\n", "package a\n\nfunc f() {}\n", "go", 0},
		{"Makefile", "all:\n\ttrue\n", "all:\n\ttrue\n", "make", 0},
		{"Dockerfile", "FROM x", "FROM x", "docker", 0},
		{"run", "#!/usr/bin/env -S python3.12 -u\nx = 1", "#!/usr/bin/env -S python3.12 -u\nx = 1", "python", 0},
		{"a.py", "", "", "python", 0},
		{"a.go", "package a\n// \xff\xfe\xfd caf\xc3\xa9 \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 " + strings.Repeat("é", 30),
			"package a\n// \ufffd\ufffd\ufffd café ééééééééé " + strings.Repeat("é", 30), "go", 1},
		{"a.c", "// na\xefve caf\xe9\nint x;", "// naïve café\nint x;", "c", 0},
		{"a.json", "{\"a\": 1}", "{\"a\": 1}", "json", 0},
		{"unknown.zzz", "x", "x", "", 0},
	} {
		d := read(t, c.name, []byte(c.content))
		if d.Text != c.text || d.Title != c.name || len(d.Warnings) != c.warnings {
			t.Errorf("%s: got %q, title %q, warnings %v", c.name, d.Text, d.Title, d.Warnings)
		}
		if lang, _ := d.Meta["language"].(string); lang != c.lang {
			t.Errorf("%s: language %q, want %q", c.name, lang, c.lang)
		}
	}
}

func TestNotText(t *testing.T) {
	for name, content := range map[string]string{
		"a.go": "\x7fELF\x02\x01\x01",
		"b.js": "\x89PNG\r\n\x1a\n",
		"c.py": "x = 1\n\x00\x01\x02\x00",
		"d.c":  strings.Repeat("\x01\x02\x03", 20),
	} {
		n := 0
		for d, err := range New(nil).Parse(t.Context(), loaders.BytesInput(name, []byte(content))) {
			n++
			if de, ok := errors.AsType[*loaders.DocError](err); !ok || !errors.Is(err, loaders.ErrFormat) || de.Ref != name {
				t.Errorf("%s: %v, %v", name, d, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d pairs", name, n)
		}
	}
}

func TestFormat(t *testing.T) {
	f := Format(&Options{Languages: map[string]string{".inc": "php"}})
	fs := loaders.Formats{f}
	for _, c := range []struct {
		name, head string
		ok         bool
	}{
		{"x.inc", "", true},
		{"x.GO", "", true},
		{"GNUmakefile", "", true},
		{"CMakeLists.txt", "", false}, // whole names count where there is no extension
		{"script", "#!/bin/sh\n", true},
		{"script", "#!/opt/thing\n", false},
		{"notes.txt", "hello", false},
	} {
		if _, ok := fs.Find(c.name, "", []byte(c.head)); ok != c.ok {
			t.Errorf("Find(%q, %q) = %v", c.name, c.head, ok)
		}
	}
	if f.Version == Format(nil).Version {
		t.Error("other options have the same Version")
	}
}

// TestGoRoot requires every function and type of the standard library that
// starts a line, and that no other language of it breaks the spans.
func TestGoRoot(t *testing.T) {
	if os.Getenv("QUARRY_LONG") == "" {
		t.Skip("QUARRY_LONG is not set")
	}
	root := filepath.Join(goroot(t), "src")
	known := newParser(nil).names()
	files := 0
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !slices.Contains(known, filepath.Ext(p)) {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		files++
		for d, err := range New(nil).Parse(t.Context(), loaders.BytesInput(p, b)) {
			if err != nil {
				t.Log(err)
				return nil
			}
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
			checkSpans(t, d)
			if filepath.Ext(p) != ".go" || strings.Contains(p, "testdata") {
				return nil
			}
			symbols := 0
			for _, s := range d.Spans {
				if s.Kind == loaders.Symbol {
					symbols++
				}
			}
			want := 0
			for line := range strings.Lines(d.Text) {
				if strings.HasPrefix(line, "func ") && !strings.HasPrefix(line, "func _(") && !strings.HasPrefix(line, "func (_") {
					want++
				}
			}
			if symbols < want && !strings.ContainsAny(d.Text, "`") && !strings.Contains(d.Text, "/*") {
				t.Errorf("%s: %d symbols, %d functions", p, symbols, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files", files)
}

func TestBudgetAndContext(t *testing.T) {
	in := loaders.BytesInput("a.py", []byte(strings.Repeat("x = 1\n", 1000)))
	in.Budget = loaders.NewBudget(loaders.Limits{MaxText: 100})
	for _, err := range New(nil).Parse(t.Context(), in) {
		if !errors.Is(err, loaders.ErrBudget) {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range New(nil).Parse(ctx, in) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if _, ok := errors.AsType[*loaders.DocError](err); ok {
			t.Error("the end of the context is no fault of the document")
		}
	}
}

func FuzzParse(f *testing.F) {
	samples, _ := filepath.Glob("testdata/sample.*")
	for _, p := range samples {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.TrimSuffix(filepath.Base(p), ".txt"), b)
	}
	f.Add("x.lua", []byte("local function a()\nend"))
	f.Add("x.ex", []byte("defmodule A do\n def b do\n end\nend"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		name = "x" + strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\x00", "")
		for d, err := range New(nil).Parse(t.Context(), loaders.BytesInput(name, b)) {
			if err != nil {
				return
			}
			if err := d.Validate(); err != nil {
				t.Fatal(err)
			}
			checkSpans(t, d)
		}
	})
}

// goroot is where the toolchain is that runs this test.
func goroot(t *testing.T) string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	return strings.TrimSpace(string(out))
}
