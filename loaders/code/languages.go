package code

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// languages maps extensions and, for files that have none, whole names to the
// language that they stand for. Configuration counts as one.
var languages = table(map[string]string{
	"go":          ".go .gotmpl .go2",
	"gomod":       ".mod .sum .work",
	"assembly":    ".s .asm",
	"python":      ".py .pyi .pyw .bzl .star build build.bazel workspace",
	"javascript":  ".js .mjs .cjs .jsx",
	"typescript":  ".ts .mts .cts .tsx",
	"java":        ".java",
	"kotlin":      ".kt .kts",
	"scala":       ".scala .sc",
	"groovy":      ".groovy .gradle",
	"rust":        ".rs",
	"c":           ".c .h",
	"cpp":         ".cc .cpp .cxx .hh .hpp .hxx .ipp .cu .cuh",
	"csharp":      ".cs",
	"objective-c": ".m .mm",
	"swift":       ".swift",
	"dart":        ".dart",
	"zig":         ".zig",
	"php":         ".php .phtml",
	"ruby":        ".rb .rake .gemspec rakefile gemfile vagrantfile",
	"perl":        ".pl .pm .t",
	"lua":         ".lua",
	"r":           ".r",
	"julia":       ".jl",
	"haskell":     ".hs",
	"ocaml":       ".ml .mli",
	"fsharp":      ".fs .fsi .fsx",
	"elixir":      ".ex .exs",
	"erlang":      ".erl .hrl",
	"clojure":     ".clj .cljs .cljc .edn",
	"lisp":        ".el .lisp .scm",
	"fortran":     ".f .f90 .f95 .f03",
	"pascal":      ".pas .pp",
	"ada":         ".adb .ads",
	"vhdl":        ".vhd .vhdl",
	"verilog":     ".v .sv",
	"sql":         ".sql .ddl",
	"shell":       ".sh .bash .zsh .ksh .fish",
	"batch":       ".bat .cmd",
	"powershell":  ".ps1 .psm1",
	"awk":         ".awk",
	"protobuf":    ".proto",
	"thrift":      ".thrift",
	"graphql":     ".graphql .gql",
	"terraform":   ".tf .tfvars .hcl",
	"nix":         ".nix",
	"cmake":       ".cmake cmakelists.txt",
	"make":        ".mk .make makefile gnumakefile",
	"docker":      ".dockerfile dockerfile containerfile",
	"css":         ".css .scss .sass .less",
	"vue":         ".vue .svelte",
	"template":    ".tmpl .tpl .j2 .mustache .hbs",
	"xml":         ".xml .xsd .xsl .xslt .wsdl .plist .pom .csproj .svg .rng",
	"json":        ".json .json5 .jsonc .webmanifest .map",
	"yaml":        ".yaml .yml",
	"toml":        ".toml",
	"ini":         ".ini .cfg .conf .cnf .properties .env .editorconfig .service .desktop",
	"diff":        ".diff .patch",
	"gitconfig":   ".gitignore .gitattributes .gitmodules .dockerignore",
})

func table(byLanguage map[string]string) map[string]string {
	t := map[string]string{}
	for name, exts := range byLanguage {
		for _, ext := range strings.Fields(exts) {
			t[ext] = name
		}
	}
	return t
}

// interpreters maps what a first line "#!" may run to a language.
var interpreters = map[string]string{
	"sh": "shell", "bash": "shell", "dash": "shell", "zsh": "shell", "ksh": "shell", "fish": "shell", "rc": "shell",
	"python": "python", "node": "javascript", "deno": "typescript", "bun": "typescript", "perl": "perl", "ruby": "ruby",
	"php": "php", "lua": "lua", "awk": "awk", "gawk": "awk", "make": "make", "Rscript": "r", "pwsh": "powershell",
	"julia": "julia", "groovy": "groovy", "elixir": "elixir",
}

func newParser(o *Options) *source {
	p := &source{}
	if o != nil {
		p.languages = maps.Clone(o.Languages)
	}
	return p
}

// names lists the extensions and file names that the parser knows, sorted.
func (p *source) names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(languages)), maps.Keys(p.languages))
	slices.Sort(names)
	return slices.Compact(names)
}

// version changes with what the parser finds in equal bytes.
func (p *source) version() string {
	v := "code/1"
	for _, k := range slices.Sorted(maps.Keys(p.languages)) {
		v += fmt.Sprintf(" %q=%q", k, p.languages[k])
	}
	return v
}

// language returns the language of a file, by its name and then by the first
// line of its content; "" if it is not known.
func (p *source) language(name string, head []byte) string {
	name = strings.ToLower(name)
	for _, key := range []string{name, path.Ext(name)} {
		if l, ok := p.languages[key]; ok {
			return l
		}
		if l, ok := languages[key]; ok {
			return l
		}
	}
	return interpreted(head)
}

// interpreted returns the language of a script by its first line, such as
// "#!/usr/bin/env python3"; "" if it has none that is known.
func interpreted(head []byte) string {
	if !bytes.HasPrefix(head, []byte("#!")) {
		return ""
	}
	line, _, _ := bytes.Cut(head[2:min(len(head), 200)], []byte("\n"))
	for _, word := range strings.Fields(string(line)) {
		word = path.Base(word)
		if word == "env" || strings.HasPrefix(word, "-") {
			continue
		}
		return interpreters[strings.TrimRight(word, "0123456789.")]
	}
	return ""
}
