package markdown

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/quarry-go/quarry/loaders"
)

// Each function below begins a block where the line, given as rest, is the
// start of one, and reports whether it is. rest lies at src[at:end].

func (s *scanner) atx(rest string, at, end, matched int) bool {
	level := run(rest, '#')
	text := rest[level:]
	if level > 6 || text != "" && text[0] != ' ' && text[0] != '\t' {
		return false
	}
	s.close(s.parent(matched))
	text = strings.Trim(text, " \t")
	if cut := strings.TrimRight(text, "#"); cut == "" || cut[len(cut)-1] == ' ' || cut[len(cut)-1] == '\t' {
		text = strings.TrimRight(cut, " \t")
	}
	s.heading(at, end, level, text)
	return true
}

// setext makes the open paragraph a heading.
func (s *scanner) setext(rest string, end int) bool {
	level := 1
	if rest[0] == '-' {
		level = 2
	}
	if rest[0] != '=' && rest[0] != '-' || strings.TrimRight(rest[run(rest, rest[0]):], " \t") != "" {
		return false
	}
	lines := s.leaf.lines[s.references():]
	if len(lines) == 0 {
		return false
	}
	var text strings.Builder
	for i, l := range lines {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(strings.TrimRight(s.src[l.start:l.end], " \t"))
	}
	s.heading(lines[0].start, end, level, text.String())
	s.leaf = leaf{lines: s.leaf.lines[:0]}
	return true
}

// reference matches the line of a link reference definition.
var reference = regexp.MustCompile(`^\[((?:[^\[\]\\]|\\.)+)\]:[ \t]*\S`)

// references notes the link references that the open paragraph begins with and
// returns how many of its lines they are.
func (s *scanner) references() int {
	for i, l := range s.leaf.lines {
		m := reference.FindStringSubmatch(s.src[l.start:l.end])
		if m == nil {
			return i
		}
		s.defined[fold(m[1])] = true
	}
	return len(s.leaf.lines)
}

// fold makes labels that mean the same reference equal.
func fold(label string) string { return strings.ToLower(strings.Join(strings.Fields(label), " ")) }

func (s *scanner) beginFence(rest string, at, matched int) bool {
	n := run(rest, rest[0])
	info := strings.TrimSpace(rest[n:])
	if n < 3 || rest[0] == '`' && strings.Contains(info, "`") {
		return false
	}
	s.close(s.parent(matched))
	language, _, _ := strings.Cut(info, " ")
	language, _, _ = strings.Cut(language, "{") // attributes of some dialects
	s.leaf.kind, s.leaf.marker, s.leaf.length = fence, rest[0], n
	s.leaf.span = s.begin(at, loaders.Span{Kind: loaders.Code, Label: strings.Trim(language, ",")})
	return true
}

// inFence reads a line of a fenced block.
func (s *scanner) inFence(c *cursor, end int) {
	rest := c.rest()
	if n := run(rest, s.leaf.marker); n >= s.leaf.length && c.indent() < 4 && strings.TrimRight(rest[n:], " \t") == "" {
		s.last = end
		s.closeLeaf()
	}
}

// code begins or continues a block of indented code.
func (s *scanner) code(at, matched int) bool {
	if s.leaf.kind == indented && matched == len(s.stack) {
		return true
	}
	s.close(s.parent(matched))
	s.leaf.kind = indented
	s.leaf.span = s.begin(at, loaders.Span{Kind: loaders.Code})
	return true
}

// ruler matches the row that rules off the head of a table.
var ruler = regexp.MustCompile(`^\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$`)

// beginTable takes the last line of the open paragraph for the head of a
// table, where this one rules it off.
func (s *scanner) beginTable(rest string, end int) bool {
	if c := rest[0]; c != '|' && c != '-' && c != ':' || !ruler.MatchString(rest) {
		return false
	}
	lines := s.leaf.lines
	head := lines[len(lines)-1]
	columns := cells(rest)
	if text := s.src[head.start:head.end]; cells(text) != columns || !strings.Contains(rest+text, "|") {
		return false
	}
	s.leaf.lines = lines[:len(lines)-1]
	s.closeLeaf()
	s.leaf.kind, s.leaf.columns = table, columns
	s.leaf.span = s.begin(head.start, loaders.Span{Kind: loaders.Table})
	s.row(head)
	return true
}

func (s *scanner) row(p piece) {
	s.spans = append(s.spans, loaders.Span{Kind: loaders.Row, Start: p.start, End: p.end})
}

// cells counts the cells of a row.
func cells(row string) int {
	row = strings.TrimSpace(row)
	row = strings.TrimPrefix(row, "|")
	n := 1
	for i := 0; i < len(row); i++ {
		switch row[i] {
		case '\\':
			i++
		case '|':
			if i < len(row)-1 {
				n++
			}
		}
	}
	return n
}

// beginNote begins a footnote, whose content is moved in by four columns.
func (s *scanner) beginNote(c *cursor, indent, at, matched int) bool {
	m := footnote.FindStringSubmatch(c.rest())
	if m == nil {
		return false
	}
	s.close(s.parent(matched))
	span := s.begin(at, loaders.Span{Kind: loaders.Footnote, Label: m[1]})
	s.stack = append(s.stack, container{kind: note, span: span})
	c.skip(indent)
	c.advance(len(m[0]))
	return true
}

var footnote = regexp.MustCompile(`^\[\^([^\]\[\s]+)\]:`)

// beginItem begins a list item, and a list where there is none of its kind.
// In a paragraph only an item with text may do so, and of numbers only 1.
func (s *scanner) beginItem(c *cursor, indent, at, matched int, within bool) bool {
	rest := c.rest()
	width := 1
	switch ch := rest[0]; {
	case ch == '-' || ch == '+' || ch == '*':
	case ch >= '0' && ch <= '9':
		digits := 1
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		width = digits + 1
		if digits > 9 || digits == len(rest) || rest[digits] != '.' && rest[digits] != ')' {
			return false
		}
		if n, _ := strconv.Atoi(rest[:digits]); within && n != 1 {
			return false
		}
	default:
		return false
	}
	text := rest[width:]
	if text != "" && text[0] != ' ' && text[0] != '\t' {
		return false
	}
	empty := strings.Trim(text, " \t") == ""
	if within && empty {
		return false
	}

	marker := rest[width-1]
	if matched > 0 && s.stack[matched-1].kind == bullets && s.stack[matched-1].marker == marker {
		s.close(matched)
	} else {
		s.close(s.parent(matched))
		s.lists++
		span := s.begin(at, loaders.Span{Kind: loaders.List, Level: s.lists})
		s.stack = append(s.stack, container{kind: bullets, marker: marker, span: span})
	}
	c.skip(indent)
	c.advance(width)
	padding := c.indent()
	if empty || padding > 4 {
		padding = 1 // what is more is indented code
	}
	c.skip(padding)
	s.stack = append(s.stack, container{kind: item, indent: indent + width + padding, empty: empty})
	return true
}

// isBreak reports whether a line is a thematic break.
func isBreak(rest string) bool {
	if c := rest[0]; c != '-' && c != '*' && c != '_' {
		return false
	}
	n := 0
	for i := range len(rest) {
		switch rest[i] {
		case rest[0]:
			n++
		case ' ', '\t':
		default:
			return false
		}
	}
	return n >= 3
}

// run returns how often c repeats at the start of s.
func run(s string, c byte) int {
	n := 0
	for n < len(s) && s[n] == c {
		n++
	}
	return n
}
