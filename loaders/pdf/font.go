package pdf

import (
	"bytes"
	"strings"

	"github.com/ledongthuc/pdf"
	xtext "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// A font turns the codes of strings into text and widths.
type font struct {
	unicode *cmap   // the font's own map to Unicode, or nil
	space   float64 // the width of a space, where the size is 1; 0 if unknown

	// A simple font has codes of one byte.
	simple *encoding
	widths [256]float64

	// A composite one has codes of several bytes.
	vertical     bool
	codes        *cmap          // how long codes are; nil: two bytes
	utf16        bool           // codes are UTF-16
	charset      xtext.Encoding // codes are of this charset
	jis          bool           // codes are of JIS X 0208 without its shifts
	cidWidths    map[uint32]float64
	defaultWidth float64
}

// A shown is a code that a string shows.
type shown struct {
	text    string
	width   float64 // where the size is 1
	isSpace bool    // word spacing applies to it
}

// loadFont reads a font. One that cannot be read is an empty one; the error is
// the budget's.
func (in *interpreter) loadFont(v pdf.Value) (*font, error) {
	f := &font{}
	if b, err := in.im.stream(get(v, "ToUnicode")); err != nil {
		return nil, err
	} else if len(b) > 0 {
		if m := parseCMap(b); len(m.single)+len(m.ranges) > 0 {
			f.unicode = m
		}
	}
	if get(v, "Subtype").Name() == "Type0" {
		return f, f.composite(in.im, v)
	}
	return f, f.simpleFont(in.im, v)
}

// simpleFont reads a font with codes of one byte: what its encoding, or else
// its program, says of them, unless the map to Unicode knows better.
func (f *font) simpleFont(im *image, v pdf.Value) error {
	subtype, base := get(v, "Subtype").Name(), get(v, "BaseFont").Name()
	if len(base) > 7 && base[6] == '+' {
		base = base[7:]
	}
	descriptor, enc := get(v, "FontDescriptor"), get(v, "Encoding")
	named := namedEncoding(enc.Name())
	if named == nil {
		named = namedEncoding(get(enc, "BaseEncoding").Name())
	}
	f.simple = &encoding{}
	switch {
	case named != nil:
		*f.simple = *named
	case strings.HasPrefix(base, "Symbol"):
		*f.simple = *symbol
	case subtype == "TrueType":
		*f.simple = *winAnsi
	default:
		*f.simple = *standard
		b, err := im.stream(get(descriptor, "FontFile"))
		if err != nil {
			return err
		}
		f.type1Encoding(b)
	}
	f.differences(get(enc, "Differences"))
	if f.unicode != nil {
		for c := range f.simple {
			if s, ok := f.unicode.text(uint32(c)); ok && s != "\x00" {
				f.simple[c] = s
			}
		}
	}
	f.simpleWidths(v, descriptor, subtype, base)
	return nil
}

func namedEncoding(name string) *encoding {
	switch name {
	case "WinAnsiEncoding":
		return winAnsi
	case "MacRomanEncoding":
		return macRoman
	case "StandardEncoding":
		return standard
	}
	return nil
}

// differences applies an array of codes and the names of the glyphs that
// follow from there.
func (f *font) differences(d pdf.Value) {
	code := 0
	for i := range min(d.Len(), 4096) {
		switch e := at(d, i); e.Kind() {
		case pdf.Integer:
			code = int(e.Int64())
		case pdf.Name:
			if code >= 0 && code < 256 {
				if s := glyphText(e.Name()); s != "" || e.Name() == ".notdef" {
					f.simple[code] = s
				}
			}
			code++
		}
	}
}

// type1Encoding reads the encoding in the readable part of a Type 1 program:
// lines such as "dup 65 /A put".
func (f *font) type1Encoding(program []byte) {
	program = program[:min(len(program), 64<<10)]
	_, program, ok := bytes.Cut(program, []byte("/Encoding"))
	if !ok {
		return
	}
	program, _, _ = bytes.Cut(program, []byte("readonly def"))
	l := &lexer{b: program}
	var code, glyph token
	for t := l.next(); t.kind != eof; t = l.next() {
		if t.is(op, "put") && glyph.kind == name && code.kind == number && code.num >= 0 && code.num < 256 {
			if s := glyphText(string(glyph.s)); s != "" {
				f.simple[int(code.num)] = s
			}
		}
		code, glyph = glyph, t
	}
}

func (f *font) simpleWidths(v, descriptor pdf.Value, subtype, base string) {
	scale := 0.001
	if subtype == "Type3" {
		if s := at(get(v, "FontMatrix"), 0).Float64(); s != 0 {
			scale = s
		}
	}
	widths := get(v, "Widths")
	if widths.Kind() != pdf.Array {
		f.widths = standardWidths(base)
	} else {
		missing, first := get(descriptor, "MissingWidth").Float64(), int(get(v, "FirstChar").Int64())
		for i := range f.widths {
			f.widths[i] = missing
			if j := i - first; j >= 0 && j < widths.Len() {
				f.widths[i] = at(widths, j).Float64()
			}
		}
	}
	for i := range f.widths {
		f.widths[i] *= scale
	}
	f.space = f.widths[' ']
}

// composite reads a font with codes of several bytes.
func (f *font) composite(im *image, v pdf.Value) error {
	f.compositeWidths(at(get(v, "DescendantFonts"), 0))
	enc := get(v, "Encoding")
	if enc.Kind() == pdf.Stream {
		b, err := im.stream(enc)
		if err != nil {
			return err
		}
		if m := parseCMap(b); len(m.spaces) > 0 {
			f.codes = m
		}
		return nil
	}
	n := enc.Name()
	f.vertical = n == "V" || strings.HasSuffix(n, "-V")
	switch {
	case strings.HasPrefix(n, "Identity"):
	case strings.Contains(n, "UCS2"), strings.Contains(n, "UTF16"):
		f.utf16 = true
	case strings.HasPrefix(n, "GBK"), strings.HasPrefix(n, "GB-EUC"), strings.HasPrefix(n, "GBpc"):
		f.charset = simplifiedchinese.GBK
	case strings.Contains(n, "RKSJ"):
		f.charset = japanese.ShiftJIS
	case strings.HasPrefix(n, "EUC-"):
		f.charset = japanese.EUCJP
	case n == "H", n == "V":
		f.jis = true
	case strings.HasPrefix(n, "B5"), strings.HasPrefix(n, "ETen"), strings.HasPrefix(n, "HKscs"):
		f.charset = traditionalchinese.Big5
	case strings.HasPrefix(n, "KSC"):
		f.charset = korean.EUCKR
	}
	return nil
}

func (f *font) compositeWidths(descendant pdf.Value) {
	f.cidWidths, f.defaultWidth = map[uint32]float64{}, 1
	if d := get(descendant, "DW"); !d.IsNull() {
		f.defaultWidth = d.Float64() / 1000
	}
	w := get(descendant, "W")
	for i := 0; i+1 < w.Len(); {
		first, next := uint32(at(w, i).Int64()), at(w, i+1)
		if next.Kind() == pdf.Array {
			for j := range min(next.Len(), 1<<16) {
				f.cidWidths[first+uint32(j)] = at(next, j).Float64() / 1000
			}
			i += 2
			continue
		}
		width := at(w, i+2).Float64() / 1000
		for c, last := first, uint32(next.Int64()); c <= last && c-first < 1<<16; c++ {
			f.cidWidths[c] = width
		}
		i += 3
	}
}

// decode appends what the codes of s show.
func (f *font) decode(s []byte, out []shown) []shown {
	if f.simple != nil {
		for _, c := range s {
			out = append(out, shown{f.simple[c], f.widths[c], c == ' '})
		}
		return out
	}
	for len(s) > 0 {
		n := f.codeLength(s)
		code := bigEndian(s[:n])
		width, known := f.cidWidths[code]
		if !known {
			width = f.defaultWidth
			if f.charset != nil && n == 1 {
				width /= 2
			}
		}
		out = append(out, shown{f.codeText(s[:n], code), width, n == 1 && s[0] == ' '})
		s = s[n:]
	}
	return out
}

func (f *font) codeLength(s []byte) int {
	switch {
	case f.codes != nil:
		return f.codes.length(s)
	case f.charset == nil:
		return min(2, len(s))
	case s[0] < 0x81 || f.charset == japanese.ShiftJIS && s[0] >= 0xa0 && s[0] < 0xe0:
		return 1
	}
	return min(2, len(s))
}

func (f *font) codeText(s []byte, code uint32) string {
	if f.unicode != nil {
		if text, ok := f.unicode.text(code); ok && text != "" {
			return text
		}
	}
	switch {
	case f.utf16:
		return utf16Text(string(s))
	case f.jis && len(s) == 2:
		text, _ := japanese.EUCJP.NewDecoder().Bytes([]byte{s[0] | 0x80, s[1] | 0x80})
		return string(text)
	case f.charset != nil:
		text, _ := f.charset.NewDecoder().Bytes(s)
		return string(text)
	}
	return ""
}
