// Package text reads plain text in any character encoding.
package text

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"path"
	"strings"
	"unicode"

	"github.com/quarry-go/quarry/internal/charset"
	"github.com/quarry-go/quarry/loaders"
)

// Options says how text is read. The zero value, and nil, is the default.
type Options struct {
	// Charset is the encoding of content that carries no byte order mark and
	// whose source names none, as the WHATWG Encoding Standard calls it:
	// "gbk", "windows-1252". Empty: it is detected.
	Charset string
	// Extensions are read as text beside the usual ones: with the dot, in
	// lower case.
	Extensions []string
}

// Format returns the format of plain text: .txt, .log, .rst and the like, and,
// by its Guess, whatever looks like text and no other format claims. The
// parser is [New]'s.
func Format(o *Options) loaders.Format {
	if o == nil {
		o = &Options{}
	}
	return loaders.Format{
		Name:       "text",
		Extensions: append(extensions(), o.Extensions...),
		MIMEs:      []string{"text/plain"},
		Guess:      charset.IsText,
		Version:    "text/1 " + o.Charset,
		Parser:     New(o),
	}
}

func extensions() []string {
	return []string{
		".txt", ".text", ".log", ".rst", ".rest", ".adoc", ".asciidoc", ".org", ".textile", ".tex", ".pod",
		"readme", "license", "licence", "copying", "notice", "authors", "contributors", "changelog", "changes",
		"news", "todo", "install", "patents", "version", "maintainers", "codeowners",
	}
}

// New returns a parser that yields one document: the whole content as
// UTF-8, whatever its encoding (a byte order mark decides, else the media
// type's charset, else Options.Charset, else what the bytes look like).
//
// Line ends become LF, NUL is dropped, and what the encoding cannot explain
// becomes U+FFFD; a warning counts those. Offsets are into the text so made.
// The title is the first line where it reads like one, else the file name. A
// content without text gives a document without text. Content that is not text
// gives a *[loaders.DocError] that wraps [loaders.ErrFormat].
func New(o *Options) loaders.Parser {
	if o == nil {
		o = &Options{}
	}
	return loaders.Single("text", parser{charset: o.Charset}.read)
}

type parser struct{ charset string }

func (p parser) read(ctx context.Context, in loaders.Input) (loaders.Document, error) {
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
	label := p.charset
	if _, params, err := mime.ParseMediaType(in.MIME); err == nil && params["charset"] != "" {
		label = params["charset"]
	}
	t, err := charset.Decode(b, label)
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
	if err := in.Budget.Check(ctx); err != nil {
		return d, err
	}
	d.Warnings = t.Warnings()
	d.Title = title(d.Text, in.Name)
	return d, nil
}

// title returns the first line of text that is not blank, where it reads like
// a title: short, alone or underlined, and with a letter in it. Otherwise it
// is the file's name.
func title(text, name string) string {
	if strings.EqualFold(path.Ext(name), ".log") {
		return name
	}
	first, rest, _ := strings.Cut(strings.TrimLeft(text, "\n\t\f "), "\n")
	first = strings.Trim(first, "#=*- \t")
	second, _, _ := strings.Cut(rest, "\n")
	second = strings.TrimSpace(second)
	if first == "" || len(first) > 100 || strings.Trim(second, "=-~#*^\"") != "" || !strings.ContainsFunc(first, unicode.IsLetter) {
		return name
	}
	return first
}
