package html

import (
	readability "codeberg.org/readeck/go-readability/v2"
	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// mainContent returns the main content of a page whose whole text is given.
//
// A work of reference is kept whole, or what its main element holds of it.
// Anywhere else it is the article that go-readability finds, as long as that
// is a fair part of the page's prose: a quarter, or a tenth where it is long
// enough to be an article for certain. What is in links does not count: pages
// of news have far more of that than of news.
func mainContent(w *writer, root *dom.Node, whole page) (page, error) {
	reference := isReference(root)
	find := findArticle
	if reference || len(whole.text) > maxArticle {
		find = findMain
	}
	if err := w.budget.Check(w.ctx); err != nil {
		return page{}, err
	}
	node := find(root)
	if node == nil {
		return whole, nil
	}
	part, err := w.write(node)
	if err != nil {
		return page{}, err
	}
	least := whole.prose / 4
	switch {
	case reference:
		least = whole.prose / 2
	case part.prose >= longArticle:
		least = whole.prose / 10
	}
	if part.prose < least || part.text == "" {
		return whole, nil
	}
	return part, nil
}

const (
	maxArticle  = 1 << 20 // bytes of text above which no article is looked for, since that copies the page several times
	longArticle = 2000    // bytes of prose
)

// isReference reports whether a page is a work of reference, such as the
// documentation of a program: most of its headings, and at least three, can be
// linked to. The rules that find articles take its tables, lists and short
// sections for clutter.
func isReference(root *dom.Node) bool {
	headings, linkable := 0, 0
	for n := root; n != nil; n = next(n, root) {
		if headingLevel(n) == 0 {
			continue
		}
		headings++
		if ident(n) != "" || identBelow(n) != "" || n.Parent.DataAtom == atom.Section && ident(n.Parent) != "" {
			linkable++
		}
	}
	return linkable >= 3 && linkable*2 >= headings
}

// findMain returns the element that the page itself marks as its main
// content, or nil.
func findMain(root *dom.Node) *dom.Node {
	for n := root; n != nil; n = next(n, root) {
		if n.DataAtom == atom.Main || attr(n, "role") == "main" {
			return n
		}
	}
	return nil
}

// findArticle returns a cleaned copy of the main content, or nil. The library
// walks trees that nobody has walked before: should it panic, the page has no
// article.
func findArticle(root *dom.Node) (article *dom.Node) {
	defer func() {
		if recover() != nil {
			article = nil
		}
	}()
	p := readability.NewParser()
	p.DisableJSONLD = true
	a, err := p.ParseDocument(root, nil)
	if err != nil {
		return nil
	}
	return a.Node
}
