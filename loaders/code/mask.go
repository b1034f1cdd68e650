package code

import "strings"

// A syntax says where code is not code: in comments and in strings.
type syntax struct {
	line     []string  // what begins a comment that ends with its line
	block    [2]string // what begins and ends a longer comment; none if empty
	nested   bool      // longer comments nest
	quotes   []quote   // strings; a longer opening comes before one that it begins with
	char     bool      // 'x' is a character, and a lone ' means something else
	script   bool      // /x/ is a string where no division can be, and so is `x${y}`
	directed bool      // a line that begins with # is for a preprocessor
}

// A quote is a way to write strings.
type quote struct {
	open, close string
	escapes     bool // a backslash protects what follows it
	lines       bool // the string may hold line ends
}

// mask returns text with the same length and lines in which all that is
// comment, string or directive is blank.
func (x *syntax) mask(text string) []byte {
	m := masker{syntax: x, text: text, out: []byte(text)}
	for m.at < len(text) {
		m.step()
	}
	return m.out
}

type masker struct {
	*syntax
	text string
	out  []byte
	at   int
	last byte // the last byte of code that is not space
}

func (m *masker) step() {
	rest := m.text[m.at:]
	for _, c := range m.line {
		if strings.HasPrefix(rest, c) {
			m.blank(lineLen(rest))
			return
		}
	}
	if m.directed && rest[0] == '#' && strings.TrimSpace(m.text[lineStart(m.text, m.at):m.at]) == "" {
		m.blank(directiveLen(rest))
		return
	}
	if m.block[0] != "" && strings.HasPrefix(rest, m.block[0]) {
		m.blank(m.blockLen(rest))
		return
	}
	for _, q := range m.quotes {
		if strings.HasPrefix(rest, q.open) {
			m.blank(q.len(rest))
			m.last = '"'
			return
		}
	}
	switch {
	case m.char && rest[0] == '\'':
		if n := charLen(rest); n > 0 && !isWord(m.last) {
			m.blank(n)
			m.last = '"'
			return
		}
	case m.script && rest[0] == '`':
		m.blank(templateLen(rest))
		m.last = '"'
		return
	case m.script && rest[0] == '/' && strings.IndexByte("\x00(,=:[!&|?{};+-*%<>~^", m.last) >= 0:
		if n := regexpLen(rest); n > 0 {
			m.blank(n)
			m.last = '"'
			return
		}
	}
	if c := rest[0]; c > ' ' {
		m.last = c
	}
	m.at++
}

// blank blanks the next n bytes.
func (m *masker) blank(n int) {
	blank(m.out[m.at:min(m.at+n, len(m.out))])
	m.at += n
}

// blank makes all of b spaces, save for line ends.
func blank(b []byte) {
	for i, c := range b {
		if c != '\n' {
			b[i] = ' '
		}
	}
}

// directiveLen is the length of a directive: its line, and those that a
// backslash at the end joins to it.
func directiveLen(s string) int {
	n := lineLen(s)
	for n < len(s) && s[n-1] == '\\' {
		n += 1 + lineLen(s[n+1:])
	}
	return n
}

func (x *syntax) blockLen(s string) int {
	n, depth := len(x.block[0]), 1
	for n < len(s) {
		switch {
		case strings.HasPrefix(s[n:], x.block[1]):
			n += len(x.block[1])
			if depth--; depth == 0 {
				return n
			}
		case x.nested && strings.HasPrefix(s[n:], x.block[0]):
			n += len(x.block[0])
			depth++
		default:
			n++
		}
	}
	return n
}

func (q quote) len(s string) int {
	n := len(q.open)
	for n < len(s) {
		switch {
		case strings.HasPrefix(s[n:], q.close):
			return n + len(q.close)
		case q.escapes && s[n] == '\\':
			n++
		case s[n] == '\n' && !q.lines:
			return n // it never ends: most likely no string
		}
		n++
	}
	return len(s)
}

// charLen is the length of a character in quotes, 0 if s begins with none.
func charLen(s string) int {
	end := min(len(s), 14)
	for i := 1; i < end && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			i++
		case '\'':
			if i > 1 && (s[1] == '\\' || i <= 5) {
				return i + 1
			}
			return 0
		}
	}
	return 0
}

// regexpLen is the length of a regular expression in slashes, 0 if none ends
// in this line.
func regexpLen(s string) int {
	set := false
	for i := 1; i < len(s) && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			set = true
		case ']':
			set = false
		case '/':
			if !set && i > 1 {
				return i + 1
			}
		}
	}
	return 0
}

// templateLen is the length of a template in backquotes. The code in it, which
// may hold further templates, counts as part of it.
func templateLen(s string) int {
	depths := []int{0} // of each template: how many braces are open in it
	for i := 1; i < len(s); i++ {
		d := &depths[len(depths)-1]
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '`' && *d == 0:
			if depths = depths[:len(depths)-1]; len(depths) == 0 {
				return i + 1
			}
		case c == '`':
			depths = append(depths, 0)
		case c == '{' && (*d > 0 || s[i-1] == '$'):
			*d++
		case c == '}' && *d > 0:
			*d--
		}
	}
	return len(s)
}
