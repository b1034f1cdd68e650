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
		if last, _ := utf8.DecodeLastRuneInString(s[:i]); !unicode.IsLetter(last) || !unicode.IsLetter(next) {
			return -1
		}
	}
	return j
}

// humpEnd returns the end of the part of a camel-case word that begins at s[i]: before a capital that follows a
// small letter (parse|File), and before the last of several capitals when a small letter follows it (HTTP|Server).
// Parts have two letters or more, so that mRNA and PhD stay whole.
func humpEnd(s string, i int) int {
	for j := i + 2; j+2 <= len(s); j++ {
		if upper(s[j]) && (!upper(s[j-1]) || !upper(s[j+1]) && letter(s[j+1])) {
			return j
		}
	}
	return len(s)
}

func upper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func letter(c byte) bool { return 'a' <= c && c <= 'z' || upper(c) }
