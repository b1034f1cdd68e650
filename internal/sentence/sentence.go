// Package sentence finds the sentences of a text.
package sentence

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Spans yields the byte ranges of the sentences of s in order. They do not
// overlap, none is blank, and only white space lies between them.
//
// A sentence ends after a full stop, question or exclamation mark or ellipsis
// that white space or the end follows, after the marks of Chinese and Japanese
// whatever follows, before a blank line, and before a line that starts with a
// mark of a list, table, quotation or heading. Closing quotes and brackets stay
// with their sentence. A full stop after an initial, a common abbreviation, or
// a number that starts the sentence ends none.
func Spans(s string) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		start := 0
		for i := 0; i < len(s); {
			end, next := stop(s, start, i)
			if end < 0 {
				i = next
				continue
			}
			if a, b := trim(s, start, end); a < b && !yield(a, b) {
				return
			}
			start, i = end, next
		}
		if a, b := trim(s, start, len(s)); a < b {
			yield(a, b)
		}
	}
}

// stop looks at the rune at i of a sentence that began at start. It returns
// where the sentence ends, or -1, and where to look next.
func stop(s string, start, i int) (end, next int) {
	r, n := utf8.DecodeRuneInString(s[i:])
	next = i + n
	switch r {
	case '\n':
		if blankOrItem(s[next:]) {
			return next, next
		}
	case '。', '！', '？', '｡':
		next = len(s) - len(strings.TrimLeft(s[next:], "。！？｡"))
		end = closers(s, next)
		return end, end
	case '.', '!', '?', '…':
		for next < len(s) && strings.IndexByte(".!?", s[next]) >= 0 {
			next++
		}
		end = closers(s, next)
		if end < len(s) {
			if f, _ := utf8.DecodeRuneInString(s[end:]); !unicode.IsSpace(f) {
				return -1, end
			}
		}
		if r == '.' && abbreviated(s[start:i]) {
			return -1, end
		}
		return end, end
	}
	return -1, next
}

// closers returns the offset after the quotes and brackets that close at i.
func closers(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !strings.ContainsRune(`"'”’»)]}」』）】`, r) {
			break
		}
		i += n
	}
	return i
}

// blankOrItem reports whether the line at the start of s is blank or starts
// an item, a table row or a heading.
func blankOrItem(s string) bool {
	s = strings.TrimLeft(s, " \t\r")
	if s == "" {
		return true
	}
	switch s[0] {
	case '\n', '#', '|', '>':
		return true
	case '-', '*', '+':
		return len(s) > 1 && s[1] == ' '
	}
	if strings.HasPrefix(s, "•") {
		return true
	}
	digits := 0
	for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
		digits++
	}
	return 0 < digits && digits < 4 && digits+1 < len(s) && (s[digits] == '.' || s[digits] == ')') && s[digits+1] == ' '
}

// abbreviated reports whether a full stop after s does not end a sentence.
func abbreviated(s string) bool {
	i := strings.LastIndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '(' }) + 1
	word := s[i:]
	if len(word) == 1 && 'A' <= word[0] && word[0] <= 'Z' {
		return true // an initial
	}
	if strings.Trim(word, "0123456789") == "" {
		return word != "" && strings.TrimSpace(s[:i]) == "" // the number of an item
	}
	switch strings.ToLower(word) {
	case "e.g", "i.e", "cf", "vs", "mr", "mrs", "ms", "dr", "prof", "fig", "sec", "eq", "al", "approx", "dept", "inc", "ltd":
		return true
	}
	return false
}

func trim(s string, start, end int) (int, int) {
	t := strings.TrimLeftFunc(s[start:end], unicode.IsSpace)
	start = end - len(t)
	return start, start + len(strings.TrimRightFunc(t, unicode.IsSpace))
}
