package cite

import (
	"strings"
	"unicode"
	"unicode/utf8"
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

// find returns the byte range of the first place in text that reads as quote:
// equal but for runs of white space, invisible format characters, and a full
// stop or comma that the quotation ends with.
func find(text, quote string) (start, end int, ok bool) {
	hay, at := plain(text)
	needle, _ := plain(quote)
	for _, q := range []string{needle, strings.TrimRight(needle, ".,;:!? ")} {
		if q == "" {
			break
		}
		if i := strings.Index(hay, q); i >= 0 {
			return at[i], at[i+len(q)], true
		}
	}
	return 0, 0, false
}

// plain returns s with each run of white space as one space, none at either
// end, and without format characters; at[i] is the offset in s of byte i of
// the result, and at[len] the one after the last.
func plain(s string) (out string, at []int) {
	var b strings.Builder
	space, end := false, 0
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Cf, r):
			continue
		}
		if space {
			b.WriteByte(' ')
			at = append(at, end)
			space = false
		}
		n := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, n = utf8.DecodeRuneInString(s[i:])
		}
		b.WriteString(s[i : i+n])
		for k := range n {
			at = append(at, i+k)
		}
		end = i + n
	}
	return b.String(), append(at, end)
}
