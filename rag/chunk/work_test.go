package chunk

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/token"
)

// What alone says of characters one by one holds between any two of them.
func TestAlone(t *testing.T) {
	count := func(s string) (n int) {
		for it := graphemes.FromString(s); it.Next(); n++ {
		}
		return n
	}
	n := 0
	for r := range rune(utf8.MaxRune + 1) {
		if !utf8.ValidRune(r) || !alone(r) {
			continue
		}
		n++
		s := string(r)
		for _, text := range []string{"a" + s + "a", s + s + s, "漢" + s + "漢", "한" + s + "한"} {
			if count(text) != 3 {
				t.Fatalf("%U joins its neighbours in %q", r, text)
			}
		}
	}
	if n < 30000 {
		t.Errorf("only %d characters", n)
	}
	for r := rune(0x4E00); r <= 0x9FFF; r++ {
		if s := string(r); !isHan(s, 0) || count("a"+s+s) != 3 {
			t.Fatalf("%U is no Han character of its own", r)
		}
	}
	for _, r := range "一〇가ｱ々㐀" {
		if s := string(r); isHan(s, 0) != (0x4E00 <= r && r <= 0x9FFF) {
			t.Errorf("isHan(%q)", r)
		}
	}
}

// Work grows with the length of the text and no faster, whatever is in it:
// what counters and the rules for graphemes read, and what is allocated.
func TestWorkIsLinear(t *testing.T) {
	for name, unit := range map[string]string{
		"letters":  "a",
		"spaces":   " ",
		"lines":    "\n",
		"returns":  "\r",
		"marks":    "\u0301",
		"joiners":  "👩\u200d",
		"flags":    "🇩",
		"hindi":    "क्",
		"stops":    ". ",
		"closers":  "”",
		"wide":     "。",
		"han":      "漢",
		"prose":    "Some words, and more of them. ",
		"headings": "# h\n",
		"blocks":   "x \n",
	} {
		for _, o := range []Options{{Size: 1}, {Size: 100}, {Size: 1000, Overlap: 200}, {Size: 300, Overlap: 5}, {Size: 40, Overlap: 20}} {
			for _, counted := range []bool{false, true} {
				work := func(n int) (read, allocs float64) {
					text := "a" + strings.Repeat(unit, n/len(unit))
					d := loaders.Document{ID: "d", Title: "Title", Text: text}
					for i := 0; i+len(unit) < len(text); i += len(unit) {
						switch name {
						case "headings":
							d.Spans = append(d.Spans, loaders.Span{Kind: loaders.Heading, Start: i + 1, End: i + 4, Level: 1 + i%3, Label: "h"})
						case "blocks":
							d.Spans = append(d.Spans, loaders.Span{Kind: loaders.Code, Start: i + 1, End: min(i+100, len(text))})
						}
					}
					o := o
					bytes := 0
					if counted {
						o.Counter = token.Func(func(s string) int {
							bytes += len(s)
							return utf8.RuneCountInString(s)
						})
					}
					p, err := New(&o)
					if err != nil {
						t.Fatal(err)
					}
					run := func() {
						bytes = 0
						k := newPacking(p, &d)
						for {
							if _, ok := k.next(); !ok {
								break
							}
						}
						bytes += k.scan.read
					}
					allocs = testing.AllocsPerRun(1, run)
					return float64(bytes), allocs
				}
				const n = 4000
				read, allocs := work(n)
				read4, allocs4 := work(4 * n)
				if read4 > 5*read+4*n || allocs4 > 5*allocs+100 {
					t.Errorf("%s, size %d, overlap %d, counted %v: %d bytes read %.0f and allocate %.0f times, four times as many %.0f and %.0f",
						name, o.Size, o.Overlap, counted, n, read, allocs, read4, allocs4)
				}
				if limit := 60.0 * n; read > limit && o.Size > 1 {
					t.Errorf("%s, size %d, overlap %d, counted %v: %d bytes read %.0f", name, o.Size, o.Overlap, counted, n, read)
				}
			}
		}
	}
}
