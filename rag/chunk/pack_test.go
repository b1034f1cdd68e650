package chunk_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/token"
)

// cut returns the pieces of d, or fails the test.
func cut(t testing.TB, o *chunk.Options, d loaders.Document) []chunk.Piece {
	t.Helper()
	p, err := chunk.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var pieces []chunk.Piece
	for piece, err := range p.Chunk(context.Background(), d) {
		if err != nil {
			t.Fatal(err)
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// check fails the test unless pieces keep every promise of the package.
func check(t testing.TB, o *chunk.Options, d loaders.Document, pieces []chunk.Piece) {
	t.Helper()
	counter := o.Counter
	if counter == nil {
		counter = chunk.Runes{}
	}
	borders := map[int]bool{0: true, len(d.Text): true}
	for it := graphemes.FromString(d.Text); it.Next(); {
		borders[it.End()] = true
	}
	cluster := func(i int) string { // the grapheme cluster around i
		a, b := i, i
		for !borders[a] {
			a--
		}
		for !borders[b] {
			b++
		}
		return d.Text[a:b]
	}
	sections := map[int]bool{}
	for _, s := range d.Spans {
		if s.Kind == loaders.Heading {
			sections[s.Start] = true
		}
	}
	covered := 0
	for i, p := range pieces {
		if p.Start < 0 || p.End <= p.Start || p.End > len(d.Text) {
			t.Fatalf("piece %d is [%d:%d] of %d bytes", i, p.Start, p.End, len(d.Text))
		}
		text := d.Text[p.Start:p.End]
		if !utf8.ValidString(text) || !utf8.ValidString(p.Prefix) || strings.ContainsRune(p.Prefix, 0) {
			t.Fatalf("piece %d cuts UTF-8: %q %q", i, p.Prefix, text)
		}
		if strings.TrimSpace(text) == "" {
			t.Fatalf("piece %d [%d:%d] is white space", i, p.Start, p.End)
		}
		for _, at := range []int{p.Start, p.End} {
			if !borders[at] && counter.Count(cluster(at)) <= o.Size {
				t.Fatalf("piece %d [%d:%d] cuts the grapheme cluster %q at %d", i, p.Start, p.End, cluster(at), at)
			}
		}
		if n := counter.Count(chunk.Join(p.Prefix, text)); n > o.Size && utf8.RuneCountInString(text) > 1 {
			t.Fatalf("piece %d [%d:%d] has size %d over %d: %q %q", i, p.Start, p.End, n, o.Size, p.Prefix, text)
		}
		if i > 0 {
			before := pieces[i-1]
			if p.Start <= before.Start || p.End <= before.End {
				t.Fatalf("piece %d [%d:%d] after [%d:%d]", i, p.Start, p.End, before.Start, before.End)
			}
			if p.Start < before.End {
				shared := d.Text[p.Start:before.End]
				if n := counter.Count(shared); n > o.Overlap {
					t.Fatalf("piece %d repeats %d units, over %d", i, n, o.Overlap)
				}
			}
		}
		if p.Start > covered && strings.TrimSpace(d.Text[covered:p.Start]) != "" {
			t.Fatalf("nothing covers %q before piece %d", d.Text[covered:p.Start], i)
		}
		covered = p.End
		for j, m := range p.Marks {
			if j > 0 && m.Start < p.Marks[j-1].Start {
				t.Fatalf("piece %d: marks out of order", i)
			}
			if m.Start >= p.End || m.End <= p.Start {
				t.Fatalf("piece %d [%d:%d]: mark %s [%d:%d] does not overlap it", i, p.Start, p.End, m.Kind, m.Start, m.End)
			}
		}
	}
	if strings.TrimSpace(d.Text[covered:]) != "" {
		t.Fatalf("nothing covers the end %q", d.Text[covered:])
	}
}

// words counts as a tokenizer might: a token for every four bytes of a word,
// and every other character one, with the space before it.
var words = token.Func(func(s string) int {
	n, run := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			if run%4 == 0 {
				n++
			}
			run++
			continue
		}
		run = 0
		if r != ' ' {
			n++
		}
	}
	return n
})

// parts are what random texts are made of.
var parts = []string{
	"word", "another", " ", " ", " ", "\n", "\n\n", ". ", ", ", "! ", "\r\n", "\t", "e\u0301", "\u0301", "漢字", "。", "，", "한국어", "ไทยกำ",
	"क्षि", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "\u200d", "x", "e.g. ", "Mr. ", "\u3000", "” ", "a_very_long_identifier_without_any_space", "\u2029", "ﷺ", "\ufeff",
}

func randomText(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// randomSpans returns valid spans of text: nested, touching, overlapping, empty.
func randomSpans(r *rand.Rand, text string, n int) []loaders.Span {
	kinds := []loaders.SpanKind{loaders.Heading, loaders.Heading, loaders.Page, loaders.Table, loaders.Row, loaders.List, loaders.Code, loaders.Symbol, loaders.Link, "own"}
	at := func() int {
		i := r.IntN(len(text) + 1)
		for i < len(text) && !utf8.RuneStart(text[i]) {
			i--
		}
		return i
	}
	var spans []loaders.Span
	for range n {
		a, b := at(), at()
		if a > b {
			a, b = b, a
		}
		kind := kinds[r.IntN(len(kinds))]
		if kind == loaders.Heading && r.IntN(8) > 0 {
			for b = a; b < len(text) && b < a+10; b++ {
			}
			for b < len(text) && !utf8.RuneStart(text[b]) {
				b++
			}
		}
		spans = append(spans, loaders.Span{Kind: kind, Start: a, End: b, Level: r.IntN(12) - 1, Label: fmt.Sprintf("label %d\x00\xff", r.IntN(3)), Anchor: "a"})
	}
	loaders.SortSpans(spans)
	return spans
}

func randomOptions(r *rand.Rand) *chunk.Options {
	o := &chunk.Options{Size: 1 + r.IntN(60)}
	if r.IntN(4) == 0 {
		o.Size += r.IntN(2000)
	}
	if r.IntN(2) == 0 {
		o.Overlap = r.IntN(o.Size)
	}
	o.MaxPrefix = []float64{0, -1, .1, .9}[r.IntN(4)]
	o.Counter = []token.Counter{nil, token.Bytes{}, words, token.Estimate{}}[r.IntN(4)]
	return o
}

func TestPromisesHoldOnRandomDocuments(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		text := randomText(r, r.IntN(300))
		d := loaders.Document{ID: "d", Title: []string{"", "A title", strings.Repeat("long ", 200)}[r.IntN(3)], Text: text, Spans: randomSpans(r, text, r.IntN(12))}
		o := randomOptions(r)
		before := d.Clone()
		pieces := cut(t, o, d)
		if t.Failed() {
			return
		}
		func() {
			defer func() {
				if t.Failed() {
					t.Logf("seed %d, options %+v", seed, *o)
				}
			}()
			check(t, o, d, pieces)
		}()
		if !reflect.DeepEqual(before, d) {
			t.Fatalf("seed %d: the document was changed", seed)
		}
		if again := cut(t, o, d.Clone()); !reflect.DeepEqual(pieces, again) {
			t.Fatalf("seed %d: cut differently the second time", seed)
		}
	}
}
