package assemble

import (
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/internal/sentence"
	"github.com/quarry-go/quarry/internal/text"
	"github.com/quarry-go/quarry/store"
)

// A focus finds the sentence that a question is about.
type focus struct {
	analyzer text.Analyzer
	terms    map[string]int // term of the question -> its number
}

func newFocus(question string) *focus {
	f := &focus{terms: map[string]int{}}
	for t := range f.analyzer.Terms(question) {
		if _, ok := f.terms[string(t)]; !ok {
			f.terms[string(t)] = len(f.terms)
		}
	}
	return f
}

// best returns the byte range of the sentence of p's text with the greatest
// weight of distinct question terms; a term weighs ln(1 + n/df) over the n
// sentences, so that one which is everywhere decides little. The first of
// equals wins, and a heading only where there is nothing else. The range is
// empty for a text without sentences.
func (f *focus) best(p *Passage) (start, end int) {
	type span struct {
		start, end int
		terms      []int
	}
	var spans []span
	df := make([]int, len(f.terms))
	var seen []int // the terms of all spans, each once a span
	for a, b := range bodies(p) {
		from := len(seen)
		for t := range f.analyzer.Terms(p.Text[a:b]) {
			if n, ok := f.terms[string(t)]; ok && !slices.Contains(seen[from:], n) {
				seen = append(seen, n)
				df[n]++
			}
		}
		spans = append(spans, span{a, b, seen[from:len(seen):len(seen)]})
	}
	top := -1.0
	for _, x := range spans {
		w := 0.0
		for _, n := range x.terms {
			w += math.Log(1 + float64(len(spans))/float64(df[n]))
		}
		if w > top {
			top, start, end = w, x.start, x.end
		}
	}
	if len(spans) == 0 {
		for a, b := range sentence.Spans(p.Text) {
			return a, b
		}
	}
	return start, end
}

// bodies yields the sentences of p's text between its headings.
func bodies(p *Passage) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		at := 0
		until := func(end int) bool {
			for a, b := range sentence.Spans(p.Text[at:max(at, end)]) {
				if !yield(at+a, at+b) {
					return false
				}
			}
			return true
		}
		for _, m := range p.Marks {
			if m.Kind != "heading" || m.End <= p.Start || m.Start >= p.End {
				continue
			}
			if m.Start >= p.Start && !until(floor(p.Text, m.Start-p.Start)) {
				return
			}
			at = max(at, headingEnd(p, m))
		}
		until(len(p.Text))
	}
}

// headingEnd returns where the words of a heading end in p's text: its mark
// reaches on to the end of its section. 0 means before the text.
func headingEnd(p *Passage, m store.Mark) int {
	if m.Start < p.Start {
		return 0
	}
	start, end := floor(p.Text, m.Start-p.Start), floor(p.Text, m.End-p.Start)
	if i := strings.IndexByte(p.Text[start:end], '\n'); i >= 0 {
		return start + i
	}
	return end
}
