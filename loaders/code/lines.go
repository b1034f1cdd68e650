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

// indentOf is how many bytes of white space begin the line that holds byte i.
func indentOf(s string, i int) int {
	start := lineStart(s, i)
	return len(s[start:i]) - len(strings.TrimLeft(s[start:i], " \t"))
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80
}
