package house

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxModules is how many modules beside the standard library package rag may link.
const maxModules = 5

// TestModules compares the modules that package rag links, and with it every
// program that imports nothing else, with a list that only shrinks.
func TestModules(t *testing.T) {
	var linked []string
	for _, goos := range []string{"linux", "darwin", "windows"} {
		all, err := goList(goos, "-deps", "./rag")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			if l.Module != nil && l.Module.Path != module && !slices.Contains(linked, l.Module.Path) {
				linked = append(linked, l.Module.Path)
			}
		}
	}
	slices.Sort(linked)
	name := filepath.Join("testdata", "modules.txt")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Fields(string(data))
	for _, l := range tooMuch(linked, listed) {
		t.Error(l)
	}
	kept := slices.DeleteFunc(slices.Clone(listed), func(m string) bool { return !slices.Contains(linked, m) })
	golden(t, name, kept)
}

// tooMuch says what is wrong with the modules that package rag links and those
// that the list allows.
func tooMuch(linked, listed []string) (found []string) {
	for _, m := range linked {
		if !slices.Contains(listed, m) {
			found = append(found, "package rag links "+m+", which is not in testdata/modules.txt: do without it, or move what needs it to a package that rag does not import")
		}
		for _, never := range []string{"grpc", "opentelemetry", "langchaingo"} {
			if strings.Contains(m, never) {
				found = append(found, "package rag links "+m+": every program that imports rag would")
			}
		}
	}
	if len(listed) > maxModules {
		found = append(found, fmt.Sprintf("testdata/modules.txt lists %d modules: at most %d", len(listed), maxModules))
	}
	return found
}

func TestTooMuch(t *testing.T) {
	for _, tt := range []struct {
		linked, listed string
		want           int
	}{
		{"a b", "a b c", 0},
		{"a b", "a", 1},
		{"google.golang.org/grpc", "google.golang.org/grpc", 1},
		{"go.opentelemetry.io/opentelemetry", "", 2},
		{"", "a b c d e f", 1},
	} {
		if got := tooMuch(strings.Fields(tt.linked), strings.Fields(tt.listed)); len(got) != tt.want {
			t.Errorf("%q linked, %q listed: %q", tt.linked, tt.listed, got)
		}
	}
}
