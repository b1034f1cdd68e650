package pdf

import (
	"math"
	"slices"

	"github.com/ledongthuc/pdf"
)

// A matrix maps points as PDF has it: [x y 1] * [a b; c d; e f].
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// then returns the matrix that does m and then n.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func moved(x, y float64) matrix { return matrix{1, 0, 0, 1, x, y} }

// A glyph is a code that was shown: its text, and where on the page, whose y
// runs upwards, its baseline begins and ends.
type glyph struct {
	x, y, endX, endY float64
	size             float64 // of the font
	space            float64 // how wide its space is
	text             string
	vertical         bool
}

// Limits of one page.
const (
	maxGlyphs   = 500_000
	maxForms    = 20_000
	maxFormNest = 12
)

// A graphics is the part of the graphics state that places text.
type graphics struct {
	ctm                                        matrix
	charSpace, wordSpace, scale, leading, rise float64
	size                                       float64
	font                                       *font
}

// An interpreter runs the content of pages. It keeps fonts by their
// references, since pages share them; names are those of one page only.
type interpreter struct {
	im       *image
	fonts    map[string]*font
	glyphs   []glyph
	ops      int
	forms    int
	pictures int
	codes    []shown
}

// page returns the glyphs of a page in the order of its content. They are
// valid until the next call. An error ends the document.
func (in *interpreter) page(p leafPage) ([]glyph, error) {
	in.glyphs, in.forms = in.glyphs[:0], 0
	m := identity
	switch p.rotate {
	case 90:
		m = matrix{0, -1, 1, 0, 0, 0}
	case 180:
		m = matrix{-1, 0, 0, -1, 0, 0}
	case 270:
		m = matrix{0, 1, -1, 0, 0, 0}
	}
	content, err := in.content(get(p.dict, "Contents"))
	if err != nil {
		return nil, err
	}
	g := graphics{ctm: m, scale: 1}
	if err := in.run(content, p.resources, g, 0); err != nil {
		return nil, err
	}
	annotations := get(p.dict, "Annots")
	for i := range min(annotations.Len(), 10_000) {
		if err := in.annotation(at(annotations, i), g); err != nil {
			return nil, err
		}
	}
	if !p.box.empty() {
		box := p.box.under(m)
		in.glyphs = slices.DeleteFunc(in.glyphs, func(g glyph) bool { return box.misses(g) })
	}
	return in.glyphs, nil
}

// misses reports whether a glyph lies outside of r.
func (r rectangle) misses(g glyph) bool {
	return max(g.x, g.endX) < r.x0 || min(g.x, g.endX) > r.x1 || g.y+g.size < r.y0 || g.y > r.y1
}

// annotation shows the normal appearance of an annotation that is not hidden:
// the text of a form field, a note that is written on the page.
func (in *interpreter) annotation(v pdf.Value, g graphics) error {
	const hidden, noView = 1 << 1, 1 << 5
	if get(v, "F").Int64()&(hidden|noView) != 0 || get(v, "Subtype").Name() == "Popup" {
		return nil
	}
	form := get(get(v, "AP"), "N")
	if form.Kind() == pdf.Dict { // one for each state
		form = get(form, get(v, "AS").Name())
	}
	box, rect := rectangleOf(get(form, "BBox")), rectangleOf(get(v, "Rect"))
	if form.Kind() != pdf.Stream || rect.empty() {
		return nil
	}
	if box = box.under(matrixOf(get(form, "Matrix"))); box.empty() {
		return nil
	}
	// Algorithm 8 of ISO 32000-2: the box of the form comes to lie on the
	// rectangle of the annotation.
	sx, sy := (rect.x1-rect.x0)/(box.x1-box.x0), (rect.y1-rect.y0)/(box.y1-box.y0)
	g.ctm = matrix{sx, 0, 0, sy, rect.x0 - box.x0*sx, rect.y0 - box.y0*sy}.then(g.ctm)
	f := &frame{in: in, g: g}
	return f.form(form)
}

// content joins the streams of a page.
func (in *interpreter) content(v pdf.Value) ([]byte, error) {
	if v.Kind() != pdf.Array {
		return in.im.stream(v)
	}
	var all []byte
	for i := range min(v.Len(), 10_000) {
		b, err := in.im.stream(at(v, i))
		if err != nil {
			return nil, err
		}
		all = append(append(all, b...), '\n')
		if len(all) > maxStream {
			break
		}
	}
	return all, nil
}

// A frame is the run of one content stream.
type frame struct {
	in        *interpreter
	resources pdf.Value
	fontDict  pdf.Value
	fontRefs  map[string]string
	fonts     map[string]*font // by name
	depth     int
	g         graphics
	stack     []graphics
	text      matrix // text matrix
	line      matrix // text line matrix
	args      []token
}

func (in *interpreter) run(b []byte, resources pdf.Value, g graphics, depth int) error {
	f := &frame{in: in, resources: resources, depth: depth, g: g, text: identity, line: identity, fonts: map[string]*font{}}
	f.fontDict = get(resources, "Font")
	f.fontRefs = referencesByKey(f.fontDict)
	l := &lexer{b: b}
	for {
		t := l.next()
		switch t.kind {
		case eof:
			return nil
		case op:
		default:
			if len(f.args) < 64 {
				f.args = append(f.args, t)
			}
			continue
		}
		if in.ops++; in.ops%4096 == 0 {
			if err := in.im.budget.Check(in.im.ctx); err != nil {
				return err
			}
		}
		if string(t.s) == "ID" {
			l.skipInlineImage()
			in.pictures++
		} else if err := f.do(string(t.s)); err != nil {
			return err
		}
		f.args = f.args[:0]
	}
}

// arg returns the i-th operand from the end.
func (f *frame) arg(i int) token {
	if i < len(f.args) {
		return f.args[len(f.args)-1-i]
	}
	return token{}
}

func (f *frame) num(i int) float64 { return f.arg(i).num }

func (f *frame) matrix() (m matrix, ok bool) {
	for i := range m {
		m[i] = f.num(5 - i)
	}
	return m, len(f.args) >= 6
}

// do runs one operator.
func (f *frame) do(op string) error {
	switch op {
	case "q":
		if len(f.stack) < 4096 {
			f.stack = append(f.stack, f.g)
		}
	case "Q":
		if n := len(f.stack) - 1; n >= 0 {
			f.g, f.stack = f.stack[n], f.stack[:n]
		}
	case "cm":
		if m, ok := f.matrix(); ok {
			f.g.ctm = m.then(f.g.ctm)
		}
	case "BT":
		f.text, f.line = identity, identity
	case "Tc":
		f.g.charSpace = f.num(0)
	case "Tw":
		f.g.wordSpace = f.num(0)
	case "Tz":
		f.g.scale = f.num(0) / 100
	case "TL":
		f.g.leading = f.num(0)
	case "Ts":
		f.g.rise = f.num(0)
	case "Tf":
		f.g.size = f.num(0)
		return f.setFont(string(f.arg(1).s))
	case "gs":
		return f.setState(string(f.arg(0).s))
	case "Td":
		f.newLine(f.num(1), f.num(0))
	case "TD":
		f.g.leading = -f.num(0)
		f.newLine(f.num(1), f.num(0))
	case "Tm":
		if m, ok := f.matrix(); ok {
			f.text, f.line = m, m
		}
	case "T*":
		f.newLine(0, -f.g.leading)
	case "Tj":
		f.show(f.arg(0).s)
	case "'":
		f.newLine(0, -f.g.leading)
		f.show(f.arg(0).s)
	case "\"":
		f.g.wordSpace, f.g.charSpace = f.num(2), f.num(1)
		f.newLine(0, -f.g.leading)
		f.show(f.arg(0).s)
	case "TJ":
		for _, e := range f.arg(0).list {
			switch e.kind {
			case str:
				f.show(e.s)
			case number:
				f.advance(-e.num / 1000 * f.g.size)
			}
		}
	case "Do":
		return f.draw(string(f.arg(0).s))
	}
	return nil
}

func (f *frame) newLine(x, y float64) {
	f.line = moved(x, y).then(f.line)
	f.text = f.line
}

// advance moves along the line by d of unscaled text space.
func (f *frame) advance(d float64) {
	if f.g.font != nil && f.g.font.vertical {
		f.text = moved(0, d).then(f.text)
	} else {
		f.text = moved(d*f.g.scale, 0).then(f.text)
	}
}

func (f *frame) setFont(name string) (err error) {
	known, ok := f.fonts[name]
	if !ok {
		ref := f.fontRefs[name]
		if known, ok = f.in.fonts[ref]; !ok || ref == "" {
			if known, err = f.in.loadFont(get(f.fontDict, name)); err != nil {
				return err
			}
			if ref != "" {
				f.in.fonts[ref] = known
			}
		}
		f.fonts[name] = known
	}
	f.g.font = known
	return nil
}

func (f *frame) setState(name string) (err error) {
	v := get(get(get(f.resources, "ExtGState"), name), "Font")
	if v.Kind() == pdf.Array {
		f.g.font, err = f.in.loadFont(at(v, 0))
		f.g.size = at(v, 1).Float64()
	}
	return err
}

// show places the glyphs of a string.
func (f *frame) show(s []byte) {
	in, g := f.in, &f.g
	if g.font == nil {
		return
	}
	in.codes = g.font.decode(s, in.codes[:0])
	for _, c := range in.codes {
		if len(in.glyphs) >= maxGlyphs {
			return
		}
		m := matrix{g.size * g.scale, 0, 0, g.size, 0, g.rise}.then(f.text).then(g.ctm)
		out := glyph{x: m[4], y: m[5], text: c.text, size: math.Hypot(m[2], m[3]), vertical: g.font.vertical}
		out.space = g.font.space * math.Hypot(m[0], m[1])
		out.endX, out.endY = m[4]+c.width*m[0], m[5]+c.width*m[1]
		extra := g.charSpace
		if c.isSpace {
			extra += g.wordSpace
		}
		if g.font.vertical {
			out.endX, out.endY = m[4], m[5]
			f.advance(-g.size - extra)
		} else {
			f.advance(c.width*g.size + extra)
		}
		in.glyphs = append(in.glyphs, out)
	}
}

// draw shows an external object; those with text are forms.
func (f *frame) draw(name string) error {
	in := f.in
	x := get(get(f.resources, "XObject"), name)
	if x.Kind() != pdf.Stream {
		return nil
	}
	if get(x, "Subtype").Name() != "Form" {
		in.pictures++
		return nil
	}
	return f.form(x)
}

// form runs the content of a form.
func (f *frame) form(x pdf.Value) error {
	in := f.in
	if in.forms++; in.forms > maxForms || f.depth >= maxFormNest {
		return nil
	}
	g := f.g
	g.ctm = matrixOf(get(x, "Matrix")).then(g.ctm)
	resources := get(x, "Resources")
	if resources.IsNull() {
		resources = f.resources
	}
	b, err := in.im.stream(x)
	if err != nil {
		return err
	}
	return in.run(b, resources, g, f.depth+1)
}

// matrixOf reads a matrix; anything else is the identity.
func matrixOf(v pdf.Value) matrix {
	if v.Len() != 6 {
		return identity
	}
	var m matrix
	for i := range m {
		m[i] = at(v, i).Float64()
	}
	return m
}
