// Package charset turns text in any character encoding into UTF-8.
package charset

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	gounicode "unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// ErrBinary: the content is not text in any encoding.
var ErrBinary = errors.New("binary content")

// Text is what bytes say once their encoding is known.
type Text struct {
	Text    string // valid UTF-8 without NUL and without a byte order mark
	Charset string // the encoding that was taken, in lower case: "utf-8", "gb18030"
	Invalid int    // places that the encoding cannot explain; each is U+FFFD in Text
	NULs    int    // NUL characters that were left out
}

// SniffLen is how many of the first bytes say whether content is binary.
const SniffLen = 8000

// detectLen is how many bytes the detector sees.
const detectLen = 64 << 10

// Decode returns b as UTF-8. The encoding is, in this order, that of a byte
// order mark, the one that label names (a name of the WHATWG Encoding Standard,
// such as "gbk"; empty or unknown: none), UTF-8 where nearly all of b is
// valid, and what a statistical detector takes the first 64 KiB for. The error
// is [ErrBinary] where b is no text: a NUL among the first [SniffLen] bytes of
// an encoding of bytes, or more than one control character in ten.
func Decode(b []byte, label string) (Text, error) {
	t, err := decode(b, label)
	if err != nil {
		return Text{}, err
	}
	if n := strings.Count(t.Text, "\x00"); n > 0 {
		t.Text, t.NULs = strings.ReplaceAll(t.Text, "\x00", ""), n
	}
	if controls(t.Text) {
		return Text{}, ErrBinary
	}
	return t, nil
}

func decode(b []byte, label string) (Text, error) {
	if name, enc, n := mark(b); n > 0 {
		if enc == nil {
			return utf8Text(b[n:]), nil
		}
		return with(enc, name, b[n:])
	}
	if label != "" {
		if enc, err := htmlindex.Get(label); err == nil {
			if name, _ := htmlindex.Name(enc); name != "utf-8" {
				return with(enc, name, b)
			}
			if !hasNUL(b) {
				return utf8Text(b), nil
			}
		}
	}
	if hasNUL(b) {
		if name, enc := wide(b); enc != nil {
			return with(enc, name, b)
		}
		return Text{}, ErrBinary
	}
	if nearlyUTF8(b, false) && !bytes.Contains(b, []byte("\x1b$")) { // ESC $ begins a shift of ISO-2022
		return utf8Text(b), nil
	}
	name, enc := detect(b)
	return with(enc, name, b)
}

// IsText reports whether content that starts with head looks like text: in
// UTF-8 or UTF-16, or in an encoding of bytes with no control characters.
func IsText(head []byte) bool {
	head = head[:min(len(head), SniffLen)]
	if _, _, n := mark(head); n > 0 {
		return true
	}
	if hasNUL(head) {
		_, enc := wide(head)
		return enc != nil
	}
	odd := 0
	for _, c := range head {
		if isControl(rune(c)) {
			odd++
		}
	}
	if nearlyUTF8(head, true) {
		return odd*10 <= len(head)
	}
	return odd == 0
}

// mark returns the encoding that a byte order mark names, nil for UTF-8, and
// the mark's length; 0 where there is none.
func mark(b []byte) (name string, enc encoding.Encoding, n int) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return "utf-8", nil, 3
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")):
		return "utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), 4
	case bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")):
		return "utf-32be", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), 4
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return "utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 2
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return "utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 2
	}
	return "", nil, 0
}

// wide recognises UTF-16 without a mark: the zero bytes of its spaces and line
// ends are nearly all of one parity, and what it says can be read.
func wide(b []byte) (string, encoding.Encoding) {
	if len(b) < 8 || len(b)%2 != 0 {
		return "", nil
	}
	b = b[:min(len(b), SniffLen)]
	var zeros [2]int
	for i, c := range b {
		if c == 0 {
			zeros[i%2]++
		}
	}
	name, order := "utf-16le", unicode.LittleEndian
	if zeros[0] > zeros[1] {
		name, order = "utf-16be", unicode.BigEndian
	}
	if many, few := max(zeros[0], zeros[1]), min(zeros[0], zeros[1]); many < len(b)/50 || few*10 > many {
		return "", nil
	}
	enc := unicode.UTF16(order, unicode.IgnoreBOM)
	text, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return "", nil
	}
	odd, n, breaks := 0, 0, 0
	for _, r := range string(text) {
		n++
		if r == ' ' || r == '\n' {
			breaks++
		}
		if r == utf8.RuneError || !gounicode.IsPrint(r) && !gounicode.IsSpace(r) {
			odd++
		}
	}
	if odd*100 > n || breaks == 0 && zeros[0]+zeros[1] < n/2 {
		return "", nil
	}
	return name, enc
}

func hasNUL(b []byte) bool { return bytes.IndexByte(b[:min(len(b), SniffLen)], 0) >= 0 }

// nearlyUTF8 reports whether b is UTF-8, or damaged UTF-8: at least ten
// sequences of several bytes are valid for each byte that is not. If more than
// b may follow, a sequence that its end cuts is no damage.
func nearlyUTF8(b []byte, more bool) bool {
	if utf8.Valid(b) {
		return true
	}
	multi, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			multi++
		case more && !utf8.FullRune(b[i:]):
			return multi >= 10*bad
		default:
			bad++
		}
		i += n
	}
	return multi >= 10*bad
}

func utf8Text(b []byte) Text {
	t := Text{Charset: "utf-8"}
	if utf8.Valid(b) {
		t.Text = string(b)
		return t
	}
	var s strings.Builder
	s.Grow(len(b) + 16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			t.Invalid++
		}
		s.WriteRune(r)
		b = b[n:]
	}
	t.Text = s.String()
	return t
}

// with decodes b by enc. What enc cannot explain is U+FFFD, and counted.
func with(enc encoding.Encoding, name string, b []byte) (Text, error) {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return Text{}, ErrBinary
	}
	t := Text{Text: strings.ToValidUTF8(string(out), "\ufffd"), Charset: name}
	t.Invalid = strings.Count(t.Text, "\ufffd")
	return t, nil
}

// detect returns the encoding that the detector takes b for, Windows-1252
// where it is not sure or names none that can be decoded.
func detect(b []byte) (string, encoding.Encoding) {
	r := chardet.Detect(b[:min(len(b), detectLen)])
	if r.Confidence >= 0.3 {
		if enc, err := htmlindex.Get(r.Encoding); err == nil {
			if name, err := htmlindex.Name(enc); err == nil && name != "replacement" {
				return name, enc
			}
		}
	}
	return "windows-1252", charmap.Windows1252
}

// controls reports whether more than one in ten of the first characters of s
// is a control character that texts do not hold.
func controls(s string) bool {
	n, odd := 0, 0
	for _, r := range s {
		if n == SniffLen {
			break
		}
		n++
		if isControl(r) {
			odd++
		}
	}
	return odd*10 > n
}

func isControl(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\b', 0x1b:
		return false
	}
	return r < ' ' || r == 0x7f
}

// Unix returns the text with every line end, CR LF or CR alone, made LF.
func (t Text) Unix() string {
	if strings.IndexByte(t.Text, '\r') < 0 {
		return t.Text
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(t.Text)
}

// Warnings says what of the bytes is not in the text; nil if all is.
func (t Text) Warnings() []string {
	var w []string
	if t.Invalid > 0 {
		w = append(w, fmt.Sprintf("%d places are not valid %s and became U+FFFD", t.Invalid, t.Charset))
	}
	if t.NULs > 0 {
		w = append(w, fmt.Sprintf("%d NUL characters were dropped", t.NULs))
	}
	return w
}
