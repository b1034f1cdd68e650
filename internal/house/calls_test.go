package house

import (
	"go/ast"
	"go/types"
	"path"
	"strings"
)

// A ban is a set of names that library code does not use.
type ban struct {
	names   string // patterns as of path.Match on "import/path.Name"
	instead string
	but     string // names that are fine nevertheless
	in      string // the packages that it is for, as patterns; empty: all
	except  string // packages that may
}

var bans = []ban{
	{names: "panic", instead: "return an error"},
	{names: "print println fmt.Print* os.Std*", instead: "return it, or write to an io.Writer that the caller gave"},
	{names: "log.*", instead: "return an error, or tell the caller's Observer"},
	{names: "log/slog.*", instead: "return an error, or tell the caller's Observer",
		but: "log/slog.Value log/slog.*Value log/slog.LogValuer"}, // how a secret keeps itself out of a caller's log
	{names: "time.Sleep", instead: "wait for a timer or the end of the context, whichever comes first"},
	{names: "net/http.DefaultClient net/http.Get net/http.Head net/http.Post net/http.PostForm", instead: "use an *http.Client that the caller may give"},
	{names: "os.Exit os.Setenv os.Unsetenv os.Clearenv os.Chdir", instead: "leave the process to the program"},

	// Files: what the library writes goes through internal/vfs, where its crashes are simulated. What a user has is
	// read by loaders, through an fs.FS or an os.Root, out of which no name and no link leads; a root is looked at by
	// its path (Stat, SameFile) to see that it is still the same.
	{names: "os.*", instead: "files that the library keeps go through internal/vfs; files of a user are read by a loader, through fs.FS or os.OpenRoot",
		but:    "os.Getenv os.LookupEnv os.Environ os.Getpid os.Hostname os.Err* os.PathError os.LinkError os.SyscallError os.NewSyscallError os.FileInfo os.FileMode os.Mode* os.Interrupt",
		except: "internal/vfs loaders loaders/*"},
	{names: "os.*", instead: "read a user's files through fs.FS or os.OpenRoot",
		in:  "loaders loaders/*",
		but: "os.OpenRoot os.Root os.Stat os.SameFile os.Getenv os.Err* os.PathError os.FileInfo os.FileMode os.Mode*"},
	{names: "io/ioutil.* path/filepath.Walk path/filepath.WalkDir path/filepath.Glob path/filepath.EvalSymlinks", instead: "walk an fs.FS", except: "internal/vfs"},
	{names: "syscall.* golang.org/x/sys/*", instead: "system calls are internal/vfs's and internal/vec's",
		but:    "syscall.E* syscall.Errno syscall.Stat_t syscall.Win32FileAttributeData", // errors, and what an fs.FileInfo holds
		except: "internal/vfs internal/vec"},

	{names: "testing.*", instead: "what is for tests alone is a kit or a tool, and listed as one in internal/house/layers_test.go"},
	{names: "unsafe.*", instead: "write it in safe Go; the kernels of internal/vec are the only ones that may not", except: "internal/vec"},
}

func callsRule(t *tree) (found []breach) {
	for _, p := range t.pkgs {
		if !p.library() {
			continue
		}
		for _, f := range p.code() {
			for _, spec := range f.Imports {
				if spec.Name != nil && spec.Name.Name == "." {
					found = append(found, t.breach(spec.Pos(), "dot import of %s: write the package's name", spec.Path.Value))
				}
				if spec.Path.Value == `"C"` {
					found = append(found, t.breach(spec.Pos(), "cgo: the library builds without a C compiler"))
				}
			}
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "init" {
					found = append(found, t.breach(d.Pos(), "init: give the value where it is declared, or build it in a constructor"))
				}
			}
			ast.Inspect(f.File, func(n ast.Node) bool {
				name := p.used(n)
				if name == "" {
					return true
				}
				for _, b := range bans {
					if b.bans(name, p.path) {
						found = append(found, t.breach(n.Pos(), "%s: %s", name, b.instead))
						break
					}
				}
				return true
			})
		}
	}
	return found
}

// used returns what n names of another package, as "net/http.Get", or which builtin function; or "".
func (p *pkg) used(n ast.Node) string {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok {
			if pn, ok := p.info.Uses[x].(*types.PkgName); ok {
				return pn.Imported().Path() + "." + n.Sel.Name
			}
		}
	case *ast.Ident:
		if b, ok := p.info.Uses[n].(*types.Builtin); ok && b.Pkg() == nil {
			return b.Name()
		}
	}
	return ""
}

// bans reports whether the package at path may not use name.
func (b ban) bans(name, path string) bool {
	return matches(b.names, name) && !matches(b.but, name) && (b.in == "" || matches(b.in, path)) && !matches(b.except, path)
}

// matches reports whether one of the patterns, separated by spaces, matches name.
func matches(patterns, name string) bool {
	for p := range strings.FieldsSeq(patterns) {
		if ok, err := path.Match(p, name); ok && err == nil {
			return true
		}
	}
	return false
}
