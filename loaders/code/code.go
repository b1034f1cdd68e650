// Package code reads source code and configuration: text whose lines are
// numbered, and whose functions and types are found where the language is
// known.
//
// A definition is a span of kind [loaders.Symbol]: its Label is the qualified
// name ("http.Client.Do", "Stack.push"), its range holds the comment, the
// attributes and the body, and spans of members lie inside of that of their
// type. What is between the outermost definitions, such as imports, is in
// spans of kind [loaders.Code]. The Anchor of every span is the number of its
// first line, "L12"; the line of any byte inside of a span is that number plus
// the line ends between.
//
// Go is parsed by go/parser. Other languages are scanned by their lines,
// braces and indents, without a grammar: a definition that is written in an
// unusual way is then part of what surrounds it, and no text is ever lost.
package code

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/quarry-go/quarry/internal/charset"
	"github.com/quarry-go/quarry/loaders"
)

// Options says how source code is read. The zero value, and nil, is the
// default.
type Options struct {
	// Languages maps further extensions, with the dot and in lower case, or
	// whole file names in lower case, to the name of a language, as Meta names
	// it: {".inc": "php", "jenkinsfile": "groovy"}.
	Languages map[string]string
}

// Format returns the format of source code and configuration files. It is
// recognised by its extension or name, and scripts by the interpreter that
// their first line names. The parser is [New]'s.
func Format(o *Options) loaders.Format {
	p := newParser(o)
	return loaders.Format{
		Name:       "code",
		Extensions: p.names(),
		MIMEs:      []string{"application/json", "application/yaml", "application/toml", "text/css", "text/javascript", "text/x-go", "text/x-python"},
		Sniff:      func(head []byte) bool { return interpreted(head) != "" },
		Version:    p.version(),
		Parser:     loaders.Single("code", p.read),
	}
}

// New returns a parser that yields one document: the whole content as UTF-8,
// whatever its encoding. Line ends become LF, NUL is dropped, and what the
// encoding cannot explain becomes U+FFFD; a warning counts those. Offsets are
// into the text so made. Its Title is the file name, and its Meta has a
// "language" where one is known. Content that is not text gives a
// *[loaders.DocError] that wraps [loaders.ErrFormat]. Code that its language's
// compiler would refuse is read as far as it makes sense.
func New(o *Options) loaders.Parser { return loaders.Single("code", newParser(o).read) }

type source struct{ languages map[string]string }

func (p *source) read(ctx context.Context, in loaders.Input) (loaders.Document, error) {
	d := in.Document()
	if err := in.Budget.Check(ctx); err != nil {
		return d, err
	}
	b, err := in.ReadAll()
	if err != nil {
		return d, err
	}
	if kind := loaders.Magic(b); kind != "" {
		return d, fmt.Errorf("%w: %s", loaders.ErrFormat, kind)
	}
	_, params, _ := mime.ParseMediaType(in.MIME)
	t, err := charset.Decode(b, params["charset"])
	if errors.Is(err, charset.ErrBinary) {
		return d, fmt.Errorf("%w: %w", loaders.ErrFormat, err)
	}
	if err != nil {
		return d, err
	}
	d.Text = t.Unix()
	if err := in.Budget.Text(len(d.Text)); err != nil {
		return d, err
	}
	d.Warnings = t.Warnings()
	d.Title = in.Name
	name := p.language(in.Name, b)
	if name != "" {
		d.Meta = map[string]any{"language": name}
	}
	s := &scan{ctx: ctx, budget: in.Budget, text: d.Text}
	if err := s.run(name); err != nil {
		return d, err
	}
	d.Spans = s.spans()
	return d, nil
}

// A scan finds the definitions in one text.
type scan struct {
	ctx     context.Context
	budget  *loaders.Budget
	text    string
	symbols []symbol
}

// A symbol is a definition: text[start:end] is all of it.
type symbol struct {
	name       string // qualified
	start, end int
}

func (s *scan) run(language string) error {
	var err error
	switch {
	case language == "go":
		s.golang()
	case language == "python":
		err = s.python()
	case language == "sql":
		err = s.sql()
	case bracedLanguages[language] != nil:
		err = s.braced(bracedLanguages[language])
	case blockedLanguages[language] != nil:
		err = s.blocked(blockedLanguages[language])
	}
	if err != nil {
		return err
	}
	return s.budget.Check(s.ctx)
}

// spans returns the symbols, and what is between the outermost of them.
func (s *scan) spans() []loaders.Span {
	spans := make([]loaders.Span, 0, 2*len(s.symbols)+1)
	for _, y := range s.symbols {
		spans = append(spans, loaders.Span{Kind: loaders.Symbol, Start: y.start, End: y.end, Label: y.name})
	}
	loaders.SortSpans(spans)
	at := 0
	for _, y := range spans[:len(spans):len(spans)] {
		if y.Start > at {
			spans = s.between(spans, at, y.Start)
		}
		at = max(at, y.End)
	}
	spans = s.between(spans, at, len(s.text))
	loaders.SortSpans(spans)
	line, at := 1, 0
	for i := range spans {
		line += strings.Count(s.text[at:spans[i].Start], "\n")
		at = spans[i].Start
		spans[i].Anchor = fmt.Sprintf("L%d", line)
	}
	return spans
}

// between adds text[start:end] as code, without the blank lines around it.
func (s *scan) between(spans []loaders.Span, start, end int) []loaders.Span {
	body := strings.TrimRight(s.text[start:end], " \t\n\f\v")
	for {
		line, rest, ok := strings.Cut(body, "\n")
		if !ok || strings.TrimSpace(line) != "" {
			break
		}
		start += len(line) + 1
		body = rest
	}
	if body == "" {
		return spans
	}
	return append(spans, loaders.Span{Kind: loaders.Code, Start: start, End: start + len(body)})
}
