package cite

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quarry-go/quarry/internal/sanitize"
)

// A Quote is a quotation in an answer.
type Quote struct {
	Start, End int // bytes of the answer, quotation marks left out
	// Found reports whether the passage holds the quotation; its place in the
	// document is then SourceStart to SourceEnd, in bytes.
	Found                  bool
	SourceStart, SourceEnd int
}

// pairs maps opening quotation marks to closing ones.
var pairs = map[rune]rune{'"': '"', '“': '”', '„': '“', '«': '»', '「': '」', '『': '』'}

// quotes returns the quotations in answer[start:end]; one without an end is none.
func quotes(answer string, start, end int) []Quote {
	var out []Quote
	s := answer[:end]
	for i := start; i < end; {
		r, n := utf8.DecodeRuneInString(s[i:])
		closer, ok := pairs[r]
		i += n
		if !ok {
			continue
		}
		j := strings.IndexRune(s[i:], closer)
		if j < 0 {
			continue
		}
		if strings.TrimSpace(s[i:i+j]) != "" {
			out = append(out, Quote{Start: i, End: i + j})
		}
		i += j + utf8.RuneLen(closer)
	}
	return out
}

// A reading is a text as it reads: each run of white space as one space, none
// at either end, one kind of apostrophe, and nothing that no reader sees.
type reading struct {
	text string
	at   []int // at[i] is where byte i of text comes from; the last, where the text ends
}

func read(s string) reading {
	out, at := make([]byte, 0, len(s)), make([]int, 0, len(s)+1)
	space, end := false, 0
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = len(out) > 0
			continue
		case sanitize.Hidden(r):
			continue
		}
		if space {
			out, at = append(out, ' '), append(at, end)
			space = false
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		end = i + n
		if r == '\u2019' || r == '\u2018' {
			out, at = append(out, '\''), append(at, i)
			continue
		}
		out = append(out, s[i:end]...)
		for k := range n {
			at = append(at, i+k)
		}
	}
	return reading{string(out), append(at, end)}
}

// find returns the byte range of the first place in the text that was read
// where quote stands in whole words and numbers; a stop or comma that the
// quotation ends with may be missing there.
func (r reading) find(quote string) (start, end int, ok bool) {
	needle := read(quote).text
	for _, q := range []string{needle, strings.TrimRight(needle, ".,;:!? ")} {
		if q == "" {
			break
		}
		for i := 0; ; i++ {
			k := strings.Index(r.text[i:], q)
			if k < 0 {
				break
			}
			i += k
			if !parts(r.text, i) && !parts(r.text, i+len(q)) {
				return r.at[i], r.at[i+len(q)], true
			}
		}
	}
	return 0, 0, false
}

// parts reports whether byte i of s lies inside of a word or a number, as
// between the digits and comma of 1,500.
func parts(s string, i int) bool {
	before, n := utf8.DecodeLastRuneInString(s[:i])
	after, m := utf8.DecodeRuneInString(s[i:])
	switch {
	case wordly(before) && wordly(after):
		return true
	case unicode.IsDigit(after) && (before == '.' || before == ','):
		before, _ = utf8.DecodeLastRuneInString(s[:i-n])
		return unicode.IsDigit(before)
	case unicode.IsDigit(before) && (after == '.' || after == ','):
		after, _ = utf8.DecodeRuneInString(s[i+m:])
		return unicode.IsDigit(after)
	}
	return false
}

// wordly reports whether r belongs to a word that white space or punctuation
// ends: scripts written without spaces, and Korean particles, end anywhere.
func wordly(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
			unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
