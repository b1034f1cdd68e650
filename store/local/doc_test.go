package local

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every promise of the package comment names tests that exist, or says that it
// does not hold yet.
func TestPromises(t *testing.T) {
	files := token.NewFileSet()
	doc, err := parser.ParseFile(files, "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				tests[fn.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, promises, _ := strings.Cut(doc.Doc.Text(), "# Promises")
	promises, _, _ = strings.Cut(promises, "# Format")
	starts := regexp.MustCompile(`(?m)^P\d+ `).FindAllStringIndex(promises, -1)
	if len(starts) != 12 {
		t.Fatalf("%d promises, want 12", len(starts))
	}
	named := regexp.MustCompile(`\b(?:Test|Fuzz)\w+`)
	for i, start := range starts {
		text := promises[start[0]:]
		if i+1 < len(starts) {
			text = promises[start[0]:starts[i+1][0]]
		}
		text = strings.Join(strings.Fields(text), " ")
		found := named.FindAllString(text, -1)
		if len(found) == 0 && !strings.Contains(text, "does not hold yet") {
			t.Errorf("%.20s...: it holds, and names no test", text)
		}
		for _, name := range found {
			if !tests[name] {
				t.Errorf("%.20s...: there is no %s", text, name)
			}
		}
	}
}
