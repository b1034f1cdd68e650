// Package sanitize removes from text what a person cannot see and a model
// can: tag characters, direction overrides, zero-width and other ignorable
// code points, and control characters. Joiners that real Persian, Indic and
// emoji text needs are kept.
package sanitize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	nel  = '\u0085' // next line
	zwnj = '\u200C'
	zwj  = '\u200D'
	vs16 = '\uFE0F'
)

// Text returns s without invisible and control characters. Newlines and tabs
// stay; the other controls that end a line or page become newlines, and a
// carriage return before a newline goes. Invalid UTF-8 becomes U+FFFD.
func Text(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	prev := rune(-1) // the last rune kept
	for i, r := range s {
		next := i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, n := utf8.DecodeRuneInString(s[i:])
			next = i + n
		}
		switch r {
		case '\r':
			if next < len(s) && s[next] == '\n' {
				continue
			}
			r = '\n'
		case '\v', '\f', nel:
			r = '\n'
		}
		if Hidden(r) && !joins(r, prev, s[next:]) {
			continue
		}
		b.WriteRune(r)
		prev = r
	}
	return b.String()
}

// Line returns Text(s) on one line, runs of white space as one space.
func Line(s string) string { return strings.Join(strings.Fields(Text(s)), " ") }

func clean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			return cleanRunes(s[i:])
		}
	}
	return true
}

func cleanRunes(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
		if Hidden(r) {
			return false
		}
	}
	return true
}

// Hidden reports whether r shows nothing of its own: controls other than
// newline and tab, format characters, variation selectors, default ignorable
// code points, and code points of no public meaning. Text keeps those that
// join their neighbours.
func Hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x300:
		return r < ' ' || 0x7f <= r && r < 0xa0 || r == 0xad
	}
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point, unicode.Co, unicode.Noncharacter_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// joins reports whether the hidden r changes how its neighbours look: a joiner
// between letters of a script that joins, or inside an emoji sequence.
func joins(r, prev rune, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	switch r {
	case zwnj:
		return joining(prev) && joining(next)
	case zwj:
		return joining(prev) && joining(next) || (emoji(prev) || prev == vs16) && emoji(next)
	case vs16:
		return emoji(prev) || prev == '#' || prev == '*' || '0' <= prev && prev <= '9'
	}
	return false
}

// joining reports whether r belongs to a script in which joiners matter.
func joining(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
		unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar)
}

// emoji reports whether r can stand in an emoji sequence.
func emoji(r rune) bool {
	return unicode.Is(unicode.So, r) || 0x1F3FB <= r && r <= 0x1F3FF || 0x2190 <= r && r <= 0x21FF || r == '\u00a9' || r == '\u00ae'
}
