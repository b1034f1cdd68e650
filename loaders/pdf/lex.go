package pdf

import "bytes"

// A token is a lexical unit of PDF syntax, or a whole array or dictionary.
type token struct {
	kind tokenKind
	num  float64 // number; reference: the object's number
	gen  int     // reference: the object's generation
	s    []byte  // str, name: its bytes; op: the word
	list []token // array; dict: keys and values in turn
}

type tokenKind uint8

const (
	eof tokenKind = iota
	number
	str
	name
	op // also true, false and null
	array
	dict
	reference
)

// maxNesting is how deep arrays and dictionaries nest. The brackets of deeper
// ones are dropped.
const maxNesting = 64

// get returns the value of a key of a dictionary; the zero token if absent.
func (t token) get(key string) token {
	if t.kind == dict {
		for i := 0; i+1 < len(t.list); i += 2 {
			if t.list[i].kind == name && string(t.list[i].s) == key {
				return t.list[i+1]
			}
		}
	}
	return token{}
}

func (t token) is(kind tokenKind, word string) bool { return t.kind == kind && string(t.s) == word }

// A lexer reads tokens from objects, content streams and CMaps. It reads
// whatever it is given: broken syntax is passed over as best it can be, and
// noted in odd.
type lexer struct {
	b     []byte
	p     int
	depth int
	odd   bool // something was read that a strict reader refuses
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '<', '>', '(', ')', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// skip passes white space and comments.
func (l *lexer) skip() {
	for l.p < len(l.b) {
		switch c := l.b[l.p]; {
		case isSpace(c):
			l.p++
		case c == '%':
			for l.p < len(l.b) && l.b[l.p] != '\n' && l.b[l.p] != '\r' {
				l.p++
			}
		default:
			return
		}
	}
}

// next returns the next token.
func (l *lexer) next() token {
	for {
		l.skip()
		if l.p >= len(l.b) {
			return token{}
		}
		switch c := l.b[l.p]; c {
		case '(':
			return l.literal()
		case '<':
			if l.p+1 == len(l.b) || l.b[l.p+1] != '<' {
				return l.hex()
			}
			l.p += 2
			if l.depth < maxNesting {
				return l.collection(dict, ">>")
			}
			l.odd = true
		case '>':
			if l.p+1 < len(l.b) && l.b[l.p+1] == '>' {
				l.p += 2
				return token{kind: op, s: l.b[l.p-2 : l.p]}
			}
			l.p++
			l.odd = true
		case '[':
			l.p++
			if l.depth < maxNesting {
				return l.collection(array, "]")
			}
			l.odd = true
		case ']':
			l.p++
			return token{kind: op, s: l.b[l.p-1 : l.p]}
		case '{', '}', ')':
			l.p++
			l.odd = true
		case '/':
			return l.name()
		default:
			return l.word()
		}
	}
}

// collection reads an array or dictionary up to end. Words that can only come
// after it end it too.
func (l *lexer) collection(kind tokenKind, end string) token {
	var list []token
	l.depth++
	for {
		before := l.p
		t := l.next()
		if t.kind == eof {
			l.odd = true
			break
		}
		if t.kind == op {
			word := string(t.s)
			if word == end {
				break
			}
			if ends(word) {
				l.p, l.odd = before, true
				break
			}
			if n := len(list); word == "R" && n >= 2 && list[n-1].kind == number && list[n-2].kind == number {
				list = append(list[:n-2], token{kind: reference, num: list[n-2].num, gen: int(list[n-1].num)})
				continue
			}
			if word != "true" && word != "false" && word != "null" {
				l.odd = true
			}
		}
		list = append(list, t)
	}
	l.depth--
	if kind == dict {
		list = l.pairs(list)
	}
	return token{kind: kind, list: list}
}

func ends(word string) bool {
	switch word {
	case "endobj", "obj", "stream", "endstream", "Tj", "TJ", "ET", "BT", "xref", "trailer", "startxref":
		return true
	}
	return false
}

// pairs keeps of the content of a dictionary what is a key with a value.
func (l *lexer) pairs(list []token) []token {
	ok := len(list)%2 == 0
	for i := 0; i < len(list) && ok; i += 2 {
		ok = list[i].kind == name
	}
	if ok {
		return list
	}
	l.odd = true
	var kept []token
	for i := 0; i+1 < len(list); i++ {
		if list[i].kind == name {
			kept = append(kept, list[i], list[i+1])
			i++
		}
	}
	return kept
}

func (l *lexer) name() token {
	l.p++
	start, escaped := l.p, false
	for l.p < len(l.b) && !isSpace(l.b[l.p]) && !isDelimiter(l.b[l.p]) {
		escaped = escaped || l.b[l.p] == '#'
		l.p++
	}
	s := l.b[start:l.p]
	if !escaped {
		return token{kind: name, s: s}
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '#' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		l.odd = l.odd || s[i] == '#'
		out = append(out, s[i])
	}
	return token{kind: name, s: out}
}

// word reads a number or an operator.
func (l *lexer) word() token {
	start := l.p
	for l.p < len(l.b) && !isSpace(l.b[l.p]) && !isDelimiter(l.b[l.p]) {
		l.p++
	}
	w := l.b[start:l.p]
	if c := w[0]; c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		if v, strict, ok := parseNumber(w); ok {
			l.odd = l.odd || !strict
			return token{kind: number, num: v}
		}
	}
	return token{kind: op, s: w}
}

// parseNumber reads what is meant as a number: several signs, and a '-' in the
// middle that ends it, are written by real programs. strict says that none of
// that was needed.
func parseNumber(w []byte) (v float64, strict, ok bool) {
	i, negative := 0, false
	for i < len(w) && (w[i] == '-' || w[i] == '+') {
		negative = negative || w[i] == '-'
		i++
	}
	strict = i <= 1 && len(w) < 18
	digits, scale := 0, 0.0
	for ; i < len(w); i++ {
		switch c := w[i]; {
		case c >= '0' && c <= '9':
			digits++
			if scale > 0 {
				v += float64(c-'0') / scale
				scale *= 10
			} else {
				v = v*10 + float64(c-'0')
			}
			continue
		case c == '.' && scale == 0:
			scale = 10
			continue
		case c == '-' && digits > 0, c == '.' && digits > 0:
			strict = false
		default:
			return 0, false, false
		}
		break
	}
	if negative {
		v = -v
	}
	return v, strict && digits > 0, digits > 0 || scale > 0
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) hex() token {
	l.p++
	end := bytes.IndexByte(l.b[l.p:], '>')
	if end < 0 {
		end = len(l.b) - l.p
		l.odd = true
	}
	in := l.b[l.p : l.p+end]
	l.p = min(l.p+end+1, len(l.b))
	out := make([]byte, 0, len(in)/2+1)
	high := -1
	for _, c := range in {
		switch v := unhex(c); {
		case v < 0:
			l.odd = l.odd || !isSpace(c)
		case high < 0:
			high = v
		default:
			out = append(out, byte(high<<4|v))
			high = -1
		}
	}
	if high >= 0 {
		l.odd = true
		out = append(out, byte(high<<4))
	}
	return token{kind: str, s: out}
}

// literal reads a string in parentheses. One without escapes is a slice of the
// input.
func (l *lexer) literal() token {
	l.p++
	start, depth := l.p, 1
	for l.p < len(l.b) {
		switch l.b[l.p] {
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				l.p++
				return token{kind: str, s: l.b[start : l.p-1]}
			}
		case '\\', '\r':
			return l.escaped(start, depth)
		}
		l.p++
	}
	l.odd = true
	return token{kind: str, s: l.b[start:]}
}

// escaped goes on with a literal string at the first escape in it.
func (l *lexer) escaped(start, depth int) token {
	out := append(make([]byte, 0, 2*(l.p-start)+32), l.b[start:l.p]...)
	for l.p < len(l.b) {
		c := l.b[l.p]
		l.p++
		switch c {
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				return token{kind: str, s: out}
			}
		case '\r':
			if l.p < len(l.b) && l.b[l.p] == '\n' {
				l.p++
			}
			c = '\n'
		case '\\':
			out = l.escape(out)
			continue
		}
		out = append(out, c)
	}
	l.odd = true
	return token{kind: str, s: out}
}

func (l *lexer) escape(out []byte) []byte {
	if l.p >= len(l.b) {
		return out
	}
	c := l.b[l.p]
	l.p++
	switch c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\n':
		return out
	case '\r':
		if l.p < len(l.b) && l.b[l.p] == '\n' {
			l.p++
		}
		return out
	case '(', ')', '\\':
		return append(out, c)
	}
	if c < '0' || c > '7' {
		l.odd = true
		return append(out, c)
	}
	v := int(c - '0')
	for i := 0; i < 2 && l.p < len(l.b) && l.b[l.p] >= '0' && l.b[l.p] <= '7'; i++ {
		v = v*8 + int(l.b[l.p]-'0')
		l.p++
	}
	l.odd = l.odd || v > 255
	return append(out, byte(v))
}

// skipInlineImage passes the data of an inline image, after its ID.
func (l *lexer) skipInlineImage() {
	for i := l.p; i+1 < len(l.b); i++ {
		j := bytes.Index(l.b[i:], []byte("EI"))
		if j < 0 {
			break
		}
		i += j
		if i > 0 && isSpace(l.b[i-1]) && (i+2 == len(l.b) || isSpace(l.b[i+2])) && isPlain(l.b[i+2:min(i+12, len(l.b))]) {
			l.p = i + 2
			return
		}
	}
	l.p = len(l.b)
}

// isPlain reports whether b looks like operators and not like pixels.
func isPlain(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}
