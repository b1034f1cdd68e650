package text

import (
	"unicode"
	"unicode/utf8"
)

// afterJoint returns where the word begins that is joined to the one that ends at s[i], or -1. Words are joined by
// underscores (snake_case), or by one full stop between letters (fmt.Println, U.S.).
func afterJoint(s string, i int) int {
	j := i
	for j < len(s) && s[j] == '_' {
		j++
	}
	stop := j == i && j < len(s) && s[j] == '.'
	if stop {
		j++
	}
	if j == i || j == len(s) {
		return -1
	}
	next, _ := utf8.DecodeRuneInString(s[j:])
	if dense(next) || !startsWord(next) {
		return -1
	}
	if stop {
		last, _ := utf8.DecodeLastRuneInString(s[:i]) // the word ends with a letter, or a mark on one
		if !unicode.IsLetter(last) && !unicode.IsMark(last) || !unicode.IsLetter(next) {
			return -1
		}
	}
	return j
}

// humpEnd returns the end of the part of a camel-case word of ASCII letters and digits that begins at s[i]: before a
// capital that follows a small letter (parse|File), and before the last of several capitals when small letters follow
// it (HTTP|Server). A single letter is no part, nor two where capitals run on or the plural of an acronym ends, so
// that mRNA, PhD, siRNA and GPCRs stay whole.
func humpEnd(s string, i int) int {
	for j := i + 2; j+2 <= len(s); j++ {
		if !upper(s[j]) {
			continue
		}
		if upper(s[j-1]) {
			if j-i > 2 && j+2 < len(s) && lower(s[j+1]) && lower(s[j+2]) {
				return j
			}
		} else if j-i > 2 || lower(s[j+1]) {
			return j
		}
	}
	return len(s)
}
