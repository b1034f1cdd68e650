package ragtest

import "github.com/quarry-go/quarry/rag/token"

// Counter tests a token counter on texts of many kinds and on the given ones.
func Counter(c token.Counter, texts ...string) error {
	var f faults
	texts = append([]string{
		"", " ", "a", "word", "Two words.", "日本語のテキスト", "emoji 👩\u200d👧 here", "\n\n\t", "<|endoftext|>", "e\u0301", "0123456789", "\xff\xfe", "naïve",
	}, texts...)
	if n := c.Count(""); n != 0 {
		f.add("the empty text has no tokens", "it has %d", n)
	}
	for _, a := range texts {
		n := same(&f, "a text has one count, from any goroutine", func() int { return c.Count(a) })
		if n < 0 {
			f.add("counts are not negative", "%q has %d", a, n)
		}
		for _, b := range texts {
			if joint, parts := c.Count(a+b), n+c.Count(b); joint > parts+1 {
				f.add("joining two texts adds one token at most", "%q and %q have %d, joined %d", a, b, parts, joint)
			}
		}
	}
	return f.err()
}
