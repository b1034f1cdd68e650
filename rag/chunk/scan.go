package chunk

import (
	"slices"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
)

// An atom is a stretch of text that the packer does not look into: mostly a
// sentence or a part of one, or a block that is kept whole.
type atom struct {
	end  int
	sum  int  // size of the text from the scanner's start to end
	rank rank // of the border at end
}

// A scanner reads a text once, from front to back, and cuts it into atoms.
type scanner struct {
	clusters
	unit  unit
	size  int // a grapheme cluster over it is cut
	whole int // a block within it is one atom
	limit int // an atom ends at the first grapheme border at or after so many bytes

	pos, sum int
	spans    []loaders.Span // those that do not begin at or before pos
	at       int            // where the first of them begins
	ends     []int          // of the blocks open at pos, the nearest last
	edge     int            // where the next block begins or ends
	glue     int            // up to here a heading is followed by nothing but space
	keep     int            // end of the block that begins at pos and is kept whole
	big      int            // end of the cluster around pos that is cut
}

func newScanner(p *Packer, text string, spans []loaders.Span) scanner {
	c := scanner{clusters: clusters{text: text}, unit: p.unit, size: p.size, whole: p.size - p.prefix, limit: p.limit, glue: -1}
	c.setSpans(spans)
	c.structure()
	return c
}

// within returns a scanner that cuts the end of c's text from offset from into
// the smallest atoms, without regard to structure.
func (c *scanner) within(from, to int) scanner {
	return scanner{clusters: clusters{text: c.text[:to]}, unit: c.unit, size: c.size, limit: 1, pos: from, edge: to, glue: -1}
}

// next returns the next atom; ok is false at the end of the text.
func (c *scanner) next() (a atom, ok bool) {
	start := c.pos
	if start == len(c.text) {
		return atom{}, false
	}
	r := grapheme
	switch {
	case start < c.big:
		r = c.codePoints()
	case start < c.keep:
		for c.pos < c.keep {
			c.pos = c.clusters.next(c.pos)
		}
		c.skip()
	default:
		r = c.prose()
	}
	if c.pos <= c.glue {
		r = min(r, word)
	}
	r = max(r, c.structure())
	c.sum += c.unit.part(c.text, start, c.pos)
	return atom{c.pos, c.sum, r}, true
}

// prose moves to the end of the atom that begins at pos in running text, and
// returns the rank of the border there.
func (c *scanner) prose() rank {
	start := c.pos
	for {
		from := c.pos
		r := c.run(start, start+(c.limit+1)/2, min(c.edge, start+c.limit))
		n := c.pos - start
		switch {
		case c.big > start: // a cluster over the size begins here
			c.pos = start
			return c.codePoints()
		case c.pos == from, c.pos >= c.edge, c.pos == len(c.text), r >= sentence,
			n >= c.limit, r >= word && 2*n >= c.limit:
			return r
		}
	}
}

// run moves from pos to the first natural border, or to the first grapheme
// border at or after stop, and returns the rank of the border there. Before
// half it overlooks borders between words. It does not move where a cluster
// longer than an atom begins after start; a cluster over the size that begins
// at start it leaves in big.
func (c *scanner) run(start, half, stop int) rank {
	s, i := c.text, c.pos
	for i < stop {
		if j := c.plain(i, half, stop); j > i {
			i = j
			continue
		}
		end, r := c.nextRune(i)
		if end-i > c.limit {
			if i == start && c.unit.count(s[i:end]) > c.size {
				c.big = end
				return inside
			}
			if i > start {
				break
			}
		}
		switch {
		case r >= 0 && r < utf8.RuneSelf && classes[r] == classSpace, s[i] == '\r':
			return c.space(i, stop)
		case r >= utf8.RuneSelf:
			if rank := wideRank(r); rank > grapheme {
				c.pos = end
				if rank == sentence { // 」 belongs to its sentence
					c.closers(stop)
				}
				return rank
			}
		}
		i = end
	}
	c.pos = i
	return grapheme
}

// plain returns the end of the stretch from i of characters that are clusters
// of their own and make no borders to stop at.
func (c *scanner) plain(i, half, stop int) int {
	s := c.text
	j := i
	for j < stop {
		switch class := classes[s[j]]; {
		case class <= classMark:
			j++
			continue
		case class == classWide:
			if isHan(s, j) && (j+3 == len(s) || s[j+3] < utf8.RuneSelf || isHan(s, j+3)) {
				j += 3
				continue
			}
			if j > i && s[j-1] < utf8.RuneSelf {
				j-- // may join what follows
			}
		case j > i && j+1 < min(half, len(s)) && s[j] == ' ' && classes[s[j-1]] == classWord && classes[s[j+1]] <= classMark:
			j++
			continue
		}
		return j
	}
	if j < len(s) && j > i && s[j] >= utf8.RuneSelf && s[j-1] < utf8.RuneSelf {
		j--
	}
	return j
}

// closers moves over quotation marks and brackets that close.
func (c *scanner) closers(stop int) {
	for c.pos < min(stop, len(c.text)) {
		end, r := c.nextRune(c.pos)
		if !isCloser(r) {
			return
		}
		c.pos = end
	}
}

// space moves over the white space that begins at i, at least one character
// and not far over stop: to the start of the last line that begins in it, or
// to its end. It returns the rank of the border there.
func (c *scanner) space(i, stop int) rank {
	s, from := c.text, i
	lines, line0 := 0, 0
	for i < len(s) && (i < stop || i == from) && classes[s[i]] == classSpace {
		switch s[i] {
		case '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			fallthrough
		case '\n':
			lines++
			line0 = i + 1
		}
		i++
	}
	if i < len(s) && i-1 > from && s[i] >= utf8.RuneSelf && c.clusters.next(i-1) != i {
		i-- // a mark stands on the last space
	}
	switch {
	case lines > 1:
		c.pos = line0
		return paragraph
	case lines == 1:
		c.pos = line0
		if from > 0 && line0 < len(s) && 'a' <= s[line0] && s[line0] <= 'z' && (isLetter(s[from-1]) || s[from-1] == ',') {
			return wrap
		}
		return line
	}
	c.pos = i
	return rankAfter(s[:from], s[i:])
}

// codePoints moves over some code points of the cluster that is cut.
func (c *scanner) codePoints() rank {
	start := c.pos
	for c.pos < c.big && c.pos-start < c.limit {
		_, n := utf8.DecodeRuneInString(c.text[c.pos:])
		c.pos += n
	}
	if c.pos < c.big {
		return inside
	}
	return grapheme
}

// structure notes what begins and ends at pos, and returns the rank of the
// border that this makes. From the end of a block it moves over white space,
// which belongs to the block.
func (c *scanner) structure() rank {
	r := inside
	for {
		glued := c.pos <= c.glue
		n := len(c.ends)
		for n > 0 && c.ends[n-1] <= c.pos {
			n--
		}
		ended := n < len(c.ends)
		c.ends = c.ends[:n]
		if ended && !glued {
			r = max(r, block)
		}
		r = max(r, c.begin(glued))
		c.edge = c.nextEdge()
		if !ended || !c.atSpace() {
			return r
		}
		r = max(r, c.space(c.pos, min(c.edge, c.pos+c.limit)))
	}
}

// atSpace reports whether running text goes on at pos with white space.
func (c *scanner) atSpace() bool {
	if c.pos == len(c.text) || c.pos < c.big || c.pos < c.keep || classes[c.text[c.pos]] != classSpace {
		return false
	}
	return c.text[c.pos] == '\r' || c.clusters.next(c.pos) == c.pos+1
}

// begin opens the spans that begin at or before pos, and returns the rank of
// the border that this makes; none where pos is glued to a heading before it.
func (c *scanner) begin(glued bool) rank {
	r := inside
	for len(c.spans) > 0 && c.at <= c.pos {
		s := c.spans[0]
		c.setSpans(c.spans[1:])
		switch edges, whole := isBlock(s.Kind); {
		case s.Kind == loaders.Heading:
			r = max(r, sectionRank(s.Level))
			c.stick(s.End)
		case s.Kind == loaders.Row && s.End > s.Start:
			r = max(r, paragraph)
		case edges && s.End > c.pos:
			r = max(r, block)
			c.open(s.End)
			if whole && c.keep <= c.pos && c.unit.mayFit(s.End-c.pos, c.whole) && c.unit.part(c.text, c.pos, s.End) <= c.whole {
				c.keep = s.End
			}
		}
	}
	if glued {
		return inside
	}
	return r
}

// stick notes that the heading that ends at end must not be parted from the
// text after it.
func (c *scanner) stick(end int) {
	if end < c.glue {
		return
	}
	for c.glue = end; c.glue < len(c.text) && classes[c.text[c.glue]] == classSpace; c.glue++ {
	}
}

// open notes the end of a block.
func (c *scanner) open(end int) {
	at, _ := slices.BinarySearchFunc(c.ends, end, func(a, b int) int { return b - a })
	c.ends = slices.Insert(c.ends, at, end)
}

// skip passes the spans that begin inside of the block that was kept whole.
func (c *scanner) skip() {
	for len(c.spans) > 0 && c.at < c.pos {
		if edges, _ := isBlock(c.spans[0].Kind); edges && c.spans[0].End > c.pos {
			c.open(c.spans[0].End)
		}
		c.setSpans(c.spans[1:])
	}
}

func (c *scanner) setSpans(spans []loaders.Span) {
	c.spans = spans
	if len(spans) > 0 {
		c.at = borderOf(c.text, spans[0])
	}
}

// nextEdge returns the offset of the next edge of a span, or the length of the
// text if there is none.
func (c *scanner) nextEdge() int {
	e := len(c.text)
	if len(c.ends) > 0 {
		e = min(e, c.ends[len(c.ends)-1])
	}
	if len(c.spans) > 0 {
		e = min(e, c.at)
	}
	return e
}
