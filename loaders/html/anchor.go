package html

import (
	"slices"
	"strconv"
	"strings"

	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// annotated is the attribute in which [annotate] leaves the level and the
// anchor of a heading, since the search for the main content renames headings
// and moves them about.
const annotated = "data-quarry-heading"

// annotate finds the level and the anchor of every heading. The anchor is the
// heading's own id; else the id or name of something in it; else that of what
// stands before it with no text between, such as an <a name>; else the id of
// the innermost section or box around it that has no other heading before.
func annotate(root *dom.Node) {
	near := ""                     // the last id since the last text
	opened := map[*dom.Node]bool{} // elements that have had their heading
	for n := root; n != nil; n = next(n, root) {
		switch n.Type {
		case dom.TextNode:
			if strings.TrimSpace(n.Data) != "" && !isUnseen(n.Parent) {
				near = ""
			}
			continue
		case dom.ElementNode:
		default:
			continue
		}
		level := headingLevel(n)
		if level == 0 {
			if id := ident(n); id != "" {
				near = id
			}
			continue
		}
		id := ident(n)
		if id == "" {
			id = identBelow(n)
		}
		if id == "" {
			id = near
		}
		for p := n.Parent; p != nil && p.DataAtom != atom.Body; p = p.Parent {
			if id == "" && !opened[p] {
				id = attr(p, "id")
			}
			opened[p] = true
		}
		near = ""
		n.Attr = slices.DeleteFunc(n.Attr, func(a dom.Attribute) bool { return a.Key == annotated })
		n.Attr = append(n.Attr, dom.Attribute{Key: annotated, Val: strconv.Itoa(level) + fragment(id)})
	}
}

// annotation returns what [annotate] found.
func annotation(n *dom.Node) (level int, anchor string) {
	if v := attr(n, annotated); v != "" {
		return int(v[0] - '0'), v[1:]
	}
	return headingLevel(n), ""
}

func headingLevel(n *dom.Node) int {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return int(n.Data[1] - '0')
	}
	return 0
}

// isUnseen reports whether the text directly in an element is never shown.
func isUnseen(n *dom.Node) bool {
	return n != nil && (n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Title)
}

func ident(n *dom.Node) string {
	if id := attr(n, "id"); id != "" {
		return id
	}
	if n.DataAtom == atom.A {
		return attr(n, "name")
	}
	return ""
}

func identBelow(root *dom.Node) string {
	for n := root.FirstChild; n != nil; n = next(n, root) {
		if id := ident(n); id != "" {
			return id
		}
	}
	return ""
}

// fragment escapes what cannot stand in a URI's fragment; letters of other
// scripts stay as they are.
func fragment(id string) string {
	if !strings.ContainsFunc(id, unsafe) {
		return id
	}
	var b strings.Builder
	for i := 0; i < len(id); i++ {
		if c := id[i]; unsafe(rune(c)) {
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func unsafe(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\"#%<>\\^`{|}", r) }
