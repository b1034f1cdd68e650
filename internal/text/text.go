// Package text turns text into the terms of a lexical index.
//
// Words are runs of letters, digits and marks. They are folded (compatibility forms, case, and for Latin letters
// their diacritics), freed of apostrophes and of a possessive 's, dropped when they are English function words, and
// reduced by the stemmer of Porter (1980) when they consist of the letters a to z. An identifier is found by its
// parts and as a whole: ParseFile yields parsefile, parse and file, parse_file yields parse, file and parsefile, and
// os.File yields os, file and osfile, each stemmed.
//
// Scripts that are written without spaces (Chinese, Japanese, Thai, ...), and Korean, whose spaces part phrases
// rather than words, yield every character and every pair of neighbours.
package text

import (
	"iter"
	"unicode/utf8"
)

// MaxTerm is the length in bytes of the longest term. A longer word is known by its first MaxTerm bytes, cut before
// the character that would pass them, so that documents and queries still agree on it.
const MaxTerm = 64

// An Analyzer turns text into terms. The zero value is ready to use and any number of goroutines may share it.
type Analyzer struct{}

// Fingerprint names the analyzer and its version, for an index to record: analyzers with one fingerprint give the
// same terms for every text, except for characters that only the newer Unicode tables of the two know. An index
// built under another fingerprint must be built again.
func (Analyzer) Fingerprint() string { return "words-grams/1" }

// Terms returns the terms of s in the order of the text, repetitions included; the parts of a camel-case word follow
// it, the words of a compound precede it. A text of nothing but function words has none.
//
// A term is valid UTF-8 of 1 to MaxTerm bytes, and good only until the next one is asked for: the caller copies what
// it keeps and does not change the bytes. Any string will do: bytes that are not UTF-8 separate words and are in no
// term. The sequence may be ranged over again, also by several goroutines at once. A round allocates a small amount
// that does not grow with s, but for runs of Chinese, Japanese or Korean that are not in the composed form NFKC.
func (Analyzer) Terms(s string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		t := tokenizer{yield: yield}
		t.text(s)
	}
}

// A tokenizer holds the state of one walk over a text. Its methods report whether the walk goes on.
type tokenizer struct {
	yield func([]byte) bool
	word  []byte // the word in hand, folded, apostrophes still in it
	whole []byte // the words of a compound so far, folded, without its joints
	fold  []byte // scratch for normal forms

	wordArray, wholeArray [MaxTerm + utf8.UTFMax]byte // room for a character too many
}

func (t *tokenizer) text(s string) {
	t.word, t.whole = t.wordArray[:0], t.wholeArray[:0]
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if !asciiWord(c) {
				i++
				continue
			}
		} else {
			r, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case dense(r):
				j := denseEnd(s, i)
				if !t.grams(s[i:j]) {
					return
				}
				i = j
				continue
			case !startsWord(r):
				i += n
				continue
			}
		}
		j, ok := t.compound(s, i)
		if !ok {
			return
		}
		i = j
	}
}

// compound emits the words of the compound that begins at s[i], and the compound itself when it has more than one.
// It returns where the compound ends.
func (t *tokenizer) compound(s string, i int) (int, bool) {
	for words := 1; ; words++ {
		w := scan(s, i)
		t.read(s[i:w.end], w)
		next := afterJoint(s, w.end)
		if words == 1 {
			t.whole = t.whole[:0]
		}
		if words > 1 || next >= 0 {
			t.whole = appendCapped(t.whole, t.word)
		}
		if !t.emit(w.upper) || w.camel && !t.humps(s[i:w.end]) {
			return w.end, false
		}
		if next >= 0 {
			i = next
			continue
		}
		if words == 1 || len(t.whole) == 0 {
			return w.end, true
		}
		t.word, t.whole = t.whole, t.word
		return w.end, t.yield(stem(t.word))
	}
}

// emit yields the stem of the word in hand unless it is empty or a function word.
func (t *tokenizer) emit(upper bool) bool {
	if len(t.word) == 0 || functionWord(t.word) && !(upper && acronym(t.word)) {
		return true
	}
	t.word = stem(t.word)
	return t.yield(t.word)
}

// humps emits the parts of a camel-case word of ASCII letters and digits.
func (t *tokenizer) humps(s string) bool {
	for i := 0; i < len(s); {
		j := humpEnd(s, i)
		t.lower(s[i:j])
		if !t.emit(false) {
			return false
		}
		i = j
	}
	return true
}

// appendCapped appends to dst what of the folded text src leaves it within MaxTerm.
func appendCapped(dst, src []byte) []byte {
	n := min(len(src), MaxTerm-len(dst))
	for n < len(src) && n > 0 && !utf8.RuneStart(src[n]) {
		n--
	}
	return append(dst, src[:n]...)
}
