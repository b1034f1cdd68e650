package markdown

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain returns the text of inline Markdown without its markup: code, links,
// images and HTML give their text, emphasis loses its marks. A link by
// reference is one only if its label is among defined.
func plain(s string, defined map[string]bool) string {
	if !strings.ContainsAny(s, "\\`*_[]<&~\n") {
		return s
	}
	p := inline{s: s, defined: defined}
	p.parse()
	return p.text()
}

type inline struct {
	s       string
	defined map[string]bool
	parts   []part
	opens   []int // parts that are an open bracket
}

// A part is text, or a run of marks that emphasis may use up.
type part struct {
	text              string // of a run: what is left of it
	size              int    // how long the run was; 0: plain text
	canOpen, canClose bool
}

var (
	autolink   = regexp.MustCompile(`^<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^{|}~-]+@[\w.-]+)>`)
	inlineTag  = regexp.MustCompile(`^<(?:/?[A-Za-z][^<>]*|!--[^>]*--)>`)
	entityText = regexp.MustCompile(`^&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)
	target     = regexp.MustCompile(`^\((?:\s*(?:<[^<>]*>|(?:[^\s()\\]|\\.|\([^\s()]*\))*)(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*)\)`)
	byLabel    = regexp.MustCompile(`^\[((?:[^\[\]\\]|\\.)*)\]`)
)

func (p *inline) parse() {
	for i := 0; i < len(p.s); {
		rest := p.s[i:]
		switch c := rest[0]; c {
		case '\\':
			if len(rest) > 1 && isPunct(rest[1]) {
				p.add(rest[1:2])
				i += 2
				continue
			}
			p.add(`\`)
			i++
		case '`':
			i += p.code(rest)
		case '<':
			if m := autolink.FindStringSubmatch(rest); m != nil {
				p.add(m[1])
				i += len(m[0])
			} else if m := inlineTag.FindString(rest); m != "" {
				i += len(m)
			} else {
				p.add("<")
				i++
			}
		case '&':
			m := entityText.FindString(rest)
			if m == "" {
				m = "&"
			}
			p.add(html.UnescapeString(m))
			i += len(m)
		case '*', '_', '~':
			n := run(rest, c)
			p.delimiter(i, n)
			i += n
		case '[', '!':
			n := 1
			if c == '!' {
				n = 2
			}
			if c == '!' && !strings.HasPrefix(rest, "![") {
				p.add("!")
				i++
				continue
			}
			p.opens = append(p.opens, len(p.parts))
			p.parts = append(p.parts, part{text: rest[:n]})
			i += n
		case ']':
			i += p.bracket(i)
		default:
			n := strings.IndexAny(rest, "\\`*_[]<&~!")
			if n < 0 {
				n = len(rest)
			}
			p.add(rest[:n])
			i += n
		}
	}
	p.emphasis(0)
}

func (p *inline) add(text string) { p.parts = append(p.parts, part{text: text}) }

// code adds a code span, or backquotes that begin none.
func (p *inline) code(rest string) int {
	n := run(rest, '`')
	for i := n; i < len(rest); {
		j := strings.IndexByte(rest[i:], '`')
		if j < 0 {
			break
		}
		i += j
		if m := run(rest[i:], '`'); m != n {
			i += m
			continue
		}
		text := strings.ReplaceAll(rest[n:i], "\n", " ")
		if len(text) > 1 && text[0] == ' ' && text[len(text)-1] == ' ' && strings.Trim(text, " ") != "" {
			text = text[1 : len(text)-1]
		}
		p.add(text)
		return i + n
	}
	p.add(rest[:n])
	return n
}

// delimiter adds a run of marks, with what its neighbours let it do.
func (p *inline) delimiter(i, n int) {
	before, _ := utf8.DecodeLastRuneInString(p.s[:i])
	after, _ := utf8.DecodeRuneInString(p.s[i+n:])
	if i == 0 {
		before = ' '
	}
	if i+n == len(p.s) {
		after = ' '
	}
	left := !unicode.IsSpace(after) && (!isPunctRune(after) || unicode.IsSpace(before) || isPunctRune(before))
	right := !unicode.IsSpace(before) && (!isPunctRune(before) || unicode.IsSpace(after) || isPunctRune(after))
	d := part{text: p.s[i : i+n], size: n, canOpen: left, canClose: right}
	switch p.s[i] {
	case '_':
		d.canOpen = left && (!right || isPunctRune(before))
		d.canClose = right && (!left || isPunctRune(after))
	case '~':
		d.canOpen, d.canClose = left && n <= 2, right && n <= 2
	}
	p.parts = append(p.parts, d)
}

// bracket closes the link or image that ends at p.s[i], if one does, and
// returns how many bytes it and its target take.
func (p *inline) bracket(i int) int {
	if len(p.opens) == 0 {
		p.add("]")
		return 1
	}
	open := p.opens[len(p.opens)-1]
	p.opens = p.opens[:len(p.opens)-1]
	rest := p.s[i+1:]
	n, is := 0, false
	if m := target.FindString(rest); m != "" {
		n, is = len(m), true
	} else {
		var text strings.Builder
		for _, part := range p.parts[open+1:] {
			text.WriteString(part.text)
		}
		label := text.String()
		if m := byLabel.FindStringSubmatch(rest); m != nil && (m[1] != "" && p.defined[fold(m[1])] || m[1] == "" && p.defined[fold(label)]) {
			n, is = len(m[0]), true
		} else if p.defined[fold(label)] {
			is = true
		}
	}
	if !is {
		p.add("]")
		return 1
	}
	p.parts[open].text = ""
	p.emphasis(open)
	return 1 + n
}

// emphasis takes the marks away that pair up in the parts from start on, as
// the delimiter algorithm of CommonMark does.
func (p *inline) emphasis(start int) {
	var openers []int
	for i := start; i < len(p.parts); i++ {
		d := &p.parts[i]
		for j := len(openers) - 1; j >= 0 && d.canClose && d.text != ""; j-- {
			o := &p.parts[openers[j]]
			if !pairs(o, d) {
				continue
			}
			n := min(len(o.text), len(d.text))
			o.text, d.text = o.text[n:], d.text[n:]
			openers = openers[:j+1]
			if o.text == "" {
				openers = openers[:j]
			}
		}
		if d.canOpen && d.text != "" {
			openers = append(openers, i)
		}
	}
	for i := start; i < len(p.parts); i++ {
		p.parts[i].canOpen, p.parts[i].canClose = false, false
	}
}

// pairs reports whether an opening and a closing run may pair up.
func pairs(o, d *part) bool {
	switch {
	case o.text[0] != d.text[0]:
		return false
	case o.text[0] == '~':
		return len(o.text) == len(d.text)
	case o.canClose || d.canOpen:
		return (o.size+d.size)%3 != 0 || o.size%3 == 0 && d.size%3 == 0
	}
	return true
}

func (p *inline) text() string {
	var b strings.Builder
	for _, part := range p.parts {
		b.WriteString(part.text)
	}
	return b.String()
}

func isPunct(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}

func isPunctRune(r rune) bool {
	return r < utf8.RuneSelf && isPunct(byte(r)) || unicode.IsPunct(r) || unicode.IsSymbol(r)
}
