package html

import (
	"strings"
	"unicode"

	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// skipped reports whether an element is left out with all that is in it:
// because it is hidden, works the page, or leads around it.
func skipped(n *dom.Node) bool {
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Nav,
		atom.Svg, atom.Canvas, atom.Iframe, atom.Object, atom.Embed, atom.Audio, atom.Video, atom.Map,
		atom.Button, atom.Input, atom.Select, atom.Textarea, atom.Datalist, atom.Progress, atom.Meter:
		return true
	case atom.Footer, atom.Aside:
		return !within(n, atom.Article, atom.Main, atom.Section)
	case atom.A:
		return isPermalink(n)
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return a.Val != "until-found"
		case "aria-hidden":
			if a.Val == "true" {
				return true
			}
		case "role":
			switch a.Val {
			case "navigation", "menu", "menubar", "search", "dialog", "alertdialog":
				return true
			}
		case "style":
			if hides(a.Val) {
				return true
			}
		}
	}
	return false
}

// hides reports whether an inline style takes the element off the page.
func hides(style string) bool {
	s := strings.ToLower(style)
	if !strings.Contains(s, "none") && !strings.Contains(s, "hidden") {
		return false
	}
	for d := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(d, ":")
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		switch strings.TrimSpace(name) {
		case "display":
			if value == "none" {
				return true
			}
		case "visibility":
			if value == "hidden" {
				return true
			}
		}
	}
	return false
}

func within(n *dom.Node, tags ...atom.Atom) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		for _, t := range tags {
			if p.DataAtom == t {
				return true
			}
		}
	}
	return false
}

// isPermalink reports whether a link is the sign beside a heading that links
// to the heading itself.
func isPermalink(a *dom.Node) bool {
	if !strings.HasPrefix(attr(a, "href"), "#") && !strings.Contains(attr(a, "href"), "/#") {
		return false
	}
	c := a.FirstChild
	if c == nil || c.NextSibling != nil || c.Type != dom.TextNode {
		return false
	}
	switch strings.TrimSpace(c.Data) {
	case "#", "¶", "§", "🔗", "\uf0c1":
		return true
	}
	return false
}

// margin returns what parts an element from its neighbours.
func margin(n *dom.Node) gap {
	switch n.DataAtom {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre, atom.Listing, atom.Xmp,
		atom.Blockquote, atom.Table, atom.Figure, atom.Hr, atom.Section, atom.Article, atom.Main, atom.Dl,
		atom.Fieldset, atom.Header, atom.Footer, atom.Aside, atom.Details, atom.Hgroup, atom.Body:
		return blank
	case atom.Ul, atom.Ol, atom.Menu:
		if within(n, atom.Li) {
			return line
		}
		return blank
	case atom.Div, atom.Li, atom.Dt, atom.Dd, atom.Tr, atom.Td, atom.Th, atom.Tbody, atom.Thead, atom.Tfoot,
		atom.Caption, atom.Figcaption, atom.Form, atom.Address, atom.Center, atom.Summary, atom.Legend,
		atom.Option, atom.Optgroup, atom.Dialog, atom.Dir:
		return line
	case atom.Label:
		return space
	}
	return none
}

// language returns the language of a block of code, as its classes name it.
func language(pre *dom.Node) string {
	for n := pre; n != nil; n = n.FirstChild {
		for c := range strings.FieldsSeq(attr(n, "class")) {
			for _, p := range []string{"language-", "lang-", "highlight-source-", "brush:"} {
				if l, ok := strings.CutPrefix(c, p); ok && l != "" {
					return l
				}
			}
		}
		if n.FirstChild == nil || n.FirstChild.DataAtom != atom.Code {
			break
		}
	}
	return ""
}

func attr(n *dom.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func isSpace(r rune) bool {
	if r < 0x80 {
		return r == ' ' || r >= '\t' && r <= '\r' || r == 0
	}
	return unicode.IsSpace(r) // no-break spaces too, so that quotes and searches match
}

// isInvisible reports whether r only hints at where a word may break, or is a
// mark of byte order.
func isInvisible(r rune) bool {
	return r == '\u00ad' || r == '\u200b' || r == '\ufeff' || r < ' ' || r == 0x7f
}

// textOf returns the words below n.
func textOf(root *dom.Node) string {
	var b strings.Builder
	for n := root; n != nil; n = next(n, root) {
		if n.Type == dom.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
