package cite

import (
	"strings"
	"unicode"

	"github.com/quarry-go/quarry/internal/sentence"
)

// A Source is a passage that an answer may cite.
type Source struct {
	Number int
	Text   string
	Start  int // where Text starts in its document, in bytes
}

// A Report is what [Verify] found.
type Report struct {
	Citations []Citation // in the order of their markers
	// Uncited holds the sentences that cite nothing, as byte ranges of the
	// answer; questions and sentences without a letter are not meant.
	Uncited [][2]int
}

// A Citation is a marker of an answer, checked against its passage.
type Citation struct {
	Marker
	// SentenceStart and SentenceEnd are the bytes of the answer of the
	// sentence that the marker stands for.
	SentenceStart, SentenceEnd int
	Quotes                     []Quote // what the sentence quotes
	Verdict                    Verdict
}

// A Verdict says how far a citation holds.
type Verdict string

// The verdicts.
const (
	Quoted    Verdict = "quoted"    // the passage holds every quotation of the sentence
	Partial   Verdict = "partial"   // it holds some of them
	Misquoted Verdict = "misquoted" // it holds none of them
	Unchecked Verdict = "unchecked" // the sentence quotes nothing
	Unknown   Verdict = "unknown"   // no passage has the number
)

// Verify checks the citations of an answer against the passages that it was
// given. It is safe for concurrent use, and any answer is allowed.
func Verify(answer string, sources []Source) Report {
	byNumber := map[int]*Source{}
	for i := range sources {
		byNumber[sources[i].Number] = &sources[i]
	}
	var r Report
	all := Markers(answer)
	for _, s := range sentences(answer, all) {
		cited := false
		for len(all) > 0 && all[0].Start < s.end {
			cited = true
			r.Citations = append(r.Citations, check(answer, all[0], s.start, s.end, byNumber))
			all = all[1:]
		}
		if text := answer[s.start:s.end]; !cited && strings.ContainsFunc(text, unicode.IsLetter) && !strings.HasSuffix(text, "?") {
			r.Uncited = append(r.Uncited, [2]int{s.start, s.end})
		}
	}
	return r
}

func check(answer string, m Marker, start, end int, sources map[int]*Source) Citation {
	c := Citation{Marker: m, SentenceStart: start, SentenceEnd: end, Verdict: Unknown}
	src := sources[m.Number]
	c.Quotes = quotes(answer, start, end)
	if src == nil {
		return c
	}
	found := 0
	for i := range c.Quotes {
		q := &c.Quotes[i]
		if a, b, ok := find(src.Text, answer[q.Start:q.End]); ok {
			q.Found, q.SourceStart, q.SourceEnd = true, src.Start+a, src.Start+b
			found++
		}
	}
	switch {
	case len(c.Quotes) == 0:
		c.Verdict = Unchecked
	case found == len(c.Quotes):
		c.Verdict = Quoted
	case found > 0:
		c.Verdict = Partial
	default:
		c.Verdict = Misquoted
	}
	return c
}

type span struct{ start, end int }

// sentences returns the sentences of an answer. Markers that stand before a
// sentence's first word belong to the sentence before it.
func sentences(answer string, all []Marker) []span {
	var out []span
	for start, end := range sentence.Spans(answer) {
		for len(all) > 0 && all[0].Start < start {
			all = all[1:]
		}
		if len(out) > 0 {
			for len(all) > 0 && all[0].Start == start {
				out[len(out)-1].end = all[0].End
				start = all[0].End
				for len(all) > 0 && all[0].Start < start {
					all = all[1:]
				}
				rest := answer[min(start, end):end]
				start = end - len(strings.TrimLeftFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '.' }))
			}
		}
		if start < end {
			out = append(out, span{start, end})
		}
	}
	return out
}
