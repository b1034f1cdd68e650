package chunk

import (
	"slices"
	"strings"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/store"
)

// maxMarks is the greatest number of marks of one kind on a piece.
const maxMarks = 8

// A marker finds the structure that ranges overlap. The ranges must begin in
// ascending order.
type marker struct {
	spans []loaders.Span
	next  int                        // the first span that begins after the last range's start
	ends  []int                      // of each span's reach; nil where it is the span's End
	open  map[loaders.SpanKind][]int // by kind, the spans that reach the last start, the innermost last
	kinds []loaders.SpanKind         // keys of open
}

func newMarker(d *loaders.Document) marker {
	return marker{spans: d.Spans, ends: reaches(d), open: map[loaders.SpanKind][]int{}}
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
	var found []int
	for _, k := range m.kinds {
		for n, open := 0, m.open[k]; n < maxMarks && n < len(open); n++ {
			if i := open[len(open)-1-n]; m.ends[i] > start {
				found = append(found, i)
			}
		}
	}
	inside := map[loaders.SpanKind]int{}
	for i := m.next; i < len(m.spans) && m.spans[i].Start < end; i++ {
		if k := m.spans[i].Kind; isMark(k) && m.ends[i] > m.spans[i].Start && inside[k] < maxMarks {
			inside[k]++
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	marks := make([]store.Mark, len(found))
	for n, i := range found {
		s := m.spans[i]
		marks[n] = store.Mark{Kind: plain(string(s.Kind)), Start: s.Start, End: m.ends[i], Label: plain(s.Label), Anchor: plain(s.Anchor), Level: s.Level}
	}
	return marks
}

// advance moves to offset i.
func (m *marker) advance(i int) {
	for ; m.next < len(m.spans) && m.spans[m.next].Start <= i; m.next++ {
		k := m.spans[m.next].Kind
		if !isMark(k) {
			continue
		}
		open, known := m.open[k]
		if !known {
			m.kinds = append(m.kinds, k)
		}
		m.open[k] = append(m.trim(open, m.spans[m.next].Start), m.next)
	}
	for _, k := range m.kinds {
		m.open[k] = m.trim(m.open[k], i)
	}
}

// trim drops the innermost spans that end at or before i.
func (m *marker) trim(open []int, i int) []int {
	for n := len(open); n > 0 && m.ends[open[n-1]] <= i; n-- {
		open = open[:n-1]
	}
	return open
}

// isMark reports whether spans of the kind say where a passage is from.
func isMark(k loaders.SpanKind) bool { return k != loaders.Link && k != loaders.List }

// plain returns s as a store accepts it.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
