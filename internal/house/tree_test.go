package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

const module = "github.com/quarry-go/quarry"

// A tree is a repository: this one, or one that breaks a rule.
type tree struct {
	root  string
	files []string // names of all files, relative to root
	pkgs  []*pkg   // sorted by path
	fset  *token.FileSet
}

// A pkg is a package with the files of all platforms.
type pkg struct {
	path  string // relative to the module, "." for its root
	files []*file
	types *types.Package // of all but external tests; what could not be resolved has no type
	info  types.Info
}

// A file is one Go file.
type file struct {
	*ast.File
	name    string // relative to the root of the tree
	test    bool
	foreign bool // of another platform
}

// A listed is what go list says of a package.
type listed struct {
	ImportPath, Export        string
	Module                    *struct{ Path string }
	GoFiles, IgnoredGoFiles   []string
	TestGoFiles, XTestGoFiles []string
}

// listing is the packages of the repository and what they import. The go
// command compiles them, and leaves their types in the files named Export.
var listing = sync.OnceValues(func() ([]listed, error) {
	return goList(runtime.GOOS, "-e", "-export", "-deps", "./...")
})

// repository is the tree that this package is part of.
var repository = sync.OnceValues(func() (*tree, error) {
	all, err := listing()
	if err != nil {
		return nil, err
	}
	t := &tree{root: filepath.Join("..", ".."), fset: token.NewFileSet()}
	for _, l := range all {
		if l.Module == nil || l.Module.Path != module {
			continue
		}
		p := &pkg{path: strings.TrimPrefix(strings.TrimPrefix(l.ImportPath, module), "/")}
		for _, names := range [][]string{l.GoFiles, l.TestGoFiles, l.XTestGoFiles, l.IgnoredGoFiles} {
			for _, name := range names {
				f, err := t.parse(path.Join(p.path, name))
				if err != nil {
					return nil, err
				}
				f.foreign = slices.Contains(l.IgnoredGoFiles, name)
				p.files = append(p.files, f)
			}
		}
		t.pkgs = append(t.pkgs, p)
	}
	return t, t.finish(all)
})

// broken returns the tree in testdata/rules/name. Its packages may import
// what the repository imports; what else they import has no types.
func broken(name string) (*tree, error) {
	all, err := listing()
	if err != nil {
		return nil, err
	}
	t := &tree{root: filepath.Join("testdata", "rules", name), fset: token.NewFileSet()}
	byPath := map[string]*pkg{}
	err = fs.WalkDir(os.DirFS(t.root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".go" {
			return err
		}
		f, err := t.parse(name)
		if err != nil {
			return err
		}
		p := byPath[path.Dir(name)]
		if p == nil {
			p = &pkg{path: path.Dir(name)}
			byPath[p.path] = p
			t.pkgs = append(t.pkgs, p)
		}
		p.files = append(p.files, f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, t.finish(all)
}

func (t *tree) parse(name string) (*file, error) {
	data, err := t.read(name)
	if err != nil {
		return nil, err
	}
	f, err := parser.ParseFile(t.fset, name, data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &file{File: f, name: name, test: strings.HasSuffix(name, "_test.go")}, nil
}

func (t *tree) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(t.root, filepath.FromSlash(name)))
}

// finish sorts the packages, resolves their names and lists all files.
func (t *tree) finish(all []listed) error {
	slices.SortFunc(t.pkgs, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	// Two platforms may declare one name, and what another platform imports is not there: errors are no news.
	conf := types.Config{Importer: exports(t.fset, all), Error: func(error) {}}
	for _, p := range t.pkgs {
		var files []*ast.File
		for _, f := range p.files {
			if !strings.HasSuffix(f.Name.Name, "_test") {
				files = append(files, f.File)
			}
		}
		p.info = types.Info{
			Defs:       map[*ast.Ident]types.Object{},
			Uses:       map[*ast.Ident]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{},
		}
		p.types, _ = conf.Check(module+"/"+p.path, t.fset, files, &p.info)
	}
	return fs.WalkDir(os.DirFS(t.root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == ".cache" || name == "bin" || name == "internal/house/testdata/rules"):
			return fs.SkipDir
		case d.Type().IsRegular():
			t.files = append(t.files, name)
		}
		return nil
	})
}

// goList runs go list in the root of the repository, for a system.
func goList(goos string, args ...string) ([]listed, error) {
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Export,Module,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOOS="+goos)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
}

// exports imports packages from the files in which the compiler left their types.
func exports(fset *token.FileSet, all []listed) types.Importer {
	files := map[string]string{}
	for _, l := range all {
		files[l.ImportPath] = l.Export
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, errors.New("not compiled: " + path)
		}
		return os.Open(files[path])
	})
}

// library reports whether p is library code: no example, kit, tool of tests, or house.
func (p *pkg) library() bool {
	return !strings.HasPrefix(p.path, "examples/") && p.path != "internal/house" && !forTests(p.path)
}

// public reports whether programs can import p.
func (p *pkg) public() bool {
	return !slices.Contains(strings.Split(p.path, "/"), "internal") && !strings.HasPrefix(p.path, "examples/")
}

// code yields the files of p that are not tests.
func (p *pkg) code() []*file {
	return slices.DeleteFunc(slices.Clone(p.files), func(f *file) bool { return f.test })
}
