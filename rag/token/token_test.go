package token_test

import (
	"strings"
	"testing"

	"github.com/quarry-go/quarry/rag/token"
)

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		counter token.Counter
		text    string
		want    int
	}{
		{token.Bytes{}, "", 0},
		{token.Bytes{}, "a漢", 4},
		{token.Estimate{}, "", 0},
		{token.Estimate{}, "a", 1},
		{token.Estimate{}, "abcd", 1},
		{token.Estimate{}, "abcde", 2},
		{token.Estimate{}, "漢字", 2},
		{token.Estimate{}, "ab漢字cd", 3},
		{token.Func(func(s string) int { return strings.Count(s, " ") }), "a b c", 2},
	} {
		if got := c.counter.Count(c.text); got != c.want {
			t.Errorf("%T of %q: %d, want %d", c.counter, c.text, got, c.want)
		}
	}
}

// The promises of Counter.
func FuzzCounter(f *testing.F) {
	f.Add("The quick ", "brown fox.")
	f.Add("漢", "字 and")
	f.Add("\xe6\xbc", "\xa2")
	f.Add("", "\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, c := range []token.Counter{token.Bytes{}, token.Estimate{}} {
			na, nb, joined := c.Count(a), c.Count(b), c.Count(a+b)
			if na < 0 || (a == "") != (na == 0) {
				t.Errorf("%T of %q: %d", c, a, na)
			}
			if joined > na+nb+1 {
				t.Errorf("%T of %q and %q: %d, joined %d", c, a, b, na+nb, joined)
			}
			if joined != c.Count(a+b) {
				t.Errorf("%T of %q changes", c, a+b)
			}
		}
	})
}
