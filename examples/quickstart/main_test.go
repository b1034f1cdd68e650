package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func quickstart(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), &out, args); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String()
}

func TestQuickstart(t *testing.T) {
	out := quickstart(t)
	if strings.Contains(out, "has no documents") {
		t.Skip("this Go installation has no doc folder")
	}
	_, answer, _ := strings.Cut(out, "When are the arguments of a deferred function call evaluated?")
	first, _, _ := strings.Cut(strings.TrimSpace(answer), "\n")
	if !strings.HasPrefix(first, "[1] ") || !strings.Contains(first, "go_spec.html#Defer_statements") || !strings.Contains(first, "evaluated as usual") {
		t.Errorf("first citation: %s", first)
	}
}

func TestAFolderOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("# Tea\n\nGreen tea is brewed at 80 degrees.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := quickstart(t, dir, "How hot is green tea brewed?", "quantum chromodynamics")
	for _, want := range []string{"Indexed 1 documents", `a.md#tea "Green tea is brewed at 80 degrees."`, "Nothing relevant"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	// A document cannot speak to the terminal, and a long list is cut.
	if err := os.WriteFile(filepath.Join(dir, "evil.md"), []byte("# Tea\x1b[2J time\n\nBlack tea\x1b[31m is brewed at 95\u009b1m degrees.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d\x1b.png", i)), []byte("\x89PNG\r\n\x1a\n"), 0o644); err != nil {
			t.Skip(err) // some file systems have no such names
		}
	}
	out = quickstart(t, dir, "black tea")
	if !strings.Contains(out, "Black tea") || strings.ContainsAny(out, "\x1b\u009b") || !strings.Contains(out, "and 4 more") {
		t.Errorf("%q", out)
	}
	if err := run(t.Context(), &bytes.Buffer{}, []string{dir}); err == nil {
		t.Error("a folder without a question is accepted")
	}
}

// A toolchain without documents leaves the repository's own.
func TestWithoutDocuments(t *testing.T) {
	t.Setenv("GOROOT", t.TempDir())
	t.Setenv("PATH", "")
	t.Chdir("../..")
	out := quickstart(t)
	if !strings.Contains(out, "has no documents") || !strings.Contains(out, "[1] ") {
		t.Errorf("%s", out)
	}
}
