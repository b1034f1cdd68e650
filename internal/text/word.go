package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxRaw bounds the bytes of a word that are folded: far more than MaxTerm needs, and little enough that a word as
// long as a document costs no memory.
const maxRaw = 8 * MaxTerm

// A shape describes a word of a text before it is folded.
type shape struct {
	end        int
	ascii      bool // nothing but ASCII letters, digits and apostrophes
	apostrophe bool
	upper      bool // letters, all of them upper case (ASCII words only)
	camel      bool // made of parts told apart by case (ASCII words only)
}

// scan measures the word that begins at s[i].
func scan(s string, i int) shape {
	w := shape{ascii: true}
	var small, capital bool
	j := i
loop:
	for j < len(s) {
		switch c := s[j]; {
		case lower(c):
			small = true
		case upper(c):
			capital = true
		case '0' <= c && c <= '9':
		case c == '\'':
			w.apostrophe = true
		case c < utf8.RuneSelf:
			break loop
		default:
			r, n := utf8.DecodeRuneInString(s[j:])
			switch {
			case r == '’':
				w.apostrophe = true
			case dense(r) || !continuesWord(r):
				break loop
			}
			w.ascii = false
			j += n
			continue
		}
		j++
	}
	w.end = j
	w.upper = w.ascii && capital && !small
	w.camel = w.ascii && capital && small && !w.apostrophe && j-i <= MaxTerm && humpEnd(s[i:j], 0) < j-i
	return w
}

// read folds a word into t.word.
func (t *tokenizer) read(s string, w shape) {
	if w.ascii {
		t.lower(s)
	} else {
		t.foldWord(s)
	}
	if w.apostrophe {
		t.word = trimApostrophes(t.word)
	}
}

// lower puts an ASCII word in lower case into t.word.
func (t *tokenizer) lower(s string) {
	if len(s) > MaxTerm {
		s = s[:MaxTerm]
	}
	t.word = t.word[:0]
	for i := range len(s) {
		c := s[i]
		if upper(c) {
			c += 'a' - 'A'
		}
		t.word = append(t.word, c)
	}
}

// foldWord folds a word of any script into t.word: compatibility decomposition, lower case, and no marks over
// Latin letters and digits. Apostrophes stay.
func (t *tokenizer) foldWord(s string) {
	if len(s) > maxRaw {
		n := maxRaw
		for !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	t.fold = norm.NFKD.AppendString(t.fold[:0], s)
	t.word = t.word[:0]
	bare := false // marks that follow are dropped
	for i := 0; i < len(t.fold); {
		r, n := utf8.DecodeRune(t.fold[i:])
		i += n
		switch {
		case unicode.IsMark(r):
			if bare || ignorable(r) {
				continue
			}
		case r == '\'' || r == '’':
			r = '\''
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) || r == 'ʼ':
			continue
		default:
			r = unicode.ToLower(r)
			bare = r < utf8.RuneSelf || unicode.Is(unicode.Latin, r)
		}
		fits := len(t.word)
		if plain := plainLetter(r); plain != "" {
			t.word = append(t.word, plain...)
		} else {
			t.word = utf8.AppendRune(t.word, r)
		}
		if len(t.word) > MaxTerm {
			t.word = t.word[:fits]
			return
		}
	}
}

// ignorable reports whether a mark has no meaning of its own.
func ignorable(r rune) bool {
	return r == '\u034f' || unicode.Is(unicode.Variation_Selector, r) // U+034F is the grapheme joiner
}

// trimApostrophes removes a final 's and then every apostrophe, in place.
func trimApostrophes(w []byte) []byte {
	if n := len(w); n >= 2 && w[n-2] == '\'' && w[n-1] == 's' {
		w = w[:n-2]
	}
	k := 0
	for _, c := range w {
		if c != '\'' {
			w[k] = c
			k++
		}
	}
	return w[:k]
}

// plainLetter returns what lower-case letters that have no decomposition are folded to, "" for all others.
func plainLetter(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'ħ':
		return "h"
	case 'ı':
		return "i"
	case 'þ':
		return "th"
	case 'ς':
		return "σ"
	}
	return ""
}

func asciiWord(c byte) bool {
	return lower(c) || upper(c) || '0' <= c && c <= '9'
}

func upper(c byte) bool { return 'A' <= c && c <= 'Z' }
func lower(c byte) bool { return 'a' <= c && c <= 'z' }

func startsWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// continuesWord reports whether r belongs to the word before it: letters, digits, marks, raised and lowered digits
// (H₂O), and format characters, which have no width (soft hyphens, joiners), but for the zero-width space.
func continuesWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) ||
		unicode.Is(unicode.Cf, r) && r != '\u200b' ||
		r == '²' || r == '³' || r == '¹' || '⁰' <= r && r <= '⁹' || '₀' <= r && r <= '₉'
}
