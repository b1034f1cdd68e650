package markdown

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
)

// A heading is a span whose Label and Anchor are made when all link
// references are known.
type heading struct {
	span   int
	text   string
	id     string // given in the source; else ""
	inline bool   // text is Markdown
}

// givenID matches the id that some dialects let an author give to a heading.
var givenID = regexp.MustCompile(`\s*\{#([^\s{}]+)[^{}]*\}$`)

// heading adds a heading whose text is Markdown.
func (s *scanner) heading(start, end, level int, text string) {
	id := ""
	if m := givenID.FindStringSubmatchIndex(text); m != nil {
		id = text[m[2]:m[3]]
		text = text[:m[0]]
	}
	s.add(start, end, level, text, id)
	s.headings[len(s.headings)-1].inline = true
}

func (s *scanner) add(start, end, level int, text, id string) {
	s.spans = append(s.spans, loaders.Span{Kind: loaders.Heading, Start: start, End: end, Level: level})
	s.headings = append(s.headings, heading{span: len(s.spans) - 1, text: text, id: id})
}

// maxLabel bounds the label of a heading, which is repeated in every chunk of
// its section.
const maxLabel = 512

// label gives the headings their labels and anchors.
func (s *scanner) label() {
	anchors := anchors{}
	for _, h := range s.headings {
		text := h.text
		if h.inline {
			text = plain(clip(text, 8*maxLabel), s.defined)
		}
		sp := &s.spans[h.span]
		sp.Label = clip(strings.Join(strings.Fields(text), " "), maxLabel)
		if sp.Anchor = h.id; h.id == "" {
			sp.Anchor = anchors.next(clip(text, maxLabel))
		}
	}
}

// clip returns the first n bytes of s, or a little less, whole characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// anchors counts the anchors of a document.
type anchors map[string]int

// next returns the anchor that GitHub gives to a heading: its text in lower
// case, with letters, marks, digits, '-' and '_' kept, spaces as '-', and a
// number where it was given before.
func (a anchors) next(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case r == ' ' || r == '-':
			b.WriteByte('-')
		case unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Pc):
			b.WriteRune(r)
		}
	}
	base := b.String()
	anchor := base
	for {
		if _, taken := a[anchor]; !taken {
			break
		}
		a[base]++
		anchor = base + "-" + strconv.Itoa(a[base])
	}
	a[anchor] = 0
	return anchor
}
