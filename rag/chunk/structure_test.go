package chunk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/token"
	"github.com/quarry-go/quarry/store"
)

// A builder makes a document of marked pieces of text.
type builder struct {
	strings.Builder
	spans []loaders.Span
}

func (b *builder) add(kind loaders.SpanKind, level int, text string) *builder {
	start := b.Len()
	b.WriteString(text)
	label := ""
	if kind == loaders.Heading || kind == loaders.Symbol {
		label = strings.TrimSpace(text)
	}
	if kind != "" {
		b.spans = append(b.spans, loaders.Span{Kind: kind, Start: start, End: b.Len(), Level: level, Label: label, Anchor: strings.ToLower(label)})
	}
	return b
}

func (b *builder) heading(level int, text string) *builder {
	b.WriteString(strings.Repeat("#", level) + " ")
	b.add(loaders.Heading, level, text)
	b.WriteString("\n\n")
	return b
}

// prose adds a paragraph of n bytes in sentences of 40.
func (b *builder) prose(n int) *builder {
	for n > 40 {
		b.WriteString("This sentence has forty bytes, or so it. ")
		n -= 40
	}
	b.WriteString(strings.Repeat("x", max(n-3, 0)) + ".\n\n")
	return b
}

func (b *builder) document() loaders.Document {
	loaders.SortSpans(b.spans)
	return loaders.Document{ID: "d", Text: b.String(), Spans: b.spans}
}

// texts returns the first words of each piece.
func starts(d loaders.Document, pieces []chunk.Piece) (list []string) {
	for _, p := range pieces {
		s, _, _ := strings.Cut(strings.TrimLeft(d.Text[p.Start:p.End], "# "), "\n")
		list = append(list, s[:min(len(s), 12)])
	}
	return list
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestSections(t *testing.T) {
	o := &chunk.Options{Size: 1000, MaxPrefix: -1}
	t.Run("one piece each", func(t *testing.T) {
		d := new(builder).heading(1, "One").prose(600).heading(1, "Two").prose(600).heading(1, "Three").prose(600).document()
		same(t, starts(d, cut(t, o, d)), "One", "Two", "Three")
	})
	t.Run("short ones together", func(t *testing.T) {
		d := new(builder).heading(2, "One").prose(200).heading(2, "Two").prose(200).heading(2, "Three").prose(900).heading(2, "Four").prose(900).document()
		same(t, starts(d, cut(t, o, d)), "One", "Three", "Four")
	})
	t.Run("not over the parent's end", func(t *testing.T) {
		d := new(builder).heading(1, "A").prose(800).heading(2, "A1").prose(200).heading(1, "B").prose(200).heading(2, "B1").prose(500).document()
		same(t, starts(d, cut(t, o, d)), "A", "A1", "B")
	})
	t.Run("a heading stays with its text", func(t *testing.T) {
		d := new(builder).prose(700).heading(1, "A").heading(2, "A1").heading(3, "A11").prose(1100).document()
		same(t, starts(d, cut(t, o, d)), "This sentenc", "A", "This sentenc")
	})
	t.Run("a heading stays with its text over a page's end", func(t *testing.T) {
		b := new(builder).prose(700).heading(1, "A")
		at := b.Len()
		b.prose(900)
		b.spans = append(b.spans, loaders.Span{Kind: loaders.Page, End: at}, loaders.Span{Kind: loaders.Page, Start: at, End: b.Len()})
		d := b.document()
		same(t, starts(d, cut(t, o, d)), "This sentenc", "A")
	})
	t.Run("long ones in parts that are not small", func(t *testing.T) {
		d := new(builder).heading(1, "A").prose(1050).heading(1, "B").prose(900).document()
		pieces := cut(t, o, d)
		same(t, starts(d, pieces), "A", "This sentenc", "B")
		if n := pieces[1].End - pieces[1].Start; n < 200 {
			t.Errorf("the rest of a section has %d bytes", n)
		}
	})
}

// Blocks that fit are never cut, whatever is around them.
func TestBlocksStayWhole(t *testing.T) {
	for _, kind := range []loaders.SpanKind{loaders.Table, loaders.Code, loaders.List, loaders.Symbol} {
		for before := range 40 {
			body := "row one\n\nrow two. And more.\n" + strings.Repeat("row with words, and more\n\n", 15)
			b := new(builder).prose(40 * before)
			at := b.Len()
			d := b.add(kind, 1, body).prose(900).document()
			pieces := cut(t, &chunk.Options{Size: 600, MaxPrefix: -1, Overlap: 30}, d)
			whole := false
			for _, p := range pieces {
				whole = whole || p.Start <= at && at+len(body) <= p.End
			}
			if !whole {
				t.Fatalf("%s of %d bytes at %d is cut: %+v", kind, len(body), at, pieces)
			}
		}
	}
}

// A block that does not fit is cut at its own borders.
func TestLongBlocksAreCutBetweenParts(t *testing.T) {
	b := new(builder)
	for range 5 {
		b.add(loaders.Symbol, 0, "func f() {\n\n"+strings.Repeat("\tcall()\n", 20)+"}\n")
	}
	b.spans = append(b.spans, loaders.Span{Kind: loaders.Symbol, End: b.Len(), Label: "type"})
	d := b.document()
	for _, p := range cut(t, &chunk.Options{Size: 400, MaxPrefix: -1}, d) {
		if !strings.HasPrefix(d.Text[p.Start:p.End], "func") {
			t.Errorf("a piece begins with %.20q", d.Text[p.Start:])
		}
	}
}

func TestNaturalBorders(t *testing.T) {
	for _, c := range []struct {
		text string
		size int
		want []string
	}{
		{"Mr. A. Smith met Dr. No. He left.", 26, []string{"Mr. A. Smith met Dr. No. ", "He left."}},
		{"One, two (three.) Four five six", 20, []string{"One, two (three.) ", "Four five six"}},
		{"A line. And\nMore of it: x\nthird one", 27, []string{"A line. And\nMore of it: x\n", "third one"}},
		{"文が終わる。「次」。また次の文が来る", 12, []string{"文が終わる。「次」。", "また次の文が来る"}},
		{"    indented\n\n    again", 16, []string{"    indented\n\n", "    again"}},
		{"e\u0301e\u0301e\u0301e\u0301", 5, []string{"e\u0301e\u0301", "e\u0301e\u0301"}},
		{"one\r\n\r\ntwo three", 11, []string{"one\r\n\r\n", "two three"}},
	} {
		d := loaders.Document{ID: "d", Text: c.text}
		var got []string
		for _, p := range cut(t, &chunk.Options{Size: c.size}, d) {
			got = append(got, d.Text[p.Start:p.End])
		}
		same(t, got, c.want...)
	}
}

func TestPrefix(t *testing.T) {
	d := new(builder).heading(1, "Statements").prose(300).heading(2, "Defer").prose(700).heading(2, "Go").prose(100).document()
	d.Title = "Language  Specification"
	prefixes := func(o *chunk.Options) (list []string) {
		for _, p := range cut(t, o, d) {
			list = append(list, p.Prefix)
		}
		return list
	}
	const title = "Language Specification"
	same(t, prefixes(&chunk.Options{Size: 500}), title, title+" > Statements", title+" > Statements > Defer", title+" > Statements")
	same(t, prefixes(&chunk.Options{Size: 500, MaxPrefix: .08}), title, title+" > Statements", title+" > Defer", title+" > Statements")
	same(t, prefixes(&chunk.Options{Size: 500, MaxPrefix: .05}), title, "Language > Statements", "Language > Defer", "Language > Statements")
	same(t, prefixes(&chunk.Options{Size: 500, MaxPrefix: -1}), "", "", "", "")
}

func TestMarks(t *testing.T) {
	b := new(builder)
	b.heading(1, "A").prose(300).heading(2, "A1").prose(300)
	first := b.Len()
	b.heading(1, "B").prose(300)
	b.spans = append(b.spans,
		loaders.Span{Kind: loaders.Page, End: first, Label: "i", Anchor: "page=1"},
		loaders.Span{Kind: loaders.Page, Start: first, End: b.Len(), Label: "ii", Anchor: "page=2"},
		loaders.Span{Kind: loaders.Link, Start: first + 10, End: first + 20})
	d := b.document()
	var got []string
	for _, p := range cut(t, &chunk.Options{Size: 350}, d) {
		var names []string
		for _, m := range p.Marks {
			names = append(names, m.Kind+" "+m.Label)
		}
		got = append(got, strings.Join(names, ", "))
		for _, m := range p.Marks {
			if m.Label == "A1" && (m.End != first || m.Level != 2 || m.Anchor != "a1") || m.Label == "A" && m.End != first {
				t.Errorf("mark %+v; the section ends at %d", m, first)
			}
		}
	}
	same(t, got, "page i, heading A", "page i, heading A, heading A1", "page ii, heading B")
}

// However much structure a piece overlaps, its marks are few.
func TestMarksAreBounded(t *testing.T) {
	b := new(builder)
	for range 500 {
		b.add(loaders.Row, 0, "r\n")
	}
	for i := range 200 {
		b.spans = append(b.spans, loaders.Span{Kind: loaders.Symbol, Start: 0, End: b.Len() - i})
	}
	d := b.document()
	for _, p := range cut(t, &chunk.Options{Size: 300}, d) {
		if n := len(p.Marks); n > 40 {
			t.Errorf("%d marks", n)
		}
	}
}

// Every piece repeats the end of the one before, as far as the size of
// grapheme clusters allows, and not across sections.
func TestOverlapIsReal(t *testing.T) {
	d := new(builder).heading(1, "A").prose(3000).heading(1, "B").prose(3000).document()
	borders := map[int]bool{}
	for _, s := range d.Spans {
		borders[s.Start-2] = true
	}
	for _, overlap := range []int{1, 2, 5, 20, 100, 250, 499} {
		pieces := cut(t, &chunk.Options{Size: 500, Overlap: overlap}, d)
		least := overlap / 2
		if overlap > 250 {
			least = 1 // another piece must still get on
		}
		for i, p := range pieces[1:] {
			shared := pieces[i].End - p.Start
			if borders[pieces[i].End] {
				if shared != 0 {
					t.Errorf("overlap %d: %d bytes shared across sections", overlap, shared)
				}
				continue
			}
			if shared < max(least, 1) || shared > overlap {
				t.Errorf("overlap %d: piece %d shares %d bytes", overlap, i+1, shared)
			}
		}
	}
}

func TestOptionsThatContradict(t *testing.T) {
	for _, o := range []*chunk.Options{
		{Size: -1}, {Counter: token.Bytes{}}, {Size: 10, Overlap: 10}, {Overlap: -1}, {MaxPrefix: 1},
	} {
		if _, err := chunk.New(o); !errors.Is(err, chunk.ErrOptions) {
			t.Errorf("%+v: error %v, want ErrOptions", *o, err)
		}
	}
	a, _ := chunk.New(nil)
	b, _ := chunk.New(&chunk.Options{Size: chunk.DefaultSize, MaxPrefix: chunk.DefaultMaxPrefix})
	c, _ := chunk.New(&chunk.Options{Size: 100})
	if a.Fingerprint() != b.Fingerprint() || a.Fingerprint() == c.Fingerprint() || a.Fingerprint() == "" {
		t.Errorf("fingerprints %q %q %q", a.Fingerprint(), b.Fingerprint(), c.Fingerprint())
	}
}

func TestErrorsOfDocumentsAndContexts(t *testing.T) {
	p, err := chunk.New(&chunk.Options{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []loaders.Document{
		{ID: "d", Text: "a\xff"},
		{ID: "d", Text: "ab", Spans: []loaders.Span{{Kind: "page", End: 3}}},
	} {
		for _, err := range p.Chunk(t.Context(), d) {
			if !errors.Is(err, loaders.ErrInvalid) {
				t.Errorf("error %v, want ErrInvalid", err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range p.Chunk(ctx, loaders.Document{ID: "d", Text: strings.Repeat("word ", 100)}) {
		if n++; n == 3 {
			cancel()
		}
		if n > 3 && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want Canceled", err)
		}
	}
	if n != 4 {
		t.Errorf("%d pairs, want 4", n)
	}
}

// Labels that no store takes do not reach it.
func TestMarksAndPrefixesCanBeStored(t *testing.T) {
	d := loaders.Document{ID: "d", Text: "head\ntext", Spans: []loaders.Span{{Kind: loaders.Heading, End: 4, Level: 1, Label: "a\x00b\xff\nc", Anchor: "\xff"}}}
	for _, p := range cut(t, &chunk.Options{Size: 5, MaxPrefix: .9}, d) {
		c := store.Change{Upsert: []store.Chunk{{ID: "c", DocID: "d", Text: d.Text[p.Start:p.End], Start: p.Start, End: p.End, Prefix: p.Prefix, Marks: p.Marks}}}
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// An edit changes the pieces around it; those farther on are cut as before.
func TestEditsChangeFewPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for range 400 {
		for range 1 + r.IntN(6) {
			for range 4 + r.IntN(12) {
				fmt.Fprintf(&b, "w%d ", r.IntN(5000))
			}
			b.WriteString("end. ")
		}
		b.WriteString("\n\n")
	}
	text := b.String()
	o := &chunk.Options{Size: 1000}
	known := map[string]bool{}
	for _, p := range cut(t, o, loaders.Document{ID: "d", Text: text}) {
		known[text[p.Start:p.End]] = true
	}
	const edits = 100
	changed := 0
	for range edits {
		at := r.IntN(len(text) / 2)
		at += strings.IndexByte(text[at:], ' ')
		edited := text[:at] + " some words put in" + text[at:]
		for _, p := range cut(t, o, loaders.Document{ID: "d", Text: edited}) {
			if !known[edited[p.Start:p.End]] {
				changed++
			}
		}
	}
	if mean := float64(changed) / edits; mean > 4 {
		t.Errorf("an edit changes %.2f of %d pieces", mean, len(known))
	} else {
		t.Logf("an edit changes %.2f of %d pieces", mean, len(known))
	}
}
