package house

import (
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
	for _, m := range linked {
		if !slices.Contains(listed, m) {
			t.Errorf("package rag links %s, which is not in %s: do without it, or move what needs it to a package that rag does not import", m, name)
		}
		for _, never := range []string{"grpc", "opentelemetry", "langchaingo"} {
			if strings.Contains(m, never) {
				t.Errorf("package rag links %s: every program that imports rag would", m)
			}
		}
	}
	if len(listed) > maxModules {
		t.Errorf("%s lists %d modules, at most %d are allowed", name, len(listed), maxModules)
	}
	kept := slices.DeleteFunc(slices.Clone(listed), func(m string) bool { return !slices.Contains(linked, m) })
	golden(t, name, kept)
}
