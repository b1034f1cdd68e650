package code

import "regexp"

var (
	double  = quote{`"`, `"`, true, false}
	single  = quote{`'`, `'`, true, false}
	triple  = quote{`"""`, `"""`, true, true}
	triple1 = quote{`'''`, `'''`, true, true}

	slashes = [2]string{"/*", "*/"}
)

// identifier is a name in most languages.
const identifier = `[\pL_$][\pL\pN_$]*`

// heritage is what follows the name of a type: parameters, supertypes.
const heritage = `(?:[^=;()]|\([^;]*\))*`

var cLike = syntax{
	line: []string{"//"}, block: slashes, char: true, directed: true,
	quotes: []quote{{`R"(`, `)"`, false, true}, double},
}

// bracedLanguages are scanned by their braces.
var bracedLanguages = map[string]*braced{
	"c":   cFamily(cLike),
	"cpp": cFamily(cLike),
	"objective-c": {
		syntax:    cLike,
		functions: regexp.MustCompile(`[-+]\s*\([^)]*\)\s*(\w+)[^{};=]*$|(\w+)\s*\([^{};=]*\)\s*$`),
	},
	"java": {
		syntax:    syntax{line: []string{"//"}, block: slashes, char: true, quotes: []quote{triple, double}},
		types:     regexp.MustCompile(`\b(?:class|interface|enum|record)\s+(` + identifier + `)[^=;]*$`),
		functions: javaFunction,
	},
	"groovy": {
		syntax:    syntax{line: []string{"//"}, block: slashes, quotes: []quote{triple, triple1, double, single}},
		types:     regexp.MustCompile(`\b(?:class|interface|enum|trait)\s+(` + identifier + `)[^=;\n]*$`),
		functions: regexp.MustCompile(`\b(?:def|void|public|private|protected|static|[A-Z]\w*)\s+(` + identifier + `)\s*\([^{};]*\)\s*$`),
		lines:     true,
	},
	"csharp": {
		syntax: syntax{line: []string{"//"}, block: slashes, char: true, directed: true,
			quotes: []quote{triple, {`@"`, `"`, false, true}, {`$@"`, `"`, false, true}, double}},
		types:     regexp.MustCompile(`\b(?:class|interface|enum|struct|record(?:\s+(?:class|struct))?|namespace)\s+([\pL_][\pL\pN_.]*)[^=;]*$`),
		functions: regexp.MustCompile(`(?:^\s*|[^=.>\s(,]\s+|[>\]]\s*)(~?` + identifier + `|operator\s*[^\s\w(]+)\s*(?:<[^<>(){}]*>\s*)?\([^{}=;]*(?:=[^{};,)]*[^{};]*)*\)\s*(?::\s*(?:base|this)\s*\([^{}]*\)\s*)?(?:where[^{}]*)?$`),
	},
	"kotlin": {
		syntax:    syntax{line: []string{"//"}, block: slashes, nested: true, char: true, quotes: []quote{triple, double}},
		types:     regexp.MustCompile(`\b(?:class|interface|object)\s+(` + identifier + `)` + heritage + `$`),
		functions: regexp.MustCompile(`\bfun\s+(?:<[^>]*>\s*)?(?:[\w<>?,. ]+\.)?(` + identifier + `)\s*\([^;]*\)\s*(?::[^={}]*)?$`),
		through:   regexp.MustCompile(`\bcompanion\s+object\s*$`),
		lines:     true,
	},
	"scala": {
		syntax:    syntax{line: []string{"//"}, block: slashes, nested: true, char: true, quotes: []quote{triple, double}},
		types:     regexp.MustCompile(`\b(?:class|trait|object)\s+(` + identifier + `)` + heritage + `$`),
		functions: regexp.MustCompile(`\bdef\s+([^\s(\[:=]+)[^;]*=?\s*$`),
		lines:     true,
	},
	"swift": {
		syntax:    syntax{line: []string{"//"}, block: slashes, nested: true, quotes: []quote{triple, double}},
		types:     regexp.MustCompile(`\b(?:class|struct|enum|protocol|extension|actor)\s+([\w.]+)[^=;(]*$`),
		functions: regexp.MustCompile(`\bfunc\s+([^\s(<]+)[^;]*$|\b(init|deinit|subscript)\b[?!]?[^;]*$`),
		lines:     true,
	},
	"dart": {
		syntax:    syntax{line: []string{"//"}, block: slashes, quotes: []quote{triple, triple1, double, single}},
		types:     regexp.MustCompile(`\b(?:class|mixin|extension|enum)\s+(` + identifier + `)[^=;]*$`),
		functions: regexp.MustCompile(`(` + identifier + `)\s*(?:<[^<>]*>\s*)?\([^;]*\)\s*(?:async\*?|sync\*)?\s*$`),
	},
	"rust": {
		syntax: syntax{line: []string{"//"}, block: slashes, nested: true, char: true,
			quotes: []quote{{`r##"`, `"##`, false, true}, {`r#"`, `"#`, false, true}, {`r"`, `"`, false, true}, {`"`, `"`, true, true}}},
		types: regexp.MustCompile(`\b(?:mod|trait|struct|enum|union)\s+(` + identifier + `)[^=;]*$|` +
			`\bimpl\b(?:[^{}]*\bfor\s+|\s*<(?:[^<>]|<[^<>]*>)*>\s*|\s+)(?:&\s*)?(?:dyn\s+)?([\w:]+)[^{};]*$`),
		functions: regexp.MustCompile(`\bfn\s+(` + identifier + `)[^;]*$|\bmacro_rules!\s*(` + identifier + `)\s*$`),
		through:   regexp.MustCompile(`\bextern\s*$`),
	},
	"php": {
		syntax:    syntax{line: []string{"//", "#"}, block: slashes, quotes: []quote{{`"`, `"`, true, true}, {`'`, `'`, true, true}}},
		types:     regexp.MustCompile(`(?i)\b(?:class|interface|trait|enum|namespace)\s+([\w\\]+)[^=;()]*$`),
		functions: regexp.MustCompile(`(?i)\bfunction\s+&?\s*(\w+)\s*\([^;]*$`),
	},
	"javascript": script(`\bclass\s+(` + identifier + `)[^=;()]*$`),
	"typescript": script(`\b(?:class|interface|enum|namespace|module)\s+([\pL_$][\pL\pN_$.]*)[^=;()]*$|\btype\s+(` + identifier + `)\s*(?:<[^=]*>)?\s*=\s*$`),
	"protobuf": {
		syntax:    syntax{line: []string{"//"}, block: slashes, quotes: []quote{double, single}},
		types:     regexp.MustCompile(`\b(?:message|service|enum|extend)\s+([\w.]+)\s*$`),
		functions: regexp.MustCompile(`\brpc\s+(\w+)[^;]*$`),
	},
	"thrift": {
		syntax: syntax{line: []string{"//", "#"}, block: slashes, quotes: []quote{double, single}},
		types:  regexp.MustCompile(`\b(?:struct|union|exception|service|enum)\s+(\w+)[^=;]*$`),
	},
	"graphql": {
		syntax: syntax{line: []string{"#"}, quotes: []quote{triple, double}},
		types:  regexp.MustCompile(`\b(?:type|interface|input|enum)\s+(\w+)[^=:]*$`),
		lines:  true,
	},
}

var javaFunction = regexp.MustCompile(`(?:^\s*|[^=.\s(,]\s+|[>\]]\s*)(` + identifier + `)\s*\((?:[^{}=;]|[=!<>]=)*\)\s*(?:\[\]\s*)?(?:throws\s+[^{}=;]*)?$`)

func cFamily(x syntax) *braced {
	return &braced{
		syntax: x,
		types: regexp.MustCompile(`\b(?:class|struct|union|enum(?:\s+(?:class|struct))?|namespace)\s+(?:\[\[[^\]]*\]\]\s*|alignas\([^)]*\)\s*|__\w+(?:\(\([^)]*\)\)\s*|\s+)|[A-Z][A-Z0-9_]+\s+)*` +
			`([A-Za-z_][\w:]*)(?:\s*<[^(){};]*>)?\s*(?:final\s*)?(?::[^(){};=]*)?$`),
		functions: regexp.MustCompile(`(?:^|[\s*&>])((?:[A-Za-z_]\w*(?:<[^<>(){}]*>)?::)*(?:operator\s*(?:\(\)|[^\s(]+)|~?[A-Za-z_]\w*))\s*\((?:[^{};]*)\)` +
			`(?:\s*(?:const|volatile|override|final|noexcept(?:\([^)]*\))?|&&?|try|[A-Z][A-Z0-9_]*(?:\([^)]*\))?|->\s*[^{};=]+))*\s*(?::[^{};]*)?$`),
		unnamed: regexp.MustCompile(`\btypedef\s+(?:struct|union|enum)\b[^();=]*$`),
		after:   regexp.MustCompile(`^\s*(?:__\w+\s*\(\([^)]*\)\)\s*)?([A-Za-z_]\w*)[^;{}]*`),
		through: regexp.MustCompile(`\bextern\s*$|\bnamespace\s*$`),
	}
}

// script is JavaScript and what is made of it.
func script(types string) *braced {
	const parameters = `\((?:[^(){};]|\((?:[^(){};]|\([^(){};]*\))*\))*\)`
	return &braced{
		syntax: syntax{line: []string{"//"}, block: slashes, script: true, quotes: []quote{double, single}},
		types:  regexp.MustCompile(types),
		functions: regexp.MustCompile(`\bfunction\s*\*?\s*(` + identifier + `)\s*(?:<[^{}]*>\s*)?\([^;]*$|` +
			`\b(?:const|let|var)\s+(` + identifier + `)\s*(?::[^=;]+)?=\s*(?:async\s+)?(?:function\b[^;]*|(?:<[^{};]*>\s*)?(?:` + parameters + `|` + identifier + `)\s*(?::[^={};]+)?=>\s*)$|` +
			`\b((?:` + identifier + `\.)+` + identifier + `)\s*=\s*(?:async\s+)?(?:function\b[^;]*|(?:` + parameters + `|` + identifier + `)\s*=>\s*)$`),
		methods: regexp.MustCompile(`(?:^|[\n\s*])(#?` + identifier + `)\s*(?:<[^{}();]*>\s*)?` + parameters + `\s*(?::[^{};]+)?$|` +
			`(?:^|\n)\s*(?:static\s+)?(#?` + identifier + `)\s*(?::[^=;]+)?=\s*(?:async\s+)?(?:` + parameters + `|` + identifier + `)\s*(?::[^={};]+)?=>\s*$`),
		lines: true,
	}
}
