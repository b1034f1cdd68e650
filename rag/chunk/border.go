package chunk

import (
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
)

// A rank says how good a place a border is to cut at; higher is better.
type rank uint8

const (
	inside    rank = iota // between code points of one grapheme cluster
	grapheme              // between grapheme clusters
	word                  // after white space
	clause                // after a comma and the like
	wrap                  // at a line end that looks like a wrapped line's
	sentence              // after a full stop and the like
	line                  // at a line end
	paragraph             // at a blank line, or between rows
	block                 // at an edge of a page, table, list, symbol or block of code
	section               // before a heading of the deepest level; those of lesser levels follow
)

// maxLevel is the deepest level of headings that is told from the ones below it.
const maxLevel = 9

// top is the rank of a border that ends everything.
const top = section + maxLevel + 1

// sectionRank returns the rank of the border before a heading.
func sectionRank(level int) rank {
	return section + maxLevel - rank(min(max(level, 1), maxLevel))
}

// borderOf returns the offset where the piece of structure begins for a
// reader: the start of its line, if only markup and space precede it there.
func borderOf(text string, s loaders.Span) int {
	marks := " \t"
	if s.Kind == loaders.Heading {
		marks = " \t#=*"
	}
	i := s.Start
	for i > 0 && s.Start-i < 32 && strings.IndexByte(marks, text[i-1]) >= 0 {
		i--
	}
	if i == 0 || text[i-1] == '\n' {
		return i
	}
	return s.Start
}

// isBlock reports whether the kind has edges that are good to cut at, and
// whether what it holds is better kept whole.
func isBlock(k loaders.SpanKind) (edges, whole bool) {
	switch k {
	case loaders.Table, loaders.Code, loaders.List, loaders.Symbol:
		return true, true
	case loaders.Page:
		return true, false
	}
	return false, false
}

// A class is what the scanner needs to know of a byte, the commonest first.
const (
	classWord  = iota // ASCII that tells nothing of a space after it
	classMark         // ASCII that may end a sentence or clause before a space
	classSpace        // ASCII white space
	classWide         // not ASCII
)

var classes = func() (t [256]uint8) {
	for _, b := range ".,;:!?\"')]}" {
		t[b] = classMark
	}
	for _, b := range " \t\n\v\f\r" {
		t[b] = classSpace
	}
	for b := utf8.RuneSelf; b < len(t); b++ {
		t[b] = classWide
	}
	return t
}()

// wideRank returns the rank of the border after a character that is not ASCII.
func wideRank(r rune) rank {
	switch r {
	case '。', '！', '？', '｡', '．':
		return sentence
	case '，', '、', '；', '：', '､':
		return clause
	case 0x2028:
		return line
	case 0x2029:
		return paragraph
	case 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2008, 0x2009, 0x200A, 0x205F, 0x3000:
		return word
	}
	return grapheme
}

// isCloser reports whether r may stand between a full stop and the space after it.
func isCloser(r rune) bool {
	switch r {
	case '"', '\'', ')', ']', '}', '”', '’', '»', '」', '』', '）', '】', '》':
		return true
	}
	return false
}

// rankAfter returns the rank of the border after white space that stands
// between before and after.
func rankAfter(before, after string) rank {
	for range 3 {
		r, n := utf8.DecodeLastRuneInString(before)
		if !isCloser(r) {
			break
		}
		before = before[:len(before)-n]
	}
	r, n := utf8.DecodeLastRuneInString(before)
	switch r {
	case '.':
		if after != "" && 'a' <= after[0] && after[0] <= 'z' || isAbbreviation(before[:len(before)-n]) {
			return word
		}
		return sentence
	case '!', '?', '…', '。', '！', '？':
		return sentence
	case ',', ';', ':', '—', '–':
		return clause
	}
	return word
}

// isAbbreviation reports whether the last word of s is mostly followed by a
// full stop that ends no sentence: a single letter or a common short form.
func isAbbreviation(s string) bool {
	const longest = 4
	i := len(s)
	for i > 0 && len(s)-i <= longest && isLetter(s[i-1]) {
		i--
	}
	w := s[i:]
	if len(w) == 1 {
		return true
	}
	switch w {
	case "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Jr", "Sr", "vs", "cf", "al", "No", "Nos", "Fig", "Figs", "Eq", "Ref", "Vol", "ed", "eds", "pp", "approx":
		return true
	}
	return false
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
