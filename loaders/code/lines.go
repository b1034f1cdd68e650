package code

import (
	"bytes"
	"strings"
)

// add adds a symbol that is not empty.
func (s *scan) add(name string, start, end int) {
	if name != "" && start < end {
		s.symbols = append(s.symbols, symbol{name, start, end})
	}
}

// An outline is what a scan by lines has found so far.
type outline struct {
	*scan
	open  []opened // the definitions that the line is in, the outermost first
	floor int      // where the last one ended or, if it holds members, began
}

// An opened definition has not ended yet.
type opened struct {
	name   string // qualified
	from   int
	indent int
	typ    bool // its members are looked for
}

// begin opens a definition whose first line ends at end. It reports false for
// one inside of a function, which is no member of anything.
func (o *outline) begin(name string, from, indent int, typ bool, end int) bool {
	prefix := ""
	if n := len(o.open); n > 0 {
		if prefix = o.open[n-1].name; !o.open[n-1].typ || n == maxNesting {
			return false
		}
	}
	o.open = append(o.open, opened{join(prefix, name), from, indent, typ})
	if typ {
		o.floor = end
	}
	return true
}

// close ends, at to, the definitions that are indented by indent or deeper.
func (o *outline) close(indent, to int) {
	for n := len(o.open); n > 0 && o.open[n-1].indent >= indent; n-- {
		o.end(to)
	}
}

// closeFunctions does the same up to the first type.
func (o *outline) closeFunctions(indent, to int) {
	for n := len(o.open); n > 0 && o.open[n-1].indent >= indent && !o.open[n-1].typ; n-- {
		o.end(to)
	}
}

// end ends the innermost definition.
func (o *outline) end(to int) {
	d := o.open[len(o.open)-1]
	o.open = o.open[:len(o.open)-1]
	o.add(d.name, d.from, o.trimmed(d.from, to))
	o.floor = max(o.floor, to)
}

// trimmed returns to, less the white space before it.
func (s *scan) trimmed(from, to int) int {
	return from + len(strings.TrimRight(s.text[from:max(from, to)], " \t\n\f\v"))
}

// join returns the qualified name of name in the type or package prefix.
func join(prefix, name string) string {
	name = strings.ReplaceAll(strings.Trim(name, ":."), "::", ".")
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// above returns where the comments and attributes begin that stand in the
// lines right above the one that begins at from, not before floor. In code,
// the comments of the text are blank.
func (s *scan) above(code []byte, from, floor int) int {
	start := lineStart(s.text, from)
	if start < floor || len(bytes.TrimSpace(code[start:from])) > 0 {
		return from
	}
	for start > floor {
		next := lineStart(s.text, start-1)
		if next < floor {
			break
		}
		line, shown := strings.TrimSpace(s.text[next:start]), string(bytes.TrimSpace(code[next:start]))
		comment := line != "" && shown == "" && !isDirective(line)
		if !comment && !isAttribute(shown) {
			break
		}
		start = next
	}
	return skipSpace(s.text, start)
}

func isAttribute(line string) bool {
	return strings.HasPrefix(line, "@") || strings.HasPrefix(line, "#[") || strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]")
}

// isDirective reports whether a line that mask blanked is one for a
// preprocessor rather than a comment that begins with #.
func isDirective(line string) bool {
	word, ok := strings.CutPrefix(line, "#")
	if !ok {
		return false
	}
	word = strings.TrimSpace(word)
	for _, d := range []string{"include", "define", "undef", "if", "el", "endif", "pragma", "import", "error", "line", "region", "endregion", "!"} {
		if strings.HasPrefix(word, d) {
			return true
		}
	}
	return false
}

// maxLine is how far the beginning of a line is looked for. A longer line was
// not written by a person, and is taken to begin there.
const maxLine = 4096

// lineStart is where the line that holds byte i begins.
func lineStart(s string, i int) int {
	from := max(0, i-maxLine)
	return from + strings.LastIndexByte(s[from:i], '\n') + 1
}

// lineLen is the length of the first line of s, without its end.
func lineLen(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

// skipSpace returns the place of the first byte from i on that is not space.
func skipSpace[T string | []byte](s T, i int) int {
	for i < len(s) && (s[i] == ' ' || '\t' <= s[i] && s[i] <= '\r') {
		i++
	}
	return i
}

// indentLen is how many bytes of white space a line begins with.
func indentLen(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// indentOf is how many bytes of white space begin the line that holds byte i.
func indentOf(s string, i int) int {
	return indentLen(s[lineStart(s, i):i])
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80
}
