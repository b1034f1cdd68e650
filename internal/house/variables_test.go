package house

import (
	"go/ast"
	"go/token"
	"go/types"
)

// shared are types that are pointers or hold one, and never change once made.
const shared = "*regexp.Regexp *hash/crc32.Table *unicode.RangeTable *strings.Replacer *text/template.Template *html/template.Template"

// variablesRule finds package variables that change or could be changed by
// others. Sentinel errors and tables that nothing writes to are constants that
// the language has no word for, and fine.
func variablesRule(t *tree) (found []breach) {
	for _, p := range t.pkgs {
		if !p.library() || p.types == nil {
			continue
		}
		declared := map[types.Object]bool{}
		for _, f := range p.code() {
			for _, d := range f.Decls {
				d, ok := d.(*ast.GenDecl)
				if !ok || d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					for _, id := range spec.(*ast.ValueSpec).Names {
						v := p.info.Defs[id]
						if v == nil || id.Name == "_" {
							continue
						}
						declared[v] = true
						if why := changeable(v); why != "" {
							found = append(found, t.breach(id.Pos(), "variable %s %s: make it a field of what uses it", id.Name, why))
						}
					}
				}
			}
		}
		for _, f := range p.files {
			ast.Inspect(f.File, func(n ast.Node) bool {
				for _, x := range p.written(n) {
					if id := root(x); id != nil && declared[p.info.Uses[id]] {
						found = append(found, t.breach(n.Pos(), "variable %s of the package is written to or its address taken: make it a field of what uses it, or build it where it is declared and read it as a slice", id.Name))
					}
				}
				return true
			})
		}
	}
	return found
}

var errorType = types.Universe.Lookup("error").Type()

// changeable says why a variable that nothing in its package writes to may change all the same, or "".
func changeable(v types.Object) string {
	t := v.Type()
	switch u := t.Underlying().(type) {
	case *types.Interface, *types.Basic:
		if v.Exported() && !types.Identical(t, errorType) {
			return "can be set by every importer"
		}
		return ""
	case *types.Pointer:
		if a, ok := u.Elem().Underlying().(*types.Array); ok && !locks(a.Elem()) || matches(shared, types.TypeString(t, nil)) {
			return ""
		}
		return "leads to what may change"
	case *types.Chan:
		return "is a channel"
	case *types.Struct:
		if u.NumFields() == 0 {
			return ""
		}
		if locks(t) {
			return "holds state"
		}
	case *types.Array:
		if locks(u.Elem()) {
			return "holds state"
		}
	}
	if v.Exported() {
		return "can be set by every importer"
	}
	return ""
}

// locks reports whether t is of package sync or sync/atomic, or a struct that holds such a value.
func locks(t types.Type) bool {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && matches("sync sync/atomic", n.Obj().Pkg().Path()) {
		return true
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if locks(f.Type()) {
				return true
			}
		}
	}
	return false
}

// written returns what n writes to, or could through a pointer that it takes.
func (p *pkg) written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if name := p.used(n.Fun); matches("clear copy delete", name) {
			return n.Args[:1]
		}
		if s, ok := n.Fun.(*ast.SelectorExpr); ok {
			if sel := p.info.Selections[s]; sel != nil && sel.Kind() == types.MethodVal && p.mayChange(sel) {
				return []ast.Expr{s.X}
			}
		}
	}
	return nil
}

// mayChange reports whether a method that is called on a variable takes its
// address, and does not plainly leave alone what is there.
func (p *pkg) mayChange(sel *types.Selection) bool {
	recv := sel.Obj().(*types.Func).Signature().Recv()
	_, wants := recv.Type().Underlying().(*types.Pointer)
	_, has := sel.Recv().Underlying().(*types.Pointer)
	if !wants || has {
		return false
	}
	for _, f := range p.files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && p.info.Defs[d.Name] == sel.Obj() {
				return p.writesTo(d.Body, recv)
			}
		}
	}
	return true
}

// writesTo reports whether v is written to in a body.
func (p *pkg) writesTo(body *ast.BlockStmt, v types.Object) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		for _, x := range p.written(n) {
			id := root(x)
			found = found || id != nil && p.info.Uses[id] == v
		}
		return true
	})
	return found
}

// root returns the variable that x is a part of: t for t.f[i].
func root(x ast.Expr) *ast.Ident {
	for {
		switch e := x.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.ParenExpr:
			x = e.X
		default:
			return nil
		}
	}
}
