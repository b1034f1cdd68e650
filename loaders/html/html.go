package html

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/quarry-go/quarry/loaders"
	dom "golang.org/x/net/html"
)

// Options sets how pages are read. The zero value is the default, and so is
// nil.
type Options struct {
	// Whole keeps the text of the whole page, save what is hidden or only
	// navigates, and does not look for an article in it.
	Whole bool
	// Links makes a span of every link that leads to another page.
	Links bool
}

// Format returns the HTML format: its extensions, media types and first
// bytes, and the parser that [New] returns.
func Format(o *Options) loaders.Format {
	if o == nil {
		o = &Options{}
	}
	return loaders.Format{
		Name:       "html",
		Extensions: []string{".html", ".htm", ".xhtml", ".xht", ".shtml"},
		MIMEs:      []string{"text/html", "application/xhtml+xml"},
		Sniff:      sniff,
		Version:    fmt.Sprintf("html/1 %t %t", o.Whole, o.Links),
		Parser:     New(o),
	}
}

// New returns a parser of HTML and XHTML. A page gives one document. Its Meta
// holds what the page says of itself: "canonical", "description", "author"
// and "published", a time.Time.
//
// A page without text is [loaders.ErrNoText]. One whose elements nest deeper
// than the budget's MaxDepth, or than 512 in any case, is
// [loaders.ErrBudget].
func New(o *Options) loaders.Parser {
	if o == nil {
		o = &Options{}
	}
	return loaders.Single("html", (&parser{*o}).parse)
}

type parser struct{ o Options }

func (p *parser) parse(ctx context.Context, in loaders.Input) (none loaders.Document, err error) {
	raw, err := in.ReadAll()
	if err != nil {
		return none, err
	}
	src, warnings, err := decode(raw, in.MIME)
	if err != nil {
		return none, err
	}
	root, err := parseTree(ctx, in.Budget, src)
	if err != nil {
		return none, err
	}
	about := readHead(root, in.URI)
	annotate(root)

	w := writer{ctx: ctx, budget: in.Budget}
	if p.o.Links {
		w.resolve = about.resolve
	}
	page, err := w.write(root)
	if err != nil {
		return none, err
	}
	if !p.o.Whole {
		if page, err = mainContent(&w, root, page); err != nil {
			return none, err
		}
	}
	if page.text == "" {
		return none, loaders.ErrNoText
	}
	if err := in.Budget.Text(len(page.text)); err != nil {
		return none, err
	}
	d := in.Document()
	about.fill(&d)
	d.Warnings = warnings
	d.Text, d.Spans = page.text, page.spans
	if d.Title == "" {
		d.Title = page.firstHeading()
	}
	return d, nil
}

// parseTree parses src and refuses what nests too deep, so that everything
// after it may recurse.
func parseTree(ctx context.Context, b *loaders.Budget, src string) (*dom.Node, error) {
	root, err := dom.Parse(&checkedReader{ctx, b, strings.NewReader(src)})
	switch {
	case err == nil:
	case ctx.Err() != nil || errors.Is(err, loaders.ErrBudget):
		return nil, err
	default: // the only failure of its own is an element stack over 512
		return nil, fmt.Errorf("%w: %w", loaders.ErrBudget, err)
	}
	depth := 0
	for n, down := root, true; n != nil; {
		if down && n.FirstChild != nil {
			n = n.FirstChild
			depth++
			if err := b.Depth(depth); err != nil {
				return nil, err
			}
			continue
		}
		if n == root {
			break
		}
		if n.NextSibling != nil {
			n, down = n.NextSibling, true
			continue
		}
		n, down = n.Parent, false
		depth--
	}
	return root, nil
}

// A checkedReader ends when the context or the time of the budget does.
type checkedReader struct {
	ctx    context.Context
	budget *loaders.Budget
	r      io.Reader
}

func (c *checkedReader) Read(p []byte) (int, error) {
	if err := c.budget.Check(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// sniff knows a page by its document type or root element, after white space,
// an XML declaration and comments.
func sniff(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for {
		head = bytes.TrimLeft(head, " \t\r\n\f")
		var end []byte
		switch {
		case bytes.HasPrefix(head, []byte("<?xml")):
			end = []byte("?>")
		case bytes.HasPrefix(head, []byte("<!--")):
			end = []byte("-->")
		default:
			return hasTag(head, "<!doctype html") || hasTag(head, "<html")
		}
		_, rest, ok := bytes.Cut(head, end)
		if !ok {
			return false
		}
		head = rest
	}
}

func hasTag(b []byte, tag string) bool {
	return len(b) > len(tag) && bytes.EqualFold(b[:len(tag)], []byte(tag)) && bytes.IndexByte([]byte(" \t\r\n\f>"), b[len(tag)]) >= 0
}
