package pdf

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/ledongthuc/pdf"
	"github.com/quarry-go/quarry/loaders"
)

// Options sets how PDF is read. The zero value is the default, and so is nil.
type Options struct {
	// Password opens encrypted files, as the user or the owner; files that
	// open without one need none.
	Password string
}

// Format returns the PDF format: its extension, media types and signature,
// and the parser that [New] returns.
func Format(o *Options) loaders.Format {
	return loaders.Format{
		Name:       "pdf",
		Extensions: []string{".pdf"},
		MIMEs:      []string{"application/pdf", "application/x-pdf"},
		Sniff:      sniff,
		Version:    "pdf/1",
		Parser:     New(o),
	}
}

// sniff takes the signature at the beginning for certain. Behind other bytes it
// may be a string in somebody's source code; then the name has to tell.
func sniff(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(head, "\ufeff\x00 \t\r\n"), []byte("%PDF-"))
}

// New returns a parser of PDF. A file gives one document, with a Page span for
// each page that has text: its Label is the page's label, its Anchor
// "page=12", which counts from 1. Meta holds "pages", their number, and of the
// file's own description "author", "subject" and "keywords".
//
// A page that cannot be read costs that page and gives a warning, as do pages
// without text among pages with some. Where the whole file cannot be read the
// error is [loaders.ErrFormat] for what is no PDF or has no page left,
// [loaders.ErrEncrypted] for one that the password does not open,
// [loaders.ErrNoText] for one without text, as scanned pages are, and
// [loaders.ErrBudget] for one that would take too much.
func New(o *Options) loaders.Parser {
	if o == nil {
		o = &Options{}
	}
	return loaders.Single("pdf", parser{*o}.parse)
}

type parser struct{ o Options }

// parse reads a file. The recover is for what stands between the pages; a
// panic in one costs that one.
func (p parser) parse(ctx context.Context, in loaders.Input) (d loaders.Document, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", loaders.ErrFormat, r)
		}
	}()
	if err := in.Budget.Check(ctx); err != nil {
		return d, err
	}
	b, err := in.ReadAll()
	if err != nil {
		return d, err
	}
	im, err := open(ctx, b, in.Budget, p.o.Password)
	if err != nil {
		return d, err
	}
	pages := im.pages()
	if len(pages) == 0 {
		return d, fmt.Errorf("%w: no page in it", loaders.ErrFormat)
	}
	d = in.Document()
	im.describe(&d, in.Name)
	d.Meta["pages"] = int64(len(pages))
	err = im.read(&d, pages)
	return d, err
}

// read puts the text of the pages into d.
func (im *image) read(d *loaders.Document, pages []leafPage) error {
	labels := im.labels(len(pages))
	in := &interpreter{im: im, fonts: map[string]*font{}}
	var text strings.Builder
	var empty, failed int
	for i, p := range pages {
		if err := im.budget.Check(im.ctx); err != nil {
			return err
		}
		t, err := in.text(p)
		switch {
		case err != nil && ended(err):
			return err
		case err != nil:
			failed++
			d.Warnings = append(d.Warnings, fmt.Sprintf("page %d: %v", i+1, err))
			continue
		case t == "":
			empty++
			continue
		}
		if err := im.budget.Text(len(t)); err != nil {
			return err
		}
		if text.Len() > 0 {
			text.WriteString("\n\n")
		}
		start := text.Len()
		text.WriteString(t)
		d.Spans = append(d.Spans, loaders.Span{Kind: loaders.Page, Start: start, End: text.Len(), Label: labels[i], Anchor: fmt.Sprintf("page=%d", i+1)})
	}
	d.Text = text.String()
	switch {
	case d.Text == "" && failed > 0:
		return fmt.Errorf("%w: %s", loaders.ErrFormat, d.Warnings[0])
	case d.Text == "":
		return fmt.Errorf("%w in %d pages with %d pictures", loaders.ErrNoText, len(pages), in.pictures)
	case empty > 0:
		d.Warnings = append(d.Warnings, fmt.Sprintf("%d of %d pages have no text", empty, len(pages)))
	}
	return nil
}

// text returns the text of a page. A panic in the page is its error.
func (in *interpreter) text(p leafPage) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	glyphs, err := in.page(p)
	if err != nil {
		return "", err
	}
	return layout(glyphs), nil
}

// describe fills in what the file says of itself.
func (im *image) describe(d *loaders.Document, fileName string) {
	d.Meta = map[string]any{}
	info, catalog := get(im.reader.Trailer(), "Info"), get(im.reader.Trailer(), "Root")
	d.Title = strings.TrimPrefix(textOf(get(info, "Title")), "Microsoft Word - ")
	if d.Title == "" || strings.EqualFold(d.Title, "untitled") {
		d.Title = fileName
	}
	for key, name := range map[string]string{"author": "Author", "subject": "Subject", "keywords": "Keywords"} {
		if s := textOf(get(info, name)); s != "" {
			d.Meta[key] = s
		}
	}
	if lang := get(catalog, "Lang"); lang.Kind() == pdf.String {
		if tag := textOf(lang); isLanguage(tag) {
			d.Lang = tag
		}
	}
}

// isLanguage reports whether s has the form of a BCP 47 tag.
func isLanguage(s string) bool {
	first, _, _ := strings.Cut(s, "-")
	return len(first) >= 2 && len(first) <= 3 && len(s) <= 35 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
}
