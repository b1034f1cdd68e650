package chunk

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// clusters finds the borders of extended grapheme clusters (Unicode Standard
// Annex 29), asking the full rules only where the two characters in question
// need them.
type clusters struct {
	text string
	it   *graphemes.Iterator[string]
	base int // where it began
	read int // bytes that the full rules have gone over
}

// next returns the end of the cluster that begins at i, which is itself a border.
func (c *clusters) next(i int) int {
	end, _ := c.nextRune(i)
	return end
}

// nextRune is next, and returns the cluster's only code point, or -1 if it has more.
func (c *clusters) nextRune(i int) (end int, only rune) {
	s := c.text
	r, n := rune(s[i]), 1
	if r >= utf8.RuneSelf {
		r, n = utf8.DecodeRuneInString(s[i:])
	}
	if i+n == len(s) {
		return len(s), r
	}
	if alone(r) {
		after := rune(s[i+n])
		if after >= utf8.RuneSelf {
			after, _ = utf8.DecodeRuneInString(s[i+n:])
		}
		if alone(after) || after == '\r' {
			return i + n, r
		}
	}
	if c.it == nil || c.base+c.it.End() != i {
		if c.it == nil {
			c.it = graphemes.FromString("")
		}
		c.it.SetText(s[i:])
		c.base = i
	}
	c.it.Next()
	if end = c.base + c.it.End(); end > i+n {
		r = -1
	}
	c.read += end - i
	return end, r
}

// isHan reports whether a Han character of the main block is at i.
func isHan(s string, i int) bool {
	b := s[i]
	return 0xE5 <= b && b <= 0xE9 || b == 0xE4 && s[i+1] >= 0xB8
}

// alone reports whether a border lies on both sides of r, whatever other such
// character is its neighbour. It knows the common ones only.
func alone(r rune) bool {
	switch {
	case r < 0x300:
		return r != '\r'
	case r < 0x1100:
		return 0x370 <= r && r <= 0x482 || // Greek, Cyrillic
			0x48A <= r && r <= 0x52F ||
			0x5D0 <= r && r <= 0x5EA || // Hebrew letters
			0x620 <= r && r <= 0x64A || // Arabic letters
			0x660 <= r && r <= 0x66F ||
			0xE01 <= r && r <= 0xE30 // Thai consonants
	case r < 0x3000:
		return 0x2010 <= r && r <= 0x2027 // dashes, quotation marks
	case r < 0x3400:
		return r <= 0x3029 || 0x3041 <= r && r <= 0x3096 || 0x309B <= r && r <= 0x30FF
	}
	return r <= 0x4DB5 || 0x4E00 <= r && r <= 0x9FEA || // Han
		0xAC00 <= r && r <= 0xD7A3 || // Hangul syllables
		0xFF01 <= r && r <= 0xFF9D // full-width forms
}
