package chunk

import (
	"fmt"
	"unicode/utf8"

	"github.com/quarry-go/quarry/rag/token"
)

// A unit measures text. Bytes and runes add up exactly; what another counter
// says of parts only estimates the whole, which is counted again.
type unit struct {
	kind    unitKind
	counter token.Counter // of other
}

type unitKind uint8

const (
	runes unitKind = iota
	bytes
	other
)

func unitOf(c token.Counter) unit {
	switch c.(type) {
	case nil, Runes:
		return unit{kind: runes}
	case token.Bytes:
		return unit{kind: bytes}
	}
	return unit{other, c}
}

// additive reports whether the sizes of parts add up to that of the whole.
func (u unit) additive() bool { return u.kind != other }

// count returns the exact size of s.
func (u unit) count(s string) int {
	switch u.kind {
	case runes:
		return utf8.RuneCountInString(s)
	case bytes:
		return len(s)
	}
	return u.counter.Count(s)
}

// lead returns the exact size of a prefix and the joint after it.
func (u unit) lead(prefix string) int {
	if u.additive() {
		return u.count(prefix) + u.count(joint)
	}
	return u.count(prefix + joint)
}

// part returns what text[from:to] adds to the size of the text around it.
// Tokenizers join a space with the word after it, so a space at either end
// counts for what follows.
func (u unit) part(text string, from, to int) int {
	if u.kind == other {
		if from > 0 && text[from-1] == ' ' {
			from--
		}
		if to < len(text) && to-1 > from && text[to-1] == ' ' {
			to--
		}
	}
	return u.count(text[from:to])
}

// bytes returns about how many bytes n units of prose take.
func (u unit) bytes(n int) int {
	if u.kind == other {
		return 4 * n
	}
	return n
}

// mayFit reports whether n bytes of text may be as small as size.
func (u unit) mayFit(n, size int) bool {
	switch u.kind {
	case runes:
		return n <= utf8.UTFMax*size
	case bytes:
		return n <= size
	}
	return n <= 16*size
}

// String names the unit for a fingerprint.
func (u unit) String() string {
	switch u.kind {
	case runes:
		return "runes"
	case bytes:
		return "bytes"
	}
	if s, ok := u.counter.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", u.counter)
}
