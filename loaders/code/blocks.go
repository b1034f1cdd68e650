package code

import (
	"bytes"
	"regexp"
	"strings"
)

// A blocked language begins a definition with a line and ends it with a word
// that stands below the beginning of that line, as programmers lay it out.
type blocked struct {
	syntax
	types     *regexp.Regexp // begin what holds members
	functions *regexp.Regexp
	end       string // the word; "" where a definition goes on up to the next
}

var blockedLanguages = map[string]*blocked{
	"shell": {
		syntax:    syntax{quotes: nil},
		functions: regexp.MustCompile(`^\s*(?:function\s+([\w.:@+-]+)|([\w.:@+-]+)\s*\(\s*\))`),
		end:       "}",
	},
	"perl": {
		functions: regexp.MustCompile(`^\s*sub\s+([\w:]+)`),
		end:       "}",
	},
	"ruby": {
		syntax:    syntax{line: []string{"#"}, quotes: []quote{double, single}},
		types:     regexp.MustCompile(`^\s*(?:class|module)\s+([A-Z][\w:]*)`),
		functions: regexp.MustCompile(`^\s*(?:(?:private|public|protected|private_class_method)\s+)?def\s+(?:self\.)?(\w+[?!=]?|[^\s\w(]+)`),
		end:       "end",
	},
	"lua": {
		syntax:    syntax{block: [2]string{"--[[", "]]"}, quotes: []quote{double, single}},
		functions: regexp.MustCompile(`^\s*(?:local\s+)?function\s+([\w.:]+)|^\s*(?:local\s+)?([\w.]+)\s*=\s*function\b`),
		end:       "end",
	},
	"elixir": {
		syntax:    syntax{line: []string{"#"}, quotes: []quote{triple, double}},
		types:     regexp.MustCompile(`^\s*(?:defmodule|defprotocol|defimpl)\s+([\w.]+)`),
		functions: regexp.MustCompile(`^\s*(?:def|defp|defmacro)\s+([\w]+[?!]?)`),
		end:       "end",
	},
	"julia": {
		syntax:    syntax{line: []string{"#"}, quotes: []quote{triple, double}},
		types:     regexp.MustCompile(`^\s*(?:module|(?:mutable\s+)?struct|abstract\s+type)\s+(\w+)`),
		functions: regexp.MustCompile(`^\s*(?:function|macro)\s+([\w.!]+)`),
		end:       "end",
	},
	"fortran": {
		functions: regexp.MustCompile(`(?i)^\s*(?:(?:pure|elemental|recursive|integer|real|logical)\s+)*(?:function|subroutine|program|module)\s+(\w+)`),
		end:       "end",
	},
	"assembly": {
		syntax:    syntax{line: []string{"//"}, block: slashes},
		functions: regexp.MustCompile(`^TEXT\s+([^\s(,<]+)`),
	},
}

func (s *scan) blocked(l *blocked) error {
	masked := l.mask(s.text)
	if l.syntax.quotes == nil && l.line == nil && l.block[0] == "" {
		blankComments(masked)
	}
	code := string(masked)
	type open struct {
		name   string
		from   int
		indent int
		typ    bool
	}
	var stack []open
	floor, n := 0, 0 // what the last definition ended with
	finish := func(o open, to int) {
		s.add(o.name, o.from, to)
		floor = to
	}
	for at := 0; at < len(code); {
		if n++; n%1000 == 0 {
			if err := s.budget.Check(s.ctx); err != nil {
				return err
			}
		}
		end := at + lineLen(code[at:])
		line := code[at:end]
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		name, isType := l.begins(line)
		switch {
		case name != "" && (len(stack) == 0 || stack[len(stack)-1].typ || l.end == ""):
			from := s.above(masked, at+indent, floor)
			if l.end == "" {
				for _, o := range stack {
					finish(o, s.trimmed(o.from, from))
				}
				stack = stack[:0]
			}
			prefix := ""
			if len(stack) > 0 {
				prefix = stack[len(stack)-1].name
			}
			o := open{join(prefix, name), from, indent, isType}
			if l.end != "" && oneLine(line, l.end) {
				finish(o, end)
			} else if len(stack) < maxNesting {
				stack = append(stack, o)
				if isType {
					floor = end
				}
			}
		case l.end != "" && len(stack) > 0 && begins(line[indent:], l.end):
			for i := len(stack) - 1; i >= 0; i-- {
				if stack[i].indent == indent {
					finish(stack[i], end)
					stack = stack[:i]
					break
				}
			}
		}
		at = end + 1
	}
	for _, o := range stack {
		if l.end == "" || o.typ {
			finish(o, s.trimmed(o.from, len(s.text)))
		} else { // it never ends: its first line is all that is known
			finish(o, o.from+lineLen(s.text[o.from:]))
		}
	}
	return nil
}

// begins returns the name of what a line begins.
func (l *blocked) begins(line string) (name string, isType bool) {
	if name := group(l.types, line); name != "" {
		return name, true
	}
	return strings.Trim(group(l.functions, line), "·"), false
}

// group returns the group of re that takes part in its first match.
func group(re *regexp.Regexp, line string) string {
	if re == nil {
		return ""
	}
	for i, g := range re.FindStringSubmatch(line) {
		if i > 0 && g != "" {
			return g
		}
	}
	return ""
}

// begins reports whether a line begins with a word.
func begins(line, word string) bool {
	rest, ok := strings.CutPrefix(line, word)
	return ok && (rest == "" || !isWord(rest[0]))
}

// oneLine reports whether a definition ends in the line that begins it.
func oneLine(line, end string) bool {
	line = strings.TrimRight(line, " \t;")
	rest, ok := strings.CutSuffix(line, end)
	return ok && rest != "" && !isWord(rest[len(rest)-1])
}

// trimmed returns to, less the white space before it.
func (s *scan) trimmed(from, to int) int {
	return from + len(strings.TrimRight(s.text[from:to], " \t\n\f\v"))
}

// blankComments blanks the lines that begin with #, and nothing else: the
// quotes of a shell or of Perl are not for a scanner this simple.
func blankComments(text []byte) {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("#")) {
			blank(line)
		}
	}
}
