package cite

import (
	"slices"
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
	// Quotes is what the sentence quotes. Citations of one passage in one
	// sentence share it.
	Quotes  []Quote
	Verdict Verdict
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
	v := verifier{answer: answer, sources: map[int]Source{}, read: map[int]reading{}}
	for _, s := range sources {
		v.sources[s.Number] = s
	}
	var r Report
	all := Markers(answer)
	for _, s := range sentences(answer, all) {
		var here []Marker
		for len(all) > 0 && all[0].Start < s.end {
			here, all = append(here, all[0]), all[1:]
		}
		r.Citations = append(r.Citations, v.check(s, here)...)
		if text := answer[s.start:s.end]; len(here) == 0 && strings.ContainsFunc(text, unicode.IsLetter) && !strings.HasSuffix(text, "?") {
			r.Uncited = append(r.Uncited, [2]int{s.start, s.end})
		}
	}
	return r
}

type verifier struct {
	answer  string
	sources map[int]Source
	read    map[int]reading // of the sources that were looked into, by number
}

// check checks the markers of a sentence.
func (v *verifier) check(s span, markers []Marker) []Citation {
	if len(markers) == 0 {
		return nil
	}
	quoted := quotes(v.answer, s.start, s.end)
	checked := map[int]Citation{} // by number
	out := make([]Citation, len(markers))
	for i, m := range markers {
		c, ok := checked[m.Number]
		if !ok {
			c = Citation{SentenceStart: s.start, SentenceEnd: s.end, Quotes: slices.Clone(quoted)}
			c.Verdict = v.look(m.Number, c.Quotes)
			checked[m.Number] = c
		}
		c.Marker = m
		out[i] = c
	}
	return out
}

// look looks quotations up in the source with the given number.
func (v *verifier) look(number int, quotes []Quote) Verdict {
	src, ok := v.sources[number]
	if !ok {
		return Unknown
	}
	if len(quotes) == 0 {
		return Unchecked
	}
	text, ok := v.read[number]
	if !ok {
		text = read(src.Text)
		v.read[number] = text
	}
	found := 0
	for i := range quotes {
		q := &quotes[i]
		if a, b, ok := text.find(v.answer[q.Start:q.End]); ok {
			q.Found, q.SourceStart, q.SourceEnd = true, src.Start+a, src.Start+b
			found++
		}
	}
	switch found {
	case 0:
		return Misquoted
	case len(quotes):
		return Quoted
	}
	return Partial
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
