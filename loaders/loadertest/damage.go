package loadertest

import (
	"bytes"
	"math/rand/v2"
	"slices"
)

// noise is what breaks parsers: ends of strings, of numbers and of encodings.
var noise = []string{"\x00", "\xff", "\xff\xfe", "\xef\xbb\xbf", "\xc3", "\r\n", "\r", "<", ">", "</", "<!--", "&#", "&#x110000;", "\"", "'", "`", "```\n",
	"{", "}", "(", "((((((((", "[[[[[[[[", "<<", ">>", "endobj", "stream\n", "/", "\\", "/*", "*/", "//", "#", "# ", "---\n", "|", "\t", "\u202e", "\u0301", "é",
	"-1", "0", "99999999999999999999", "4294967295", "%", "%%EOF", "\n\n\n", "    ", ";", "=", "\x1b$B", "\u2028"}

// damage returns a copy of b with a few of its bytes changed: cut, moved,
// doubled, flipped, mixed with noise or with a part of other.
func damage(r *rand.Rand, b, other []byte) []byte {
	b = slices.Clone(b)
	for range 1 + r.IntN(6) {
		i := r.IntN(len(b) + 1)
		j := i + r.IntN(min(len(b)-i, 1+1<<r.IntN(12))+1)
		switch r.IntN(9) {
		case 0:
			b = b[:i]
		case 1:
			b = b[i:]
		case 2:
			b = slices.Delete(b, i, j)
		case 3:
			b = slices.Insert(b, i, bytes.Clone(b[i:j])...)
		case 4:
			b = slices.Insert(b, i, []byte(noise[r.IntN(len(noise))])...)
		case 5:
			for range 1 + r.IntN(8) {
				if len(b) > 0 {
					b[r.IntN(len(b))] ^= 1 << r.IntN(8)
				}
			}
		case 6:
			for k := i; k < j; k++ {
				b[k] = byte(r.Uint32())
			}
		case 7:
			b = slices.Insert(b, i, bytes.Repeat([]byte(noise[r.IntN(len(noise))]), 1+r.IntN(300))...)
		case 8:
			if len(other) > 0 {
				from := r.IntN(len(other))
				b = append(b[:i:i], other[from:]...)
			}
		}
	}
	return b
}
