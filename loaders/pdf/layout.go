package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A segment is a run of glyphs on one baseline without a wide gap: most often
// a line of a column, or a cell of a table.
type segment struct {
	x0, x1, y, size float64
	text            string
}

// Gaps, in parts of the font's size.
const (
	lineJump  = 0.6 // off the baseline, or back: a new segment
	wideGap   = 2.0 // along the baseline: a new segment
	sameLine  = 0.5 // off each other: segments of one line
	columnGap = 0.9 // between columns
	blockGap  = 1.2 // between blocks: an empty line
	lineGap   = 0.35
)

// maxSegments is how many segments of a page are put in order; with more they
// stay in the order of the content.
const maxSegments = 20_000

// layout returns the text of a page in reading order.
func layout(glyphs []glyph) string {
	b := segmenter{}
	for i := range glyphs {
		b.add(&glyphs[i])
	}
	b.flush()
	p := printer{}
	if len(b.out) > maxSegments {
		for _, s := range b.out {
			p.line([]segment{s})
		}
	} else {
		p.block(b.out, 0)
	}
	return strings.TrimRight(p.String(), "\n ")
}

// A segmenter joins glyphs, in the order of the content, to segments.
type segmenter struct {
	out  []segment
	cur  segment
	text strings.Builder
	last *glyph
	pen  float64 // where the last glyph ends
}

func (b *segmenter) flush() {
	if s := strings.TrimRight(b.text.String(), " "); s != "" {
		b.cur.text = s
		b.out = append(b.out, b.cur)
	}
	b.text.Reset()
}

func (b *segmenter) add(g *glyph) {
	if g.text == "" {
		if b.last != nil {
			b.pen = max(b.pen, g.endX)
		}
		return
	}
	if g.vertical || math.Abs(g.endY-g.y) > math.Abs(g.endX-g.x)+1e-9 {
		b.addUpright(g)
		return
	}
	if b.last != nil && b.text.Len() > 0 {
		size := max(g.size, b.last.size, 0.1)
		gap := g.x - b.pen
		switch {
		case math.Abs(g.y-b.cur.y) > lineJump*min(max(g.size, 0.1), max(b.cur.size, 0.1)), gap < -lineJump*size, gap > wideGap*size:
			b.flush()
		case gap > wordGap(b.last, g):
			b.space()
		}
	}
	if b.text.Len() == 0 {
		b.cur = segment{x0: g.x, x1: g.endX, y: g.y, size: g.size}
	}
	b.write(g.text)
	b.pen, b.last = g.endX, g
	if b.text.Len() > 0 {
		b.cur.x1, b.cur.size = max(b.cur.x1, g.endX), max(b.cur.size, g.size)
	}
}

// addUpright adds a glyph of a line that does not run across the page. Such
// lines stay as they come.
func (b *segmenter) addUpright(g *glyph) {
	if l := b.last; l != nil {
		switch {
		case math.Hypot(g.x-l.x, g.y-l.y) > 3*max(g.size, 1):
			b.flush()
		case !g.vertical && math.Hypot(g.x-l.endX, g.y-l.endY) > 0.25*g.size:
			b.space()
		}
	}
	if b.text.Len() == 0 {
		b.cur = segment{x0: g.x, x1: g.x + g.size, y: g.y, size: g.size}
	}
	b.write(g.text)
	b.last, b.pen = g, g.endX
}

// space adds a space, not a second one, and none at the start.
func (b *segmenter) space() {
	if s := b.text.String(); s != "" && s[len(s)-1] != ' ' {
		b.text.WriteByte(' ')
	}
}

func (b *segmenter) write(s string) {
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			b.space()
		case r < ' ', r == 0xfffd, r >= 0xe000 && r <= 0xf8ff:
		case r >= 0xfb00 && r <= 0xfb06:
			b.text.WriteString(ligatures[r-0xfb00])
		default:
			b.text.WriteRune(r)
		}
	}
}

var ligatures = [...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}

// wordGap returns the gap from which on two glyphs are of two words.
func wordGap(a, b *glyph) float64 {
	size := max(a.size, b.size)
	last, _ := utf8.DecodeLastRuneInString(a.text)
	first, _ := utf8.DecodeRuneInString(b.text)
	switch {
	case isWide(last) && isWide(first):
		return 0.6 * size
	case a.space > 0.1*size && a.space < size:
		return max(0.12*size, min(0.22*size, 0.5*a.space))
	}
	return 0.17 * size
}

// isWide reports whether r is of a script that is written without spaces.
func isWide(r rune) bool {
	return r >= 0x2e80 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7af || r >= 0xf900 && r <= 0xfaff || r >= 0xff00 && r <= 0xffef
}

// A printer writes segments in reading order.
type printer struct{ strings.Builder }

// block orders the segments of a region by cutting it where it is empty, into
// columns where they hold prose and else from top to bottom, and the parts
// again (the recursive XY-cut of Nagy and Seth, 1984).
func (p *printer) block(segs []segment, depth int) {
	if len(segs) < 2 || depth > 40 {
		p.lines(segs)
		return
	}
	size := medianSize(segs)
	if x, ok := columnCut(segs, size); ok {
		left, right := split(segs, func(s segment) bool { return s.x0 < x })
		p.block(left, depth+1)
		p.WriteByte('\n')
		p.block(right, depth+1)
		return
	}
	if y, gap := widestGap(segs); gap > lineGap*size {
		upper, lower := split(segs, func(s segment) bool { return s.y+0.3*s.size > y })
		if len(upper) > 0 && len(lower) > 0 {
			p.block(upper, depth+1)
			if gap > blockGap*size {
				p.WriteByte('\n')
			}
			p.block(lower, depth+1)
			return
		}
	}
	p.lines(segs)
}

func split(segs []segment, first func(segment) bool) (a, b []segment) {
	for _, s := range segs {
		if first(s) {
			a = append(a, s)
		} else {
			b = append(b, s)
		}
	}
	return a, b
}

func medianSize(segs []segment) float64 {
	sizes := make([]float64, len(segs))
	for i, s := range segs {
		sizes[i] = s.size
	}
	slices.Sort(sizes)
	return max(sizes[len(sizes)/2], 0.5)
}

// columnCut returns where to cut a region into columns: in the widest gap that
// runs all the way down, with three lines or more on either side that are long
// enough to be prose and not cells of a table.
func columnCut(segs []segment, size float64) (x float64, ok bool) {
	byX := slices.Clone(segs)
	slices.SortFunc(byX, func(a, b segment) int { return cmp.Compare(a.x0, b.x0) })
	best := columnGap * size
	end := byX[0].x1
	for i := 1; i < len(byX); i++ {
		if gap := byX[i].x0 - end; gap > best && isProse(byX[:i], size) && isProse(byX[i:], size) {
			best, x, ok = gap, end+gap/2, true
		}
		end = max(end, byX[i].x1)
	}
	return x, ok
}

// isProse reports whether segments are at least three lines and long ones.
func isProse(segs []segment, size float64) bool {
	width := 0.0
	ys := make([]float64, len(segs))
	for i, s := range segs {
		width += s.x1 - s.x0
		ys[i] = s.y
	}
	if width < 8*size*float64(len(segs)) {
		return false
	}
	slices.Sort(ys)
	lines := 1
	for i := 1; i < len(ys); i++ {
		if ys[i]-ys[i-1] > 2 {
			lines++
		}
	}
	return lines >= 3
}

// widestGap returns the middle and the height of the widest gap that runs all
// the way across.
func widestGap(segs []segment) (y, gap float64) {
	byTop := slices.Clone(segs)
	top := func(s segment) float64 { return s.y + 0.8*s.size }
	slices.SortFunc(byTop, func(a, b segment) int { return cmp.Compare(top(b), top(a)) })
	bottom := math.Inf(1)
	for i, s := range byTop {
		if g := bottom - top(s); i > 0 && g > gap {
			gap, y = g, bottom-g/2
		}
		bottom = min(bottom, s.y-0.2*s.size)
	}
	return y, gap
}

// lines writes segments line by line.
func (p *printer) lines(segs []segment) {
	slices.SortStableFunc(segs, func(a, b segment) int { return cmp.Compare(b.y, a.y) })
	for len(segs) > 0 {
		n := 1
		for n < len(segs) && segs[0].y-segs[n].y < sameLine*max(min(segs[0].size, segs[n].size), 0.1) {
			n++
		}
		p.line(segs[:n])
		segs = segs[n:]
	}
}

// line writes the segments of one line from left to right.
func (p *printer) line(segs []segment) {
	slices.SortStableFunc(segs, func(a, b segment) int { return cmp.Compare(a.x0, b.x0) })
	for i, s := range segs {
		if i > 0 && s.x0-segs[i-1].x1 > 0.12*s.size {
			p.WriteByte(' ')
		}
		p.WriteString(s.text)
	}
	p.WriteByte('\n')
}
