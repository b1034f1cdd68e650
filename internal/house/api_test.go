package house

import (
	"fmt"
	"go/types"
	"path/filepath"
	"strings"
	"testing"
)

// TestAPI compares the exported names of the public packages with a file that
// is read in every review: what is in it, somebody uses.
func TestAPI(t *testing.T) {
	r, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "api.txt"), api(r))
}

// api returns one line for each exported name, each with the name of its package.
func api(t *tree) (all []string) {
	for _, p := range t.pkgs {
		if !p.public() || p.types == nil || p.types.Name() == "main" || len(p.code()) == 0 {
			continue
		}
		say := func(format string, args ...any) {
			all = append(all, p.path+": "+fmt.Sprintf(format, args...))
		}
		here := map[string]bool{} // files of this platform that are no tests
		for _, f := range p.code() {
			here[f.name] = !f.foreign
		}
		qualify := func(q *types.Package) string {
			if q == p.types {
				return ""
			}
			return q.Name()
		}
		for _, name := range p.types.Scope().Names() {
			o := p.types.Scope().Lookup(name)
			if !o.Exported() || !here[t.fset.Position(o.Pos()).Filename] {
				continue
			}
			switch o := o.(type) {
			case *types.Const:
				say("%s = %s", types.ObjectString(o, qualify), o.Val())
			case *types.TypeName:
				describe(o, qualify, say)
			default:
				say("%s", types.ObjectString(o, qualify))
			}
		}
	}
	return all
}

// describe says what a type is: its exported fields or methods.
func describe(o *types.TypeName, qualify types.Qualifier, say func(string, ...any)) {
	if o.IsAlias() {
		say("%s", types.ObjectString(o, qualify))
		return
	}
	named := o.Type().(*types.Named)
	name := types.TypeString(named, qualify)
	switch u := named.Underlying().(type) {
	case *types.Struct:
		say("type %s struct", name)
		for f := range u.Fields() {
			if f.Exported() {
				say("type %s struct, %s %s", name, f.Name(), types.TypeString(f.Type(), qualify))
			}
		}
	case *types.Interface:
		say("type %s interface", name)
		for m := range u.Methods() {
			if m.Exported() {
				say("type %s interface, %s%s", name, m.Name(), strings.TrimPrefix(types.TypeString(m.Type(), qualify), "func"))
			} else {
				say("type %s interface, sealed", name)
			}
		}
	default:
		say("type %s %s", name, types.TypeString(u, qualify))
	}
	if types.IsInterface(named) {
		return
	}
	for m := range named.Methods() {
		if m.Exported() {
			say("%s", types.ObjectString(m, qualify))
		}
	}
}
