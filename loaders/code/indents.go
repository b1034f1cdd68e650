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
	type open struct {
		name   string
		from   int
		indent int
		class  bool
	}
	var stack []open
	end, floor, depth, n := 0, 0, 0, 0 // end of the last line of code; nesting of brackets
	decorated := -1                    // where the decorators begin that the next definition has
	closeTo := func(indent int) {
		for len(stack) > 0 && stack[len(stack)-1].indent >= indent {
			o := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			s.add(o.name, o.from, end)
			floor = max(floor, end)
		}
	}
	for at := 0; at < len(code); {
		if n++; n%1000 == 0 {
			if err := s.budget.Check(s.ctx); err != nil {
				return err
			}
		}
		next := at + lineLen(code[at:])
		line := code[at:next]
		// A line that only looks blank may be the rest of a string.
		m := pythonDefinition.FindStringSubmatch(line)
		if m != nil {
			depth = 0 // whatever brackets were left open
		}
		if strings.TrimSpace(line) != "" && depth == 0 {
			indent := len(line) - len(strings.TrimLeft(line, " \t"))
			closeTo(indent)
			from := at + indent
			switch {
			case code[from] == '@' && decorated < 0:
				decorated = from
			case decorated >= 0 && code[from] != '@' && code[from] != ')':
				from, decorated = decorated, -1
			}
			if m != nil && len(stack) < maxNesting {
				inner := len(stack) > 0 && !stack[len(stack)-1].class
				if !inner {
					prefix := ""
					if len(stack) > 0 {
						prefix = stack[len(stack)-1].name
					}
					stack = append(stack, open{join(prefix, m[2]), s.above(masked, from, floor), indent, m[1] != ""})
					if m[1] != "" {
						floor = next
					}
				}
			}
		}
		depth = max(0, depth+strings.Count(line, "(")+strings.Count(line, "[")+strings.Count(line, "{")-
			strings.Count(line, ")")-strings.Count(line, "]")-strings.Count(line, "}"))
		if body := s.text[at:next]; strings.TrimSpace(body) != "" && (strings.TrimSpace(line) != "" || !strings.HasPrefix(strings.TrimSpace(body), "#")) {
			end = at + len(strings.TrimRight(body, " \t"))
		}
		at = next + 1
	}
	closeTo(0)
	return nil
}
