package pdf

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/ledongthuc/pdf"
)

// A leafPage is a page with what it inherits.
type leafPage struct {
	dict      pdf.Value
	resources pdf.Value
	rotate    int
	box       rectangle // the sheet; the zero one has no edges
}

// A rectangle has x0 <= x1 and y0 <= y1.
type rectangle struct{ x0, y0, x1, y1 float64 }

// rectangleOf reads a rectangle, given by any two corners.
func rectangleOf(v pdf.Value) rectangle {
	if v.Len() != 4 {
		return rectangle{}
	}
	a, b, c, d := at(v, 0).Float64(), at(v, 1).Float64(), at(v, 2).Float64(), at(v, 3).Float64()
	return rectangle{min(a, c), min(b, d), max(a, c), max(b, d)}
}

func (r rectangle) empty() bool { return r.x1 <= r.x0 || r.y1 <= r.y0 }

// under returns the smallest rectangle around what m makes of r.
func (r rectangle) under(m matrix) rectangle {
	out := rectangle{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, x := range []float64{r.x0, r.x1} {
		for _, y := range []float64{r.y0, r.y1} {
			p := moved(x, y).then(m)
			out = rectangle{min(out.x0, p[4]), min(out.y0, p[5]), max(out.x1, p[4]), max(out.y1, p[5])}
		}
	}
	return out
}

// maxPages bounds the pages of a document.
const maxPages = 100_000

// pages walks the page tree once, into no node twice. Where the tree is lost,
// the pages are those objects that say so.
func (im *image) pages() []leafPage {
	trailer := im.reader.Trailer()
	w := walk{seen: map[string]bool{}}
	w.node(get(get(trailer, "Root"), "Pages"), leafPage{}, 0)
	if len(w.out) == 0 {
		list := get(trailer, "QuarryPages")
		for i := range min(list.Len(), maxPages) {
			w.leaf(at(list, i), leafPage{})
		}
	}
	return w.out
}

type walk struct {
	seen map[string]bool // references
	out  []leafPage
}

func (w *walk) node(v pdf.Value, inherited leafPage, depth int) {
	kids := get(v, "Kids")
	if kids.Kind() != pdf.Array {
		if v.Kind() == pdf.Dict && get(v, "Type").Name() != "Pages" {
			w.leaf(v, inherited)
		}
		return
	}
	inherited = inherited.and(v)
	refs := references(kids)
	for i := range kids.Len() {
		if len(w.out) >= maxPages || depth > maxNesting {
			return
		}
		if i < len(refs) && refs[i] != "" {
			if w.seen[refs[i]] {
				continue
			}
			w.seen[refs[i]] = true
		}
		w.node(at(kids, i), inherited, depth+1)
	}
}

func (w *walk) leaf(v pdf.Value, inherited leafPage) {
	p := inherited.and(v)
	p.dict = v
	w.out = append(w.out, p)
}

// and returns what the children of v inherit.
func (p leafPage) and(v pdf.Value) leafPage {
	if r := get(v, "Resources"); !r.IsNull() {
		p.resources = r
	}
	if r := get(v, "Rotate"); r.Kind() == pdf.Integer {
		p.rotate = int((r.Int64()%360 + 360) % 360)
	}
	if b := rectangleOf(get(v, "MediaBox")); !b.empty() {
		p.box = b
	}
	return p
}

// references returns the references that are the elements of an array, in
// print, and "" for those that are none. The library has no other way to tell
// whether two values are one object.
func references(v pdf.Value) []string {
	t := (&lexer{b: []byte(v.String())}).next()
	out := make([]string, len(t.list))
	for i, e := range t.list {
		out[i] = printed(e)
	}
	return out
}

// referencesByKey is references for the values of a dictionary.
func referencesByKey(v pdf.Value) map[string]string {
	out := map[string]string{}
	if v.Kind() != pdf.Dict {
		return out
	}
	t := (&lexer{b: []byte(v.String())}).next()
	for i := 0; i+1 < len(t.list); i += 2 {
		if r := printed(t.list[i+1]); r != "" {
			out[string(t.list[i].s)] = r
		}
	}
	return out
}

func printed(t token) string {
	if t.kind != reference {
		return ""
	}
	return strconv.Itoa(int(t.num)) + " " + strconv.Itoa(t.gen)
}

// labels returns what the pages are called: "1", "2" and so on unless the
// document numbers them otherwise.
func (im *image) labels(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i + 1)
	}
	var ranges []labelRange
	collectLabels(get(get(im.reader.Trailer(), "Root"), "PageLabels"), &ranges, 0)
	for i, r := range ranges {
		end := n
		if i+1 < len(ranges) {
			end = min(n, ranges[i+1].from)
		}
		for p := max(0, r.from); p < end; p++ {
			if l := r.prefix + numeral(r.style, r.first+p-r.from); l != "" {
				out[p] = l
			}
		}
	}
	return out
}

type labelRange struct {
	from, first   int
	style, prefix string
}

// collectLabels reads a number tree of page labels.
func collectLabels(v pdf.Value, out *[]labelRange, depth int) {
	if depth > 8 {
		return
	}
	nums := get(v, "Nums")
	for i := 0; i+1 < nums.Len() && len(*out) < maxPages; i += 2 {
		l := get(v, "Nums")
		d := at(l, i+1)
		r := labelRange{from: int(at(l, i).Int64()), first: 1, style: get(d, "S").Name(), prefix: textOf(get(d, "P"))}
		if s := get(d, "St"); s.Kind() == pdf.Integer {
			r.first = int(s.Int64())
		}
		*out = append(*out, r)
	}
	kids := get(v, "Kids")
	for i := range min(kids.Len(), 1000) {
		collectLabels(at(kids, i), out, depth+1)
	}
}

// numeral writes n in one of the styles of page labels.
func numeral(style string, n int) string {
	if n < 1 || n > 1_000_000 {
		return ""
	}
	switch style {
	case "D":
		return strconv.Itoa(n)
	case "R":
		return roman(n)
	case "r":
		return strings.ToLower(roman(n))
	case "A", "a":
		return strings.Repeat(string(rune(style[0])+rune((n-1)%26)), min((n-1)/26+1, 10))
	}
	return ""
}

func roman(n int) string {
	if n >= 10_000 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, d := range []struct {
		v int
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= d.v; n -= d.v {
			b.WriteString(d.s)
		}
	}
	return b.String()
}

// textOf returns a text string: in UTF-16 or UTF-8 with a mark, else in
// PDFDocEncoding.
func textOf(v pdf.Value) string {
	s := v.RawString()
	switch {
	case strings.HasPrefix(s, "\xfe\xff"):
		s = utf16Text(s[2:])
	case strings.HasPrefix(s, "\xff\xfe"):
		b := []byte(s[2:])
		for i := 0; i+1 < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		s = utf16Text(string(b))
	case strings.HasPrefix(s, "\xef\xbb\xbf"):
		s = s[3:]
	default:
		s = winAnsi.text(s)
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimSpace(s)
}

// utf16Text decodes big-endian UTF-16.
func utf16Text(s string) string {
	u := make([]uint16, len(s)/2)
	for i := range u {
		u[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	return string(utf16.Decode(u))
}
