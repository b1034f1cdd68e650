package html

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A page is text with its structure.
type page struct {
	text  string
	spans []loaders.Span
	prose int // bytes of text outside of links
}

func (p *page) firstHeading() string {
	for _, s := range p.spans {
		if s.Kind == loaders.Heading {
			return s.Label
		}
	}
	return ""
}

// A gap is the white space that separates what was written from what comes.
type gap uint8

const (
	none gap = iota
	space
	line
	blank // an empty line
)

// An open span begins where the first text after its element does.
type open struct {
	node *dom.Node
	span loaders.Span
	at   int // its index in spans; -1 until there is text
}

type list struct {
	node    *dom.Node
	ordered bool
	next    int
}

// A writer turns elements into text. It may be used again.
type writer struct {
	ctx     context.Context
	budget  *loaders.Budget
	resolve func(href string) *url.URL // of links that become spans; nil: none

	out   []byte
	spans []loaders.Span
	gap   gap
	open  []open
	fresh int // open[fresh:] have no text yet
	lists []list
	item  string // the marker of an item that has no text yet
	pre   int    // open elements whose white space counts
	held  []byte // white space in those with no text after it yet
	link  int    // open links
	prose int
	grid  *grid // the table of data being written
	steps int
}

// write returns the text below root.
func (w *writer) write(root *dom.Node) (page, error) {
	*w = writer{ctx: w.ctx, budget: w.budget, resolve: w.resolve, out: w.out[:0]}
	n := root
	for {
		if w.steps++; w.steps%4096 == 0 {
			if err := w.budget.Check(w.ctx); err != nil {
				return page{}, err
			}
			if limit := w.budget.Limits().MaxText; limit > 0 && int64(len(w.out)) > limit {
				return page{}, w.budget.Text(len(w.out))
			}
		}
		if w.enter(n) {
			if n.FirstChild != nil {
				n = n.FirstChild
				continue
			}
			w.leave(n)
		}
		for n != root && n.NextSibling == nil {
			n = n.Parent
			w.leave(n)
		}
		if n == root {
			break
		}
		n = n.NextSibling
	}
	loaders.SortSpans(w.spans)
	return page{string(w.out), w.spans, w.prose}, nil
}

// enter writes what comes before the children of n. It reports false for what
// has none to write.
func (w *writer) enter(n *dom.Node) bool {
	switch n.Type {
	case dom.TextNode:
		w.text(n.Data)
		return false
	case dom.DocumentNode:
		return true
	case dom.ElementNode:
	default:
		return false
	}
	if skipped(n) {
		return false
	}
	w.separate(n)
	switch n.DataAtom {
	case atom.Br:
		if w.pre > 0 {
			w.verbatim("\n")
		} else {
			w.atLeast(line)
		}
	case atom.Pre, atom.Listing, atom.Xmp:
		w.push(n, loaders.Span{Kind: loaders.Code, Label: language(n)})
		w.pre++
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		level, anchor := annotation(n)
		w.push(n, loaders.Span{Kind: loaders.Heading, Level: level, Anchor: anchor})
	case atom.Ul, atom.Ol, atom.Menu:
		start, err := strconv.Atoi(attr(n, "start"))
		if err != nil {
			start = 1
		}
		w.lists = append(w.lists, list{n, n.DataAtom == atom.Ol, start})
		w.push(n, loaders.Span{Kind: loaders.List, Level: len(w.lists)})
	case atom.Li:
		w.item = w.marker()
	case atom.A:
		w.link++
		if target := w.target(n); target != "" {
			w.push(n, loaders.Span{Kind: loaders.Link, Anchor: target})
		}
	case atom.Table:
		if w.grid == nil && w.pre == 0 && isGrid(n) {
			w.grid = &grid{table: n}
			w.push(n, loaders.Span{Kind: loaders.Table})
		}
	case atom.Caption:
		if w.grid != nil {
			w.grid.caption = textOf(n)
		}
	case atom.Tr:
		if w.grid != nil {
			w.push(n, loaders.Span{Kind: loaders.Row})
			w.beginRow()
		}
	case atom.Td, atom.Th:
		if w.grid != nil {
			w.beginCell(n)
		}
	}
	return true
}

// leave writes what comes after the children of n.
func (w *writer) leave(n *dom.Node) {
	switch n.DataAtom {
	case atom.Pre, atom.Listing, atom.Xmp:
		w.pre--
		w.held = w.held[:0]
	case atom.A:
		w.link--
	case atom.Ul, atom.Ol, atom.Menu:
		w.lists = w.lists[:len(w.lists)-1]
		w.item = ""
	case atom.Td, atom.Th:
		if w.grid != nil {
			w.endCell()
		}
	}
	if i := len(w.open) - 1; i >= 0 && w.open[i].node == n {
		w.pop()
	}
	switch {
	case w.grid == nil:
	case n == w.grid.table:
		w.grid = nil
	case n.DataAtom == atom.Tr:
		w.endRow()
	}
	w.separate(n)
}

// separate parts a block element from what is beside it.
func (w *writer) separate(n *dom.Node) {
	w.atLeast(margin(n))
}

func (w *writer) atLeast(g gap) { w.gap = max(w.gap, g) }

func (w *writer) push(n *dom.Node, s loaders.Span) {
	w.open = append(w.open, open{n, s, -1})
}

func (w *writer) pop() {
	o := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	w.fresh = min(w.fresh, len(w.open))
	if o.at < 0 {
		return
	}
	s := &w.spans[o.at]
	s.End = len(w.out)
	switch s.Kind {
	case loaders.Heading:
		s.Label = label(w.out[s.Start:])
	case loaders.Table:
		s.Label = w.grid.caption
	}
}

// maxLabel bounds the label of a heading, which is repeated in every chunk of
// its section.
const maxLabel = 512

// label returns text in one line.
func label(text []byte) string {
	s := strings.Join(strings.Fields(string(text)), " ")
	if len(s) > maxLabel {
		s = strings.ToValidUTF8(s[:maxLabel], "")
	}
	return s
}

// text writes the words of s, white space collapsed.
func (w *writer) text(s string) {
	before := len(w.out)
	defer func() {
		if w.link == 0 {
			w.prose += len(w.out) - before
		}
	}()
	if w.pre > 0 {
		w.verbatim(s)
		return
	}
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case isSpace(r):
			w.atLeast(space)
		case isInvisible(r):
		default:
			if w.gap != none || w.fresh < len(w.open) || len(w.out) == 0 {
				w.begin()
			}
			if r == '|' && w.grid != nil && w.grid.inCell {
				w.out = append(w.out, '\\')
			}
			w.out = append(w.out, s[i:i+n]...)
		}
		i += n
	}
}

// verbatim writes s to the letter, save white space at the very end.
func (w *writer) verbatim(s string) {
	text := strings.TrimRight(s, " \t\n")
	if text != "" {
		w.begin()
		w.out = append(w.out, w.held...)
		w.out = append(w.out, text...)
		w.held = w.held[:0]
	}
	w.held = append(w.held, s[len(text):]...)
}

// begin writes the gap before text, and the marker of a list item.
func (w *writer) begin() {
	g := w.gap
	w.gap = none
	if w.grid != nil && w.grid.inCell {
		if g != none && !w.grid.fresh {
			w.out = append(w.out, ' ')
		}
		w.grid.fresh = false
	} else if len(w.out) == 0 {
		w.indent()
	} else if g >= line {
		for ; g >= line; g-- {
			w.out = append(w.out, '\n')
		}
		w.indent()
	} else if g == space {
		w.out = append(w.out, ' ')
	}
	for ; w.fresh < len(w.open); w.fresh++ {
		o := &w.open[w.fresh]
		o.at = len(w.spans)
		o.span.Start = len(w.out)
		w.spans = append(w.spans, o.span)
	}
	w.out = append(w.out, w.item...)
	w.item = ""
}

// maxIndent bounds how far nested lists are moved in.
const maxIndent = 8

func (w *writer) indent() {
	n := min(len(w.lists), maxIndent)
	switch {
	case w.item != "":
		n--
	case w.pre > 0:
		return // so that no line of the code moves against the others
	}
	for range n {
		w.out = append(w.out, "  "...)
	}
}

// marker returns how the next item of the innermost list begins.
func (w *writer) marker() string {
	if len(w.lists) == 0 {
		return "- "
	}
	l := &w.lists[len(w.lists)-1]
	if !l.ordered {
		return "- "
	}
	l.next++
	return strconv.Itoa(l.next-1) + ". "
}

// target returns the absolute URI of a link to another page.
func (w *writer) target(n *dom.Node) string {
	href := attr(n, "href")
	if w.resolve == nil || strings.HasPrefix(href, "#") {
		return ""
	}
	if u := w.resolve(href); u != nil && (u.Scheme == "http" || u.Scheme == "https") {
		return u.String()
	}
	return ""
}
