package html

import (
	"strconv"
	"strings"

	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A grid is a table of data, written as Markdown rows. Every row has as many
// cells as its cells span; what a cell above reaches into is left empty.
type grid struct {
	table   *dom.Node
	caption string
	rows    int
	inCell  bool
	fresh   bool // the cell has no text yet
	column  int
	span    int   // columns of the current cell
	above   []int // rows that the cell above still reaches down, by column
}

// maxColumns bounds what span attributes may ask for.
const maxColumns = 64

// isGrid reports whether a table holds data: at least two rows and two
// columns, and in its cells no structure that a row could not hold. Other
// tables only arrange the page.
func isGrid(table *dom.Node) bool {
	rows, columns := 0, 0
	for n := table.FirstChild; n != nil; n = next(n, table) {
		switch n.DataAtom {
		case atom.Table, atom.Pre, atom.H1, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Article, atom.Section, atom.Textarea:
			return false
		case atom.Tr:
			rows++
			cells := 0
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
					cells++
				}
			}
			columns = max(columns, cells)
		}
	}
	return rows >= 2 && columns >= 2
}

// next returns the node after n in document order, below root.
func next(n, root *dom.Node) *dom.Node {
	if n.FirstChild != nil {
		return n.FirstChild
	}
	for n != root {
		if n.NextSibling != nil {
			return n.NextSibling
		}
		n = n.Parent
	}
	return nil
}

func (w *writer) beginRow() {
	w.grid.column = 0
	w.atLeast(line)
	w.begin()
	w.out = append(w.out, '|')
	w.skipCovered()
}

// skipCovered leaves the columns empty that a cell above reaches into.
func (w *writer) skipCovered() {
	g := w.grid
	for g.column < len(g.above) && g.above[g.column] > 0 {
		g.above[g.column]--
		g.column++
		w.out = append(w.out, "  |"...)
	}
}

func (w *writer) beginCell(n *dom.Node) {
	g := w.grid
	g.inCell, g.fresh = true, true
	g.span = 1
	if c, err := strconv.Atoi(attr(n, "colspan")); err == nil {
		g.span = max(1, min(c, maxColumns-g.column))
	}
	down, _ := strconv.Atoi(attr(n, "rowspan"))
	for i := g.column; i < min(g.column+g.span, maxColumns); i++ {
		for len(g.above) <= i {
			g.above = append(g.above, 0)
		}
		g.above[i] = max(0, down-1)
	}
	w.gap = space // so that the first text begins the cell; fresh drops it
	w.out = append(w.out, ' ')
}

func (w *writer) endCell() {
	g := w.grid
	g.inCell = false
	w.gap = none
	w.item = ""
	w.out = append(w.out, " |"...)
	for range g.span - 1 {
		w.out = append(w.out, "  |"...)
	}
	g.column += g.span
	w.skipCovered()
}

// endRow rules off the first row as the head, which Markdown requires.
func (w *writer) endRow() {
	g := w.grid
	if g.rows == 0 {
		w.out = append(w.out, "\n|"+strings.Repeat(" --- |", max(1, g.column))...)
	}
	g.rows++
	w.gap = line
}
