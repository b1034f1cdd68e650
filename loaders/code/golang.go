package code

import (
	"go/ast"
	"go/parser"
	"go/token"
)

// golang finds the functions, methods and types of a Go file. A file with
// errors gives those that go/parser could make out.
func (s *scan) golang() {
	fset := token.NewFileSet()
	f, _ := parser.ParseFile(fset, "", s.text, parser.ParseComments|parser.SkipObjectResolution)
	if f == nil {
		return
	}
	file := fset.File(f.FileStart)
	add := func(name string, doc *ast.CommentGroup, n ast.Node) {
		start := n.Pos()
		if doc != nil {
			start = min(start, doc.Pos())
		}
		from, to := file.Offset(start), file.Offset(n.End())
		if name != "_" && from < to {
			s.symbols = append(s.symbols, symbol{f.Name.Name + "." + name, from, to})
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if r := receiver(d); r != "" {
				name = r + "." + name
			}
			add(name, d.Doc, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				t, ok := spec.(*ast.TypeSpec)
				switch {
				case !ok:
				case d.Lparen.IsValid():
					add(t.Name.Name, t.Doc, t)
				default:
					add(t.Name.Name, d.Doc, d)
				}
			}
		}
	}
}

// receiver returns the name of the type that f is a method of, or "".
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return ""
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.ParenExpr:
			t = x.X
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
