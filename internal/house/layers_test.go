package house

import "strings"

// layers is the house from the ground up. A package imports packages of lower
// layers only, so packages of one layer never see each other. A package below
// another's internal folder belongs to that other's layer; the two may see
// each other, and nobody else can. Tests may import anything.
var layers = []struct {
	name     string
	packages string // patterns as of path.Match
}{
	{"ground", "internal/vfs internal/vec internal/sse internal/charset internal/sentence internal/sanitize internal/text"},
	{"on the ground", "internal/vfs/memfs internal/vfs/errfs internal/wal internal/bm25 internal/openai"},
	{tools, "internal/vfs/crashtest internal/servers internal/realdata internal/probe"},
	{contracts, "store embed loaders rag/llm rag/token"},
	{kits, "store/storetest embed/embedtest loaders/loadertest rag/llm/llmtest"},
	{"engines of parts", "internal/remote"},
	{"parts", "store/* embed/* loaders/code loaders/files loaders/html loaders/markdown loaders/pdf loaders/text rag/llm/* rag/chunk rag/retrieve rag/assemble rag/cite"},
	{"what joins them", "rag loaders/auto"},
	{kits, "rag/ragtest"},
	{"what uses a knowledge base", "rag/eval rag/langchaingo"},
	{"programs", "examples/*"},
}

const (
	contracts = "contracts"      // import the standard library alone
	kits      = "kits"           // prove an implementation of a contract; only tests import them
	tools     = "tools of tests" // the same, for the tests of this repository
)

// owners are modules that one package may import, by the prefix of their paths.
var owners = map[string]string{
	"github.com/tmc/langchaingo": "rag/langchaingo",
	"github.com/jackc/pgx":       "store/pgstore",
}

// layer returns the number of the layer of a package of this module, or -1.
func layer(path string) int {
	path = room(path)
	for i, l := range layers {
		if matches(l.packages, path) {
			return i
		}
	}
	return -1
}

// forTests reports whether the package at path is a kit or a tool of tests.
func forTests(path string) bool {
	l := layer(path)
	return l >= 0 && (layers[l].name == kits || layers[l].name == tools)
}

// room returns the package that path belongs to: store/local for
// store/local/internal/table.
func room(path string) string {
	path, _, _ = strings.Cut(path, "/internal/")
	return path
}

func layersRule(t *tree) (found []breach) {
	for _, p := range t.pkgs {
		if p.path == "internal/house" {
			continue
		}
		own := layer(p.path)
		if own < 0 {
			found = append(found, breach{p.path, 0, "has no layer: add it to the table in internal/house/layers_test.go, as low as what it imports allows"})
			continue
		}
		for _, f := range p.code() {
			for _, spec := range f.Imports {
				imported := strings.Trim(spec.Path.Value, `"`)
				says := func(format string, args ...any) {
					found = append(found, t.breach(spec.Pos(), format, args...))
				}
				inside, ours := strings.CutPrefix(imported, module+"/")
				switch {
				case !ours:
					std := !strings.Contains(strings.Split(imported, "/")[0], ".")
					if !std && layers[own].name == contracts {
						says("%s is a contract and imports %s: contracts import the standard library alone", p.path, imported)
					}
					for prefix, owner := range owners {
						if strings.HasPrefix(imported, prefix) && room(p.path) != owner {
							says("%s imports %s: only %s does; go through it", p.path, imported, owner)
						}
					}
				case forTests(inside) && !forTests(p.path):
					says("%s imports %s, of the %s: only tests do", p.path, inside, layers[layer(inside)].name)
				case room(inside) != room(p.path) && layer(inside) >= own:
					says("%s (%s) imports %s (%s): a package imports lower layers only; let a package above both join them, or move what both need below", p.path, layers[own].name, inside, layers[layer(inside)].name)
				case layers[own].name == contracts && layer(inside) < own:
					says("%s is a contract and imports %s: contracts import the standard library alone", p.path, inside)
				}
			}
		}
	}
	return found
}
