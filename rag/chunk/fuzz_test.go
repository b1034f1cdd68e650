package chunk_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/token"
)

// FuzzPacker cuts any text, with spans and options made of the other
// arguments, and checks every promise.
func FuzzPacker(f *testing.F) {
	for i, s := range []string{
		"", " \n\t", "one two. Three, four!\n\nFive\r\nsix", strings.Repeat("a", 500), strings.Repeat("\u0301", 300),
		"# Title\n\n## Part\n\ntext\n\n| a | b |\n|---|---|\n| c | d |\n", "漢字かな交じり文。改行、なし。「引用。」", strings.Repeat("👨‍👩‍👧‍👦", 20), strings.Repeat("🇩🇪", 41),
		strings.Repeat("क्ष", 50), "x\x00y", "\xff\xfe", strings.Repeat(" ", 400) + "x" + strings.Repeat("\n", 400), "\r\r\n\n\r", "a\u2028b\u2029c",
	} {
		f.Add(s, uint64(i), uint8(i), uint16(3*i), uint16(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64, spans uint8, size, overlap uint16) {
		text = strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "")
		r := rand.New(rand.NewPCG(seed, 2))
		o := &chunk.Options{Size: 1 + int(size)%3000, MaxPrefix: []float64{0, -1, .7}[seed%3]}
		o.Overlap = int(overlap) % o.Size
		o.Counter = []token.Counter{nil, token.Bytes{}, words, token.Estimate{}}[seed/3%4]
		d := loaders.Document{ID: "d", Title: "Title", Text: text, Spans: randomSpans(r, text, int(spans)%20)}
		check(t, o, d, cut(t, o, d))
	})
}
