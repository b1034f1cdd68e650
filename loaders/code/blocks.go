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
	hashes    bool   // all that is known of the syntax: a line that begins with # is a comment
}

var blockedLanguages = map[string]*blocked{
	"shell": {
		hashes:    true,
		functions: regexp.MustCompile(`^\s*(?:function\s+([\w.:@+-]+)|([\w.:@+-]+)\s*\(\s*\))`),
		end:       "}",
	},
	"perl": {
		hashes:    true,
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
	if l.hashes {
		blankComments(masked)
	}
	code := string(masked)
	o := outline{scan: s}
	for at, n := 0, 0; at < len(code); n++ {
		if n%1000 == 0 {
			if err := s.budget.Check(s.ctx); err != nil {
				return err
			}
		}
		end := at + lineLen(code[at:])
		line := code[at:end]
		indent := indentLen(line)
		if name, isType := l.begins(line); name != "" {
			from := s.above(masked, at+indent, o.floor)
			o.closeFunctions(indent, from) // whose end was missed
			if o.begin(name, from, indent, isType, end) && oneLine(line, l.end) {
				o.close(indent, end)
			}
		} else if l.end != "" && begins(line[indent:], l.end) {
			o.close(indent, end)
		}
		at = end + 1
	}
	o.close(0, len(s.text))
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
	if end == "" {
		return false
	}
	line = strings.TrimRight(line, " \t;")
	rest, ok := strings.CutSuffix(line, end)
	return ok && rest != "" && !isWord(rest[len(rest)-1])
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
