package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// commands are what the README tells a newcomer to type. Each is run by .ci/run.
var commands = []string{"go run ./examples/quickstart", "go test ./..."}

// pages are what a newcomer reads.
var pages = []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}

// readmeRule compares what the pages say with what is there.
//
// Go code is the body of an Example or a program in testdata/programs. Text in
// the README is what such a program prints; the first is the quickstart's,
// which .ci/run compares. The README's commands are the two that a newcomer
// types, and .ci/run runs them; CONTRIBUTING's are targets of the Makefile or
// steps of .ci/run. Tests that are named and files that are linked exist.
func readmeRule(t *tree) (found []breach) {
	p := facts{bodies: t.bodies(), tests: t.tests()}
	p.ci, _ = t.read(".ci/run") // what is missing has no step and no target
	p.makefile, _ = t.read("Makefile")
	for _, name := range t.files {
		if ok, _ := path.Match("internal/house/testdata/programs/*/want.txt", name); ok {
			data, _ := t.read(name)
			p.outputs = append(p.outputs, string(data))
		}
	}
	for _, name := range pages {
		data, err := t.read(name)
		if err != nil {
			found = append(found, breach{name, 0, "is missing: write it"})
			continue
		}
		say := func(at int, format string, args ...any) {
			found = append(found, breach{name, 1 + bytes.Count(data[:at], []byte("\n")), fmt.Sprintf(format, args...)})
		}
		var typed []string
		shown := 0
		for _, m := range fences.FindAllSubmatchIndex(data, -1) {
			code := string(data[m[4]:m[5]])
			switch language := string(data[m[2]:m[3]]); language {
			case "go":
				if !slices.Contains(p.bodies, code) {
					say(m[4], "Go code that is not tested: make it the body of an Example, or a program in internal/house/testdata/programs, byte for byte")
				}
			case "text":
				if shown++; name == pages[0] && shown > 1 && !slices.Contains(p.outputs, code) {
					say(m[4], "output that no program in internal/house/testdata/programs prints")
				}
			case "sh":
				for line := range strings.Lines(code) {
					line = strings.TrimSpace(line)
					typed = append(typed, line)
					if name == pages[0] && !slices.Contains(commands, line) || name != pages[0] && !p.runs(line) {
						say(m[4], "a command that nothing runs: %s", line)
					}
				}
			default:
				say(m[4], "say what the code is: go, sh or text")
			}
		}
		for _, m := range inline.FindAllSubmatchIndex(data, -1) {
			if command := string(data[m[2]:m[3]]); !p.runs(command) {
				say(m[2], "there is no %s", command)
			}
		}
		for _, m := range testName.FindAllIndex(data, -1) {
			if test := string(data[m[0]:m[1]]); !p.tests[test] {
				say(m[0], "there is no %s", test)
			}
		}
		for _, m := range link.FindAllSubmatchIndex(data, -1) {
			if to := string(data[m[2]:m[3]]); !strings.Contains(to, "://") && !t.has(strings.TrimSuffix(to, "/")) {
				say(m[2], "there is no file %s", to)
			}
		}
		for _, c := range commands {
			if name == pages[0] && !slices.Contains(typed, c) {
				found = append(found, breach{name, 0, "does not say " + c})
			}
		}
	}
	for _, c := range commands {
		if !regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(c) + `($|\s*[|>&])`).Match(p.ci) {
			found = append(found, breach{".ci/run", 0, "does not run what the README says: " + c})
		}
	}
	return found
}

var (
	fences   = regexp.MustCompile("(?m)^```(\\w*)\n((?s:.*?))^```$")
	inline   = regexp.MustCompile("`((?:make|\\.ci/run) [a-z]+)`")
	testName = regexp.MustCompile(`\b(Test|Fuzz|Benchmark|Example)[A-Z_]\w*`)
	link     = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
)

// facts are what the pages are compared with.
type facts struct {
	bodies, outputs []string
	tests           map[string]bool
	ci, makefile    []byte
}

// runs reports whether a command is a target of the Makefile or a step of .ci/run.
func (f *facts) runs(command string) bool {
	if target, ok := strings.CutPrefix(command, "make "); ok {
		return bytes.Contains(f.makefile, []byte("\n"+target+":"))
	}
	if command == ".ci/run" {
		return len(f.ci) > 0
	}
	step, ok := strings.CutPrefix(command, ".ci/run ")
	return ok && bytes.Contains(f.ci, []byte("\nstep_"+step+"()"))
}

// has reports whether there is a file or a folder of that name.
func (t *tree) has(name string) bool {
	return slices.ContainsFunc(t.files, func(f string) bool { return f == name || strings.HasPrefix(f, name+"/") })
}

// tests returns the names of all functions in test files.
func (t *tree) tests() map[string]bool {
	names := map[string]bool{}
	for _, p := range t.pkgs {
		for _, f := range p.files {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok && f.test {
					names[d.Name.Name] = true
				}
			}
		}
	}
	return names
}

// bodies returns code that is tested: the bodies of examples and the programs.
func (t *tree) bodies() (all []string) {
	for _, p := range t.pkgs {
		for _, f := range p.files {
			if !f.test {
				continue
			}
			for _, e := range doc.Examples(f.File) {
				all = append(all, t.body(f, e.Code.(*ast.BlockStmt)))
			}
		}
	}
	for _, name := range t.files {
		if ok, _ := path.Match("internal/house/testdata/programs/*/main.go", name); ok {
			if data, err := t.read(name); err == nil {
				all = append(all, string(data))
			}
		}
	}
	return all
}

// body returns the source of a block without its braces, its indentation and its Output comment.
func (t *tree) body(f *file, block *ast.BlockStmt) string {
	data, err := t.read(f.name)
	if err != nil {
		return ""
	}
	text := string(data[t.fset.Position(block.Lbrace).Offset+1 : t.fset.Position(block.Rbrace).Offset])
	if i := outputComment.FindStringIndex(text); i != nil {
		text = text[:i[0]]
	}
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(text, "\n") + "\n") {
		b.WriteString(strings.TrimPrefix(line, "\t"))
	}
	return b.String()
}

var outputComment = regexp.MustCompile(`(?mi)^\s*//\s*(unordered )?output:`)

// TestPrograms runs the programs that README.md shows, each in a folder with
// its docs, and compares what they print.
func TestPrograms(t *testing.T) {
	programs, err := filepath.Glob("testdata/programs/*")
	if err != nil || len(programs) == 0 {
		t.Fatal("no programs", err)
	}
	for _, p := range programs {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(dir, "program.exe")
		if out, err := exec.Command("go", "build", "-o", binary, "./"+filepath.ToSlash(p)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", p, err, out)
			continue
		}
		if err := os.CopyFS(filepath.Join(dir, "docs"), os.DirFS(filepath.Join(p, "docs"))); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(binary)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", p, err, out)
			continue
		}
		golden(t, filepath.Join(p, "want.txt"), strings.Split(strings.TrimSpace(strings.ReplaceAll(string(out), dir, "")), "\n"))
	}
}
