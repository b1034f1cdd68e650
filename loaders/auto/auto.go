// Package auto joins every parser of Quarry: whoever imports it links them all.
//
// A program that needs a few formats only lists those itself, in
// files.Options.Formats, and links nothing else.
package auto

import (
	"io/fs"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/code"
	"github.com/quarry-go/quarry/loaders/files"
	"github.com/quarry-go/quarry/loaders/html"
	"github.com/quarry-go/quarry/loaders/markdown"
	"github.com/quarry-go/quarry/loaders/pdf"
	"github.com/quarry-go/quarry/loaders/text"
)

// Options says which files are read and how each format is. The zero value,
// and nil, is the default.
type Options struct {
	// Options says which files are read. Its Formats come before those of
	// this package, so that they win where both fit.
	files.Options

	PDF      *pdf.Options
	HTML     *html.Options
	Markdown *markdown.Options
	Code     *code.Options
	Text     *text.Options
}

// Dir returns the documents of a folder, as [files.Dir] says.
func Dir(dir string, o *Options) loaders.Lister { return files.Dir(dir, o.files()) }

// FS returns the documents of a file system, as [files.FS] says.
func FS(fsys fs.FS, o *Options) loaders.Lister { return files.FS(fsys, o.files()) }

func (o *Options) files() *files.Options {
	if o == nil {
		o = &Options{}
	}
	f := o.Options
	f.Formats = Formats(o)
	return &f
}

// Formats returns Options.Formats and then all of this package's: those that a
// signature tells for certain first, and last the one that reads whatever
// looks like text.
func Formats(o *Options) loaders.Formats {
	if o == nil {
		o = &Options{}
	}
	fs := append(loaders.Formats(nil), o.Formats...)
	return append(fs,
		pdf.Format(o.PDF),
		html.Format(o.HTML),
		markdown.Format(o.Markdown),
		code.Format(o.Code),
		text.Format(o.Text),
	)
}
