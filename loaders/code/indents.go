package code

import (
	"regexp"
	"strings"
)

// python is the syntax of the strings and comments of Python.
var python = syntax{line: []string{"#"}, quotes: []quote{triple, triple1, double, single}}

var pythonDefinition = regexp.MustCompile(`^[ \t]*(?:(class)|(?:async[ \t]+)?def)[ \t]+([\pL_][\pL\pN_]*)`)

// python finds the classes and functions of a language whose blocks are lines
// that are indented deeper than the first.
func (s *scan) python() error {
	masked := python.mask(s.text)
	code := string(masked)
	o := outline{scan: s}
	end, brackets := 0, 0 // the end of the last line of code; how many brackets are open
	decorated := -1       // where the decorators begin of the definition that follows
	for at, n := 0, 0; at < len(code); n++ {
		if n%1000 == 0 {
			if err := s.budget.Check(s.ctx); err != nil {
				return err
			}
		}
		next := at + lineLen(code[at:])
		line := code[at:next]
		m := pythonDefinition.FindStringSubmatch(line)
		if m != nil {
			brackets = 0 // whichever were left open
		}
		// A line that only looks blank may be the rest of a string.
		if blank := strings.TrimSpace(line) == ""; !blank && brackets == 0 {
			indent := indentLen(line)
			o.close(indent, end)
			from := at + indent
			switch {
			case code[from] == '@' && decorated < 0:
				decorated = from
			case code[from] != '@' && code[from] != ')' && decorated >= 0:
				from, decorated = decorated, -1
			}
			if m != nil {
				o.begin(m[2], s.above(masked, from, o.floor), indent, m[1] != "", next)
			}
		}
		brackets = max(0, brackets+count(line, "([{")-count(line, ")]}"))
		if written := strings.TrimSpace(s.text[at:next]); written != "" && written[0] != '#' {
			end = next
		}
		at = next + 1
	}
	o.close(0, end)
	return nil
}

// count returns how many bytes of s are among those of set.
func count(s, set string) int {
	n := 0
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) >= 0 {
			n++
		}
	}
	return n
}
