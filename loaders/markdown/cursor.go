package markdown

// A cursor reads the white space of a line in columns, where a tab reaches to
// the next multiple of four.
type cursor struct {
	s     string // the line, without its end
	pos   int
	col   int
	spare int // columns of the tab before pos that are not used up
}

// indent returns how many columns of white space are ahead.
func (c *cursor) indent() int {
	n, col := c.spare, c.col+c.spare
	for i := c.pos; i < len(c.s); i++ {
		w := 1
		switch c.s[i] {
		case ' ':
		case '\t':
			w = 4 - col%4
		default:
			return n
		}
		n += w
		col += w
	}
	return n
}

// skip uses up n columns of white space, or as many as there are.
func (c *cursor) skip(n int) {
	k := min(n, c.spare)
	c.spare -= k
	c.col += k
	for n -= k; n > 0 && c.pos < len(c.s); {
		w := 1
		switch c.s[c.pos] {
		case ' ':
		case '\t':
			w = 4 - c.col%4
		default:
			return
		}
		c.pos++
		k = min(n, w)
		c.spare = w - k
		c.col += k
		n -= k
	}
}

// advance passes n bytes that are no white space.
func (c *cursor) advance(n int) {
	c.pos += n
	c.col += n
}

// rest returns what follows the white space ahead.
func (c *cursor) rest() string {
	i := c.pos
	for i < len(c.s) && (c.s[i] == ' ' || c.s[i] == '\t') {
		i++
	}
	return c.s[i:]
}

func (c *cursor) blank() bool { return c.rest() == "" }

// enterQuote passes the marker of a block quote, indent columns ahead.
func (c *cursor) enterQuote(indent int) {
	c.skip(indent)
	c.advance(1)
	c.skip(1)
}
