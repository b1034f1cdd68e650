package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// denseScripts are the scripts whose text is cut into characters and pairs of characters.
var denseScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// dense reports whether r is a letter of a script without spaces. The mark of a long vowel and the voicing marks of
// Japanese belong to no script.
func dense(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case 0x4e00 <= r && r <= 0x9fff, 0xac00 <= r && r <= 0xd7a3: // most of Chinese, most of Korean
		return true
	case r == 'ー', r == 'ｰ', r == 'ﾞ', r == 'ﾟ':
		return true
	}
	return unicode.In(r, denseScripts...) && (unicode.IsLetter(r) || r == '〇')
}

// denseEnd returns where the run of dense characters, and of marks and format characters among them, ends.
func denseEnd(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !dense(r) && !unicode.IsMark(r) && (!unicode.Is(unicode.Cf, r) || r == '\u200b') {
			break
		}
		i += n
	}
	return i
}

// grams yields the characters of a run and every pair of neighbours.
func (t *tokenizer) grams(run string) bool {
	if norm.NFKC.QuickSpanString(run) < len(run) {
		run = norm.NFKC.String(run)
	}
	prev := 0 // bytes of the character before, which t.word begins with
	for _, r := range run {
		if !dense(r) && !unicode.IsMark(r) || ignorable(r) {
			continue
		}
		t.word = utf8.AppendRune(t.word[:prev], r)
		if !t.yield(t.word[prev:]) || prev > 0 && !t.yield(t.word) {
			return false
		}
		prev = copy(t.word, t.word[prev:])
	}
	return true
}
