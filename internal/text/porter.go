package text

import "bytes"

// stem reduces a word of the letters a to z to its stem, in place, and returns any other word as it is. It is the
// algorithm of M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, as published there: without
// the departures of his later implementations.
func stem(w []byte) []byte {
	if len(w) <= 2 {
		return w
	}
	for _, c := range w {
		if c < 'a' || c > 'z' {
			return w
		}
	}
	s := stemmer(w)
	s.plurals()
	s.participles()
	s.finalY()
	s.doubleSuffixes()
	s.simpleSuffixes()
	s.bareSuffixes()
	s.finalE()
	return s
}

// A stemmer is the word in hand.
type stemmer []byte

// consonant reports whether s[i] is a consonant: not a vowel, and not a y after a consonant.
func (s stemmer) consonant(i int) bool {
	switch s[i] {
	case 'a', 'e', 'i', 'o', 'u':
		return false
	case 'y':
		return i == 0 || !s.consonant(i-1)
	}
	return true
}

// measure counts the changes from vowels to consonants in s[:n], but no further than two, which is all that any rule
// asks for.
func (s stemmer) measure(n int) int {
	m, vowel := 0, false
	for i := 0; i < n; i++ {
		c := true
		switch s[i] {
		case 'a', 'e', 'i', 'o', 'u':
			c = false
		case 'y':
			c = i == 0 || vowel
		}
		if c && vowel {
			if m++; m == 2 {
				return m
			}
		}
		vowel = !c
	}
	return m
}

// vowel reports whether s[:n] has a vowel.
func (s stemmer) vowel(n int) bool {
	for i := range n {
		if !s.consonant(i) {
			return true
		}
	}
	return false
}

// double reports whether s[:n] ends with two equal consonants.
func (s stemmer) double(n int) bool {
	return n >= 2 && s[n-1] == s[n-2] && s.consonant(n-1)
}

// short reports whether s[:n] ends consonant, vowel, consonant, the last not w, x or y.
func (s stemmer) short(n int) bool {
	if n < 3 || !s.consonant(n-1) || s.consonant(n-2) || !s.consonant(n-3) {
		return false
	}
	c := s[n-1]
	return c != 'w' && c != 'x' && c != 'y'
}

func (s stemmer) has(suffix string) bool {
	n := len(s) - len(suffix)
	return n >= 0 && string(s[n:]) == suffix
}

// rule replaces suffix, when s has it and the stem before it measures more than m, and reports whether s had it.
// No replacement is longer than its suffix.
func (s *stemmer) rule(suffix, to string, m int) bool {
	if !s.has(suffix) {
		return false
	}
	if n := len(*s) - len(suffix); s.measure(n) > m {
		*s = append((*s)[:n], to...)
	}
	return true
}

// plurals is step 1a.
func (s *stemmer) plurals() {
	n := len(*s)
	switch {
	case !s.has("s") || s.has("ss"):
	case s.has("sses"), s.has("ies"):
		*s = (*s)[:n-2]
	default:
		*s = (*s)[:n-1]
	}
}

// participles is step 1b. What it removes is longer than what it adds.
func (s *stemmer) participles() {
	n := len(*s)
	switch {
	case s.has("eed"):
		if s.measure(n-3) > 0 {
			*s = (*s)[:n-1]
		}
		return
	case s.has("ed") && s.vowel(n-2):
		n -= 2
	case s.has("ing") && s.vowel(n-3):
		n -= 3
	default:
		return
	}
	*s = (*s)[:n]
	switch {
	case s.has("at"), s.has("bl"), s.has("iz"):
		*s = append(*s, 'e')
	case s.double(n):
		if c := (*s)[n-1]; c != 'l' && c != 's' && c != 'z' {
			*s = (*s)[:n-1]
		}
	case s.measure(n) == 1 && s.short(n):
		*s = append(*s, 'e')
	}
}

// finalY is step 1c.
func (s stemmer) finalY() {
	if n := len(s) - 1; s.has("y") && s.vowel(n) {
		s[n] = 'i'
	}
}

// doubleSuffixes is step 2. As in all the steps below, the longest suffix that fits is the one that counts; the
// letter before the last tells most of them apart.
func (s *stemmer) doubleSuffixes() {
	n := len(*s)
	if n < 3 {
		return
	}
	switch (*s)[n-2] {
	case 'a':
		_ = s.rule("ational", "ate", 0) || s.rule("tional", "tion", 0)
	case 'c':
		_ = s.rule("enci", "ence", 0) || s.rule("anci", "ance", 0)
	case 'e':
		s.rule("izer", "ize", 0)
	case 'l':
		_ = s.rule("abli", "able", 0) || s.rule("alli", "al", 0) || s.rule("entli", "ent", 0) ||
			s.rule("eli", "e", 0) || s.rule("ousli", "ous", 0)
	case 'o':
		_ = s.rule("ization", "ize", 0) || s.rule("ation", "ate", 0) || s.rule("ator", "ate", 0)
	case 's':
		_ = s.rule("alism", "al", 0) || s.rule("iveness", "ive", 0) || s.rule("fulness", "ful", 0) ||
			s.rule("ousness", "ous", 0)
	case 't':
		_ = s.rule("aliti", "al", 0) || s.rule("iviti", "ive", 0) || s.rule("biliti", "ble", 0)
	}
}

// simpleSuffixes is step 3.
func (s *stemmer) simpleSuffixes() {
	switch (*s)[len(*s)-1] {
	case 'e':
		_ = s.rule("icate", "ic", 0) || s.rule("ative", "", 0) || s.rule("alize", "al", 0)
	case 'i':
		s.rule("iciti", "ic", 0)
	case 'l':
		_ = s.rule("ical", "ic", 0) || s.rule("ful", "", 0)
	case 's':
		s.rule("ness", "", 0)
	}
}

// bareSuffixes is step 4.
func (s *stemmer) bareSuffixes() {
	n := len(*s)
	if n < 3 {
		return
	}
	switch (*s)[n-2] {
	case 'a':
		s.rule("al", "", 1)
	case 'c':
		_ = s.rule("ance", "", 1) || s.rule("ence", "", 1)
	case 'e':
		s.rule("er", "", 1)
	case 'i':
		s.rule("ic", "", 1)
	case 'l':
		_ = s.rule("able", "", 1) || s.rule("ible", "", 1)
	case 'n':
		_ = s.rule("ant", "", 1) || s.rule("ement", "", 1) || s.rule("ment", "", 1) || s.rule("ent", "", 1)
	case 'o':
		if bytes.HasSuffix(*s, []byte("sion")) || bytes.HasSuffix(*s, []byte("tion")) {
			s.rule("ion", "", 1)
			return
		}
		s.rule("ou", "", 1)
	case 's':
		s.rule("ism", "", 1)
	case 't':
		_ = s.rule("ate", "", 1) || s.rule("iti", "", 1)
	case 'u':
		s.rule("ous", "", 1)
	case 'v':
		s.rule("ive", "", 1)
	case 'z':
		s.rule("ize", "", 1)
	}
}

// finalE is step 5: a final e, and one of a final double l.
func (s *stemmer) finalE() {
	n := len(*s)
	if s.has("e") {
		if m := s.measure(n - 1); m > 1 || m == 1 && !s.short(n-1) {
			n--
			*s = (*s)[:n]
		}
	}
	if n > 1 && (*s)[n-1] == 'l' && s.double(n) && s.measure(n) > 1 {
		*s = (*s)[:n-1]
	}
}
