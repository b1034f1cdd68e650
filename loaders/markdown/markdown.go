package markdown

import (
	"context"
	"fmt"
	"mime"
	"strings"

	"github.com/quarry-go/quarry/internal/charset"
	"github.com/quarry-go/quarry/loaders"
)

// Options sets how Markdown is read. The zero value is the default, and so is
// nil.
type Options struct {
	// Charset is the encoding of files that tell none and are not UTF-8, such
	// as "gbk"; empty: the likeliest.
	Charset string
}

// Format returns the Markdown format: its extensions and media types, and the
// parser that [New] returns.
func Format(o *Options) loaders.Format {
	if o == nil {
		o = &Options{}
	}
	return loaders.Format{
		Name:       "markdown",
		Extensions: []string{".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdx", ".qmd", ".rmd"},
		MIMEs:      []string{"text/markdown", "text/x-markdown"},
		Version:    "markdown/1 " + o.Charset,
		Parser:     New(o),
	}
}

// New returns a parser that yields one document: the source without its front
// matter, with the structure of it as spans.
//
// Front matter in YAML gives Title, Lang and Meta: its keys with '-' as '_',
// and those values that are text, numbers, truth values, dates or lists of
// them. Others are left out with a warning. The Title is that of the
// front matter, else the first heading, else the name of the file.
//
// A Heading covers its line or lines and has as Anchor the id that the source
// gives it, else the one that GitHub makes of its text. Code covers the fences
// too and has the language as Label, a Table its ruled head too, a Row one
// line of it, a Footnote its mark too and has that as Label. Lists have as
// Level how deep they nest.
//
// Content that is not text is [loaders.ErrFormat]. An empty one gives a
// document without text.
func New(o *Options) loaders.Parser {
	if o == nil {
		o = &Options{}
	}
	return loaders.Single("markdown", parser{*o}.parse)
}

type parser struct{ o Options }

func (p parser) parse(ctx context.Context, in loaders.Input) (loaders.Document, error) {
	d := in.Document()
	if err := in.Budget.Check(ctx); err != nil {
		return d, err
	}
	b, err := in.ReadAll()
	if err != nil {
		return d, err
	}
	label := p.o.Charset
	if _, params, err := mime.ParseMediaType(in.MIME); err == nil && params["charset"] != "" {
		label = params["charset"]
	}
	t, err := charset.Decode(b, label)
	if err != nil {
		return d, fmt.Errorf("%w: %w", loaders.ErrFormat, err)
	}
	d.Warnings = t.Warnings()
	d.Text = t.Unix()
	body := readFront(&d)
	if err := in.Budget.Text(len(d.Text)); err != nil {
		return d, err
	}

	s := scanner{src: d.Text, defined: map[string]bool{}}
	for start, n := body, 0; start < len(d.Text); n++ {
		if n%4096 == 0 {
			if err := in.Budget.Check(ctx); err != nil {
				return d, err
			}
		}
		end := len(d.Text)
		if i := strings.IndexByte(d.Text[start:], '\n'); i >= 0 {
			end = start + i
		}
		s.scan(start, end)
		start = end + 1
	}
	s.finish()
	s.label()
	d.Spans = s.result()
	if d.Title == "" {
		d.Title = in.Name
		for _, sp := range d.Spans {
			if sp.Kind == loaders.Heading {
				d.Title = sp.Label
				break
			}
		}
	}
	return d, nil
}

// result returns the spans that hold something, in order.
func (s *scanner) result() []loaders.Span {
	spans := s.spans[:0]
	for _, sp := range s.spans {
		if sp.End > sp.Start && (sp.Kind != loaders.Heading || sp.Label != "") {
			spans = append(spans, sp)
		}
	}
	loaders.SortSpans(spans)
	return spans
}
