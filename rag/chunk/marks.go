package chunk

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// Bounds of the marks on a piece.
const (
	maxMarks = 8  // of one kind that reach its start, and as many that begin inside
	maxKinds = 16 // of a document, the first ones
)

// A marker finds the structure that ranges overlap. The ranges must begin in
// ascending order.
type marker struct {
	spans  []loaders.Span
	ends   []int // of each span as a mark
	next   int   // the first span that begins after the last range's start
	tracks []track
	found  []int // scratch
}

// A track follows the spans of one kind.
type track struct {
	kind   loaders.SpanKind
	open   []int // spans that reach the last range's start, the innermost last
	inside int   // how many that begin in the range are found
}

func newMarker(d *loaders.Document) marker {
	return marker{spans: d.Spans, ends: reaches(d)}
}

// of returns the track of the kind; nil for a kind that gives no marks.
func (m *marker) of(kind loaders.SpanKind) *track {
	if kind == loaders.Link || kind == loaders.List { // say nothing of where a passage is from
		return nil
	}
	for i := range m.tracks {
		if m.tracks[i].kind == kind {
			return &m.tracks[i]
		}
	}
	if len(m.tracks) == maxKinds {
		return nil
	}
	m.tracks = append(m.tracks, track{kind: kind})
	return &m.tracks[len(m.tracks)-1]
}

// reaches returns where each span ends as a mark: a heading at the end of its
// section, everything else where it ends.
func reaches(d *loaders.Document) []int {
	if len(d.Spans) == 0 {
		return nil
	}
	ends := make([]int, len(d.Spans))
	var open []int
	for i, s := range d.Spans {
		ends[i] = s.End
		if s.Kind != loaders.Heading {
			continue
		}
		for n := len(open); n > 0 && sectionRank(d.Spans[open[n-1]].Level) <= sectionRank(s.Level); n-- {
			ends[open[n-1]] = max(borderOf(d.Text, s), ends[open[n-1]])
			open = open[:n-1]
		}
		open = append(open, i)
	}
	for _, i := range open {
		ends[i] = len(d.Text)
	}
	return ends
}

// within returns the marks of text[start:end]: of each kind the innermost that
// reach start, and then the first that begin inside.
func (m *marker) within(start, end int) []store.Mark {
	if len(m.spans) == 0 {
		return nil
	}
	m.advance(start)
	found := m.found[:0]
	for i := range m.tracks {
		open := m.tracks[i].open
		for _, s := range open[max(0, len(open)-maxMarks):] {
			if m.ends[s] > start {
				found = append(found, s)
			}
		}
		m.tracks[i].inside = 0
	}
	for s := m.next; s < len(m.spans) && m.spans[s].Start < end; s++ {
		if t := m.of(m.spans[s].Kind); t != nil && m.ends[s] > m.spans[s].Start && t.inside < maxMarks {
			t.inside++
			found = append(found, s)
		}
	}
	m.found = found
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	marks := make([]store.Mark, len(found))
	for i, n := range found {
		s := m.spans[n]
		marks[i] = store.Mark{Kind: plain(string(s.Kind)), Start: s.Start, End: m.ends[n], Label: plain(s.Label), Anchor: plain(s.Anchor), Level: s.Level}
	}
	return marks
}

// advance moves to offset i.
func (m *marker) advance(i int) {
	for ; m.next < len(m.spans) && m.spans[m.next].Start <= i; m.next++ {
		if t := m.of(m.spans[m.next].Kind); t != nil {
			m.trim(t, m.spans[m.next].Start)
			t.open = append(t.open, m.next)
		}
	}
	for n := range m.tracks {
		m.trim(&m.tracks[n], i)
	}
}

// trim drops the innermost spans of t that end at or before i.
func (m *marker) trim(t *track, i int) {
	n := len(t.open)
	for n > 0 && m.ends[t.open[n-1]] <= i {
		n--
	}
	t.open = t.open[:n]
}

// plain returns s as a store accepts it.
func plain(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
