package house

import (
	"go/ast"
	"go/doc"
	"go/types"
	"slices"
	"strings"
)

// unexampled is the file that lists constructors without an Example, each as
// store/local.Open. Take away what has one; add none.
const unexampled = "internal/house/testdata/unexampled.txt"

// examplesRule finds constructors of public packages that no Example with an
// Output comment, in the tests of that package, calls. A constructor is an
// exported function named New or Open, or that returns an interface of its
// package or a pointer to a type of it. One that takes a context reaches for
// something that may not be there, and its Example needs to compile only. What
// takes a *testing.T cannot have an example.
func examplesRule(t *tree) (found []breach) {
	data, _ := t.read(unexampled) // a tree without the file has no exception
	excused := strings.Fields(string(data))
	for _, p := range t.pkgs {
		if !p.public() {
			continue
		}
		shown, compiled := exampled(p)
		for _, f := range p.code() {
			for _, d := range f.Decls {
				d, ok := d.(*ast.FuncDecl)
				if !ok || !p.constructs(d) || shown[d.Name.Name] || reaches(d) && compiled[d.Name.Name] {
					continue
				}
				if i := slices.Index(excused, p.path+"."+d.Name.Name); i >= 0 {
					excused = slices.Delete(excused, i, i+1)
					continue
				}
				found = append(found, t.breach(d.Pos(), "constructor %s has no Example: write one with an Output comment in %s/example_test.go", d.Name.Name, p.path))
			}
		}
	}
	for _, name := range excused {
		found = append(found, breach{unexampled, 0, name + " has an Example now, or is gone: take it from the list"})
	}
	return found
}

// reaches reports whether the first parameter of d is a context.
func reaches(d *ast.FuncDecl) bool {
	params := d.Type.Params.List
	if len(params) == 0 {
		return false
	}
	t, ok := params[0].Type.(*ast.SelectorExpr)
	return ok && t.Sel.Name == "Context"
}

// exampled returns the functions that examples of p call: those whose output is
// compared, and all.
func exampled(p *pkg) (shown, compiled map[string]bool) {
	shown, compiled = map[string]bool{}, map[string]bool{}
	for _, f := range p.files {
		if !f.test {
			continue
		}
		for _, e := range doc.Examples(f.File) {
			called := []map[string]bool{compiled}
			if e.Output != "" || e.EmptyOutput {
				called = append(called, shown)
			}
			ast.Inspect(e.Code, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					for _, m := range called {
						switch f := c.Fun.(type) {
						case *ast.Ident:
							m[f.Name] = true
						case *ast.SelectorExpr:
							m[f.Sel.Name] = true
						}
					}
				}
				return true
			})
		}
	}
	return shown, compiled
}

// constructs reports whether d makes a value of p.
func (p *pkg) constructs(d *ast.FuncDecl) bool {
	if d.Recv != nil || !d.Name.IsExported() || d.Type.Results == nil {
		return false
	}
	for _, param := range d.Type.Params.List {
		if strings.HasPrefix(p.used(starred(param.Type)), "testing.") {
			return false
		}
	}
	if strings.HasPrefix(d.Name.Name, "New") || strings.HasPrefix(d.Name.Name, "Open") {
		return true
	}
	result := d.Type.Results.List[0].Type
	id, ok := starred(result).(*ast.Ident)
	if !ok {
		return false
	}
	made, ok := p.info.Uses[id].(*types.TypeName)
	return ok && made.Exported() && made.Parent() == p.types.Scope() && (result != id || types.IsInterface(made.Type()))
}

// starred returns x, or what it points to.
func starred(x ast.Expr) ast.Expr {
	if s, ok := x.(*ast.StarExpr); ok {
		return s.X
	}
	return x
}
