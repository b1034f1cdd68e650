package assemble

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/quarry-go/quarry/internal/sanitize"
	"github.com/quarry-go/quarry/store"
)

// Evidence is a context for a question: passages, their citations, and an
// account of how they were chosen. It is not changed after [Assemble] returned
// it, and safe for concurrent use.
type Evidence struct {
	Question  string
	Passages  []Passage
	Citations []Citation // len(Citations) == len(Passages); Citations[i] is for Passages[i]
	Manifest  Manifest
	// Nonce is the code in the marks: 32 hexadecimal digits.
	Nonce string

	prompt string
}

// Empty reports whether nothing relevant was found: there is no passage.
func (e *Evidence) Empty() bool { return len(e.Passages) == 0 }

// Prompt returns the text to send to a model in the user's name, after system
// message and history: how to read the passages, the passages between their
// marks, and the question. It says so where there are none.
func (e *Evidence) Prompt() string { return e.prompt }

// A Passage is a piece of one document, made of one chunk or of several that
// touch. Text is the document's text from byte Start to byte End, exactly.
type Passage struct {
	Number     int // from 1, as the marks and citations have it
	Text       string
	Start, End int
	DocID      string
	Source     string
	Version    string   // of the document
	Chunks     []string // IDs of what it is made of, in the order of the text
	Origin     store.Origin
	Marks      []store.Mark
	Score      float64 // the best of its hits
}

// A Citation is where a passage comes from, for a person to check.
type Citation struct {
	Number   int    // from 1
	URI      string // opens the document, at the page or heading where it can; empty if nowhere
	Title    string
	Page     string   // label of the page, as in "12" or "xiv"; empty if there are none
	Headings []string // from the outermost to the innermost heading above the quote
	Symbol   string   // the function or type in source code that holds the quote
	DocID    string
	Source   string
	Modified time.Time
	Trust    store.Trust
	// Start and End are the bytes of the document that the passage spans.
	Start, End int
	// Quote is the sentence of the passage that shares most with the
	// question: the document's bytes from QuoteStart to QuoteEnd.
	Quote                string
	QuoteStart, QuoteEnd int
}

// maxQuote is how much of a quote String shows, in bytes.
const maxQuote = 160

// String returns the citation on one line, as in
//
//	[1] policy.pdf#page=12 p. 12 "Refunds above 500 are approved by ..."
func (c Citation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%d] %s", c.Number, c.Place())
	if c.Page != "" {
		fmt.Fprintf(&b, " p. %s", sanitize.Line(c.Page))
	}
	if q := sanitize.Line(c.Quote); q != "" {
		fmt.Fprintf(&b, " \"%s\"", shorten(q, maxQuote))
	}
	return b.String()
}

// Place returns the best name of the place: its URI, else the title, else the
// document's ID.
func (c Citation) Place() string {
	for _, s := range []string{c.URI, c.Title, c.DocID} {
		if s = sanitize.Line(s); s != "" {
			return s
		}
	}
	return "unknown"
}

// Cite returns the citation of one hit, numbered 1, as [Assemble] would make
// it of a passage of that hit alone. The hit needs the fields of
// store.FieldsRead.
func Cite(question string, h store.Hit) Citation {
	p := newPiece([]part{{Hit: &h}})
	p.Number = 1
	return cite(&p.Passage, newFocus(question))
}

// cite returns the citation of p, with the quote that fits the question best.
func cite(p *Passage, f *focus) Citation {
	c := Citation{
		Number: p.Number, URI: p.Origin.URI, Title: p.Origin.Title,
		DocID: p.DocID, Source: p.Source, Modified: p.Origin.Modified, Trust: p.Origin.Trust,
		Start: p.Start, End: p.End,
	}
	a, b := f.best(p)
	c.Quote, c.QuoteStart, c.QuoteEnd = p.Text[a:b], p.Start+a, p.Start+b

	anchor := ""
	for _, m := range headingPath(p.Marks, c.QuoteStart) {
		c.Headings = append(c.Headings, m.Label)
		if m.Anchor != "" {
			anchor = m.Anchor
		}
	}
	for _, m := range p.Marks {
		if c.QuoteStart < m.Start || m.End <= c.QuoteStart {
			continue
		}
		switch m.Kind {
		case "page":
			c.Page = m.Label
			anchor = cmp.Or(anchor, m.Anchor)
		case "symbol":
			c.Symbol = m.Label
			anchor = cmp.Or(m.Anchor, anchor)
		}
	}
	if c.URI != "" && anchor != "" && !strings.Contains(c.URI, "#") {
		c.URI += "#" + (&url.URL{Fragment: anchor}).EscapedFragment()
	}
	return c
}

// headingPath returns the headings above the byte at of the document, the
// outermost first.
func headingPath(marks []store.Mark, at int) []store.Mark {
	var path []store.Mark
	for _, m := range marks {
		if m.Kind != "heading" || m.Start > at {
			continue
		}
		for len(path) > 0 && path[len(path)-1].Level >= m.Level {
			path = path[:len(path)-1]
		}
		path = append(path, m)
	}
	return path
}

// shorten returns s cut to at most n bytes, at a space where there is one,
// with an ellipsis where something was cut.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const ellipsis = "..."
	s = s[:floor(s, n-len(ellipsis))]
	if i := strings.LastIndexByte(s, ' '); i > n/2 {
		s = s[:i]
	}
	return s + ellipsis
}

// floor returns the greatest UTF-8 boundary of s that is at most n.
func floor(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return max(n, 0)
}
