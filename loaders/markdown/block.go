package markdown

import (
	"github.com/quarry-go/quarry/loaders"
)

// A container is a block that holds blocks.
type container struct {
	kind   containerKind
	indent int  // item: columns that its content is moved in
	empty  bool // item: nothing after its marker yet
	marker byte // bullets: what marks the items, '-', '+', '*', '.' or ')'
	span   int  // bullets, note: the index of its span
}

type containerKind uint8

const (
	quote containerKind = iota
	bullets
	item
	note
)

// maxDepth is how deep containers nest. The markers of deeper ones are text.
const maxDepth = 100

// A leaf is the block that is open inside the innermost container; it holds
// lines.
type leaf struct {
	kind    leafKind
	span    int      // fence, indented, table: the index of its span
	marker  byte     // fence: what it is made of
	length  int      // fence: how long its marker is
	columns int      // table
	start   int      // raw: where it begins
	until   []string // raw: what ends it; none: a blank line
	lines   []piece  // paragraph
}

type leafKind uint8

const (
	nothing leafKind = iota
	paragraph
	fence
	indented
	raw // HTML
	table
)

// A piece is the range of a line without the markers of its containers.
type piece struct{ start, end int }

// A scanner finds the blocks of a document, line by line, as the appendix of
// the CommonMark specification describes.
type scanner struct {
	src      string
	spans    []loaders.Span
	headings []heading
	defined  map[string]bool // labels of link references
	stack    []container     // the open ones, the outermost first
	leaf     leaf
	lists    int // how many of stack are lists
	last     int // the end of the last line that was not blank
}

// scan reads the line at src[start:end].
func (s *scanner) scan(start, end int) {
	c := &cursor{s: s.src[start:end]}
	blank := c.blank()
	matched := s.match(c)
	switch {
	case matched == len(s.stack) && s.leaf.kind == fence:
		s.inFence(c, end)
	case matched == len(s.stack) && s.leaf.kind == raw:
		s.inRaw(c, end)
	default:
		if matched, taken := s.open(c, start, end, matched); !taken {
			s.line(c, end, matched)
		}
	}
	if !blank {
		s.last = end
	}
}

// finish closes what is open at the end of the document.
func (s *scanner) finish() { s.close(0) }

// match passes the markers of the open containers and returns how many of
// them go on in this line.
func (s *scanner) match(c *cursor) int {
	for i := range s.stack {
		k := &s.stack[i]
		indent := c.indent()
		switch k.kind {
		case quote:
			if indent > 3 || c.blank() || c.rest()[0] != '>' {
				return i
			}
			c.enterQuote(indent)
		case item:
			switch {
			case c.blank():
				if k.empty {
					return i
				}
			case indent < k.indent:
				return i
			default:
				c.skip(k.indent)
				k.empty = false
			}
		case note:
			if !c.blank() && indent < 4 {
				return i
			}
			c.skip(4)
		}
	}
	return len(s.stack)
}

// open opens the blocks that begin in this line. It returns how many
// containers the line is in, and whether the last block took the rest of it.
func (s *scanner) open(c *cursor, start, end, matched int) (int, bool) {
	continues := s.leaf.kind == paragraph // the line may yet continue it
	for {
		rest := c.rest()
		if rest == "" {
			return matched, false
		}
		indent, at := c.indent(), end-len(rest)
		within := continues && matched == len(s.stack) // it is a line of the paragraph unless a block interrupts
		if indent >= 4 {
			return matched, !continues && s.code(start+c.pos, matched)
		}
		deeper := len(s.stack) < maxDepth
		switch {
		case within && s.beginTable(rest, end),
			rest[0] == '#' && s.atx(rest, at, end, matched),
			(rest[0] == '`' || rest[0] == '~') && s.beginFence(rest, at, matched),
			rest[0] == '<' && s.beginRaw(rest, at, end, matched, continues),
			within && s.setext(rest, end),
			isBreak(rest) && s.close(s.parent(matched)):
			return matched, true
		case deeper && rest[0] == '>':
			s.close(s.parent(matched))
			s.stack = append(s.stack, container{kind: quote})
			c.enterQuote(indent)
		case deeper && rest[0] == '[' && s.beginNote(c, indent, at, matched):
		case deeper && s.beginItem(c, indent, at, matched, within):
		default:
			return matched, false
		}
		continues = false
		matched = len(s.stack)
	}
}

// parent returns how many of the matched containers can hold a block that is
// no list item.
func (s *scanner) parent(matched int) int {
	if matched > 0 && s.stack[matched-1].kind == bullets {
		return matched - 1
	}
	return matched
}

// line adds a line of text to the open block, or begins a paragraph.
func (s *scanner) line(c *cursor, end, matched int) {
	here := piece{end - len(c.rest()), end}
	all := matched == len(s.stack)
	switch {
	case c.blank():
		if !all {
			s.close(matched)
		} else if s.leaf.kind != indented {
			s.closeLeaf()
		}
	case s.leaf.kind == paragraph: // where not all matched, a lazy continuation
		s.leaf.lines = append(s.leaf.lines, here)
	case s.leaf.kind == table && all:
		s.row(here)
	default:
		s.close(s.parent(matched))
		s.leaf.kind = paragraph
		s.leaf.lines = append(s.leaf.lines, here)
	}
}

// begin starts a span, whose end is known when it is closed.
func (s *scanner) begin(at int, sp loaders.Span) int {
	sp.Start, sp.End = at, at
	s.spans = append(s.spans, sp)
	return len(s.spans) - 1
}

// close ends the open leaf and all containers but the outermost n. It is
// true, to stand in conditions.
func (s *scanner) close(n int) bool {
	s.closeLeaf()
	for len(s.stack) > n {
		k := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		if k.kind == bullets {
			s.lists--
		}
		if k.kind == bullets || k.kind == note {
			s.spans[k.span].End = s.last
		}
	}
	return true
}

func (s *scanner) closeLeaf() {
	l := &s.leaf
	switch l.kind {
	case fence, indented, table:
		s.spans[l.span].End = s.last
	case raw:
		s.rawHeadings(l.start, s.last)
	case paragraph:
		s.references()
	}
	s.leaf = leaf{lines: l.lines[:0]}
}
