package house

import (
	"go/ast"
	"regexp"
	"strings"
)

// obvious are methods whose meaning the standard library gives.
const obvious = "Error String Unwrap LogValue MarshalJSON UnmarshalJSON MarshalText UnmarshalText Len Less Swap"

// docsRule finds packages and exported names without a comment: functions,
// types, their methods, the methods of interfaces, constants and variables.
// A comment on a group, or behind a name, counts; one method is told with its
// interface.
func docsRule(t *tree) (found []breach) {
	for _, p := range t.pkgs {
		documented := len(p.code()) == 0
		for _, f := range p.code() {
			documented = documented || f.Doc != nil
			if f.Name.Name == "main" {
				continue
			}
			missing := func(id *ast.Ident, what string) {
				if id.IsExported() {
					found = append(found, t.breach(id.Pos(), "%s %s has no comment: say what it is, what holds for it and when it fails", what, id.Name))
				}
			}
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Doc == nil && (d.Recv == nil || receiver(d).IsExported() && !matches(obvious, d.Name.Name)) {
						missing(d.Name, "function")
					}
				case *ast.GenDecl:
					for _, spec := range d.Specs {
						switch s := spec.(type) {
						case *ast.TypeSpec:
							if d.Doc == nil && s.Doc == nil && s.Comment == nil {
								missing(s.Name, "type")
							}
							if i, ok := s.Type.(*ast.InterfaceType); ok && s.Name.IsExported() && i.Methods.NumFields() > 1 {
								for _, m := range i.Methods.List {
									if len(m.Names) == 1 && m.Doc == nil && m.Comment == nil && !matches(obvious, m.Names[0].Name) {
										missing(m.Names[0], "method")
									}
								}
							}
						case *ast.ValueSpec:
							if d.Doc == nil && s.Doc == nil && s.Comment == nil {
								for _, id := range s.Names {
									missing(id, d.Tok.String())
								}
							}
						}
					}
				}
			}
		}
		if !documented {
			found = append(found, t.breach(p.code()[0].Package, "package %s has no comment: say what it is for, above a package clause", p.code()[0].Name.Name))
		}
	}
	return found
}

// receiver returns the type name of a method's receiver.
func receiver(d *ast.FuncDecl) *ast.Ident {
	x := d.Recv.List[0].Type
	for {
		switch e := x.(type) {
		case *ast.StarExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.IndexListExpr:
			x = e.X
		default:
			return x.(*ast.Ident)
		}
	}
}

var vague = regexp.MustCompile(`^(utils?|commons?|helpers?|managers?|base)$`)

// namesRule finds packages whose name says nothing.
func namesRule(t *tree) (found []breach) {
	for _, p := range t.pkgs {
		for _, f := range p.files {
			if name := strings.TrimSuffix(f.Name.Name, "_test"); vague.MatchString(name) {
				found = append(found, t.breach(f.Package, "package %s: name it after what it does", name))
			}
		}
		for dir := range strings.SplitSeq(p.path, "/") {
			if vague.MatchString(dir) {
				found = append(found, breach{p.path, 0, "folder " + dir + ": name it after what is in it"})
			}
		}
	}
	return found
}

// maxLines is how long a Go file may be.
const maxLines = 600

func lengthRule(t *tree) (found []breach) {
	for _, p := range t.pkgs {
		for _, f := range p.files {
			if n := t.fset.File(f.FileStart).LineCount(); n > maxLines && !ast.IsGenerated(f.File) {
				found = append(found, breach{f.name, 0, "over 600 lines: one idea a file"})
			}
		}
	}
	return found
}

// channelsRule finds channels in exported signatures, those of interfaces too.
func channelsRule(t *tree) (found []breach) {
	look := func(n ast.Node, name string) {
		ast.Inspect(n, func(n ast.Node) bool {
			if c, ok := n.(*ast.ChanType); ok {
				found = append(found, t.breach(c.Pos(), "%s has a channel in its signature: streams are iter.Seq2[T, error]", name))
			}
			return true
		})
	}
	for _, p := range t.pkgs {
		if !p.public() {
			continue
		}
		for _, f := range p.code() {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Name.IsExported() && (d.Recv == nil || receiver(d).IsExported()) {
						look(d.Type, d.Name.Name)
					}
				case *ast.GenDecl:
					for _, spec := range d.Specs {
						if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() {
							if i, ok := s.Type.(*ast.InterfaceType); ok {
								look(i, s.Name.Name)
							}
						}
					}
				}
			}
		}
	}
	return found
}
