package chunk

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
)

// Join returns the text of a piece as it is embedded and measured: prefix and
// text on lines of their own, or text alone where prefix is empty.
func Join(prefix, text string) string {
	if prefix == "" {
		return text
	}
	return prefix + joint + text
}

const (
	joint     = "\n"
	separator = " > " // between the parts of a path
	maxLabel  = 512   // bytes of a title or heading that a prefix holds
)

// A path follows the headings above a place that only moves forward, and
// makes prefixes of them.
type path struct {
	packer *Packer
	text   string
	title  string
	spans  []loaders.Span // not yet passed
	open   []loaders.Span // headings above the place, of ascending level

	stale  bool
	parts  []string // scratch
	prefix string
	units  int // size of prefix and joint
}

func newPath(p *Packer, d *loaders.Document) path {
	return path{packer: p, text: d.Text, title: clean(d.Title), spans: d.Spans, stale: true}
}

// advance moves to offset i. The headings above it are those that end at or
// before it, less those whose sections do.
func (h *path) advance(i int) {
	for ; len(h.spans) > 0 && borderOf(h.text, h.spans[0]) <= i; h.spans = h.spans[1:] {
		s := h.spans[0]
		if s.Kind != loaders.Heading {
			continue
		}
		for n := len(h.open); n > 0 && sectionRank(h.open[n-1].Level) <= sectionRank(s.Level); n-- {
			h.open = h.open[:n-1]
			h.stale = true
		}
		if s.End > i {
			return
		}
		h.open = append(h.open, s)
		h.stale = true
	}
}

// rank returns the rank of the border that ends the section of the place.
func (h *path) rank() rank {
	if n := len(h.open); n > 0 {
		return sectionRank(h.open[n-1].Level)
	}
	return top
}

// line returns the prefix of the place and its size, the joint included.
func (h *path) line() (prefix string, units int) {
	if h.stale {
		h.stale = false
		h.prefix, h.units = h.fit()
	}
	return h.prefix, h.units
}

// fit returns the longest prefix within the packer's limit. Of a path that is
// too long it leaves out the outer headings first, and then shortens the title
// and the innermost heading.
func (h *path) fit() (string, int) {
	if h.packer.prefix <= 0 {
		return "", 0
	}
	parts := h.parts[:0]
	if h.title != "" {
		parts = append(parts, h.title)
	}
	for _, s := range h.open {
		label := clean(s.Label)
		if label == "" {
			label = clean(h.text[s.Start:s.End])
		}
		if label != "" && !(len(parts) == 1 && strings.EqualFold(parts[0], label)) {
			parts = append(parts, label)
		}
	}
	h.parts = parts
	for len(parts) > 0 {
		prefix := strings.Join(parts, separator)
		if n := h.packer.unit.lead(prefix); n <= h.packer.prefix {
			return prefix, n
		}
		if len(parts) > 2 {
			parts = slices.Delete(parts, 1, 2)
			continue
		}
		long := 0
		if len(parts) == 2 && len(parts[1]) > len(parts[0]) {
			long = 1
		}
		parts[long] = head(parts[long], len(parts[long])/2)
		if parts[long] == "" {
			parts = slices.Delete(parts, long, long+1)
		}
	}
	return "", 0
}

// clean returns s on one line, without control characters, and at most
// maxLabel bytes of it.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	if len(s) > 2*maxLabel {
		s = s[:2*maxLabel]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, s)
	return head(strings.Join(strings.Fields(s), " "), maxLabel)
}

// isClean reports whether clean has nothing to do: for short texts in ASCII.
func isClean(s string) bool {
	if len(s) > maxLabel || s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && s[i-1] == ' ' {
			return false
		}
	}
	return true
}

// head returns the words of s within n bytes or, where the first is longer, as
// much of it as there is room for.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	c := clusters{text: s}
	end := 0
	for i := 0; i < len(s); {
		i = c.next(i)
		if i > n {
			break
		}
		end = i
	}
	if i := strings.LastIndexByte(s[:end], ' '); i > 0 {
		end = i
	}
	return strings.TrimSpace(s[:end])
}
