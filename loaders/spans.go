package loaders

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// SortSpans sorts spans by Start, then the longer before the shorter, so that
// an outer span comes before those inside it. Equal ones keep their order.
func SortSpans(spans []Span) {
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
	})
}

// Validate reports the first rule of [Document] and [Span] that d breaks: no
// ID, text that is not valid UTF-8 or holds NUL, a span outside of the text,
// off a UTF-8 boundary or out of order, an unknown degree of trust. The error
// names the document and wraps [ErrInvalid].
func (d *Document) Validate() error {
	if err := d.check(); err != nil {
		return fmt.Errorf("loaders: document %q: %w: %w", d.ID, ErrInvalid, err)
	}
	return nil
}

func (d *Document) check() error {
	if d.ID == "" {
		return errors.New("no ID")
	}
	for _, s := range []string{d.ID, d.Ref, d.URI, d.Title, d.Lang, d.Text} {
		if !utf8.ValidString(s) {
			return fmt.Errorf("invalid UTF-8 in %.40q", s)
		}
		if i := strings.IndexByte(s, 0); i >= 0 {
			return fmt.Errorf("NUL at byte %d of %.40q", i, s)
		}
	}
	if d.Trust > Internal {
		return fmt.Errorf("unknown trust %d", d.Trust)
	}
	for i, s := range d.Spans {
		switch {
		case s.Kind == "":
			return fmt.Errorf("span %d has no kind", i)
		case s.Start < 0 || s.End < s.Start || s.End > len(d.Text):
			return fmt.Errorf("span %d (%s) is [%d:%d] of %d bytes", i, s.Kind, s.Start, s.End, len(d.Text))
		case !boundary(d.Text, s.Start) || !boundary(d.Text, s.End):
			return fmt.Errorf("span %d (%s) [%d:%d] cuts a UTF-8 sequence", i, s.Kind, s.Start, s.End)
		case i > 0 && (s.Start < d.Spans[i-1].Start || s.Start == d.Spans[i-1].Start && s.End > d.Spans[i-1].End):
			return fmt.Errorf("span %d (%s) is out of order", i, s.Kind)
		}
	}
	return nil
}

func boundary(s string, i int) bool { return i == len(s) || utf8.RuneStart(s[i]) }
