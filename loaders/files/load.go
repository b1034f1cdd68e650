package files

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

func (l *lister) uriOf(name string) string {
	if l.uri == "" || name == "" {
		return ""
	}
	return l.uri + "/" + escapePath(name)
}

func (l *lister) ref(f *file, version string) loaders.Ref {
	return loaders.Ref{
		ID:      f.id,
		URI:     l.uriOf(f.name),
		Version: version,
		Load:    func(ctx context.Context) iter.Seq2[loaders.Document, error] { return l.load(ctx, f) },
	}
}

// load yields the documents of f.
func (l *lister) load(ctx context.Context, f *file) iter.Seq2[loaders.Document, error] {
	return func(yield func(loaders.Document, error) bool) {
		fail := func(err error) bool {
			if ctx.Err() != nil {
				yield(loaders.Document{}, fmt.Errorf("files: %s: %w", f.id, ctx.Err()))
				return false
			}
			if !isDocError(err) {
				err = &loaders.DocError{Ref: f.id, URI: l.uriOf(f.name), Err: err}
			}
			return yield(loaders.Document{}, err)
		}
		if ctx.Err() != nil {
			fail(ctx.Err())
			return
		}
		tree, err := l.open()
		if err != nil {
			fail(err)
			return
		}
		defer tree.close()
		in, done, err := l.input(tree, f)
		if err != nil {
			fail(err)
			return
		}
		defer done()
		principals, meta := l.extras(f)
		for d, err := range l.o.Formats.Parse(ctx, in) {
			if err != nil {
				if !fail(err) || !isDocError(err) {
					return
				}
				continue
			}
			if len(principals) > 0 {
				d.Principals = slices.Clone(principals)
			}
			if len(meta) > 0 {
				if d.Meta == nil {
					d.Meta = map[string]any{}
				}
				maps.Copy(d.Meta, loaders.Document{Meta: meta}.Clone().Meta)
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

// extras returns what Options add to the documents of f.
func (l *lister) extras(f *file) (principals []string, meta map[string]any) {
	if l.o.Principals != nil {
		principals = l.o.Principals(f.id)
	}
	if l.o.Meta != nil {
		meta = l.o.Meta(f.id, f.info)
	}
	return principals, meta
}

// input opens f for a parser. The caller calls done once it is through.
func (l *lister) input(tree *tree, f *file) (in loaders.Input, done func(), err error) {
	r, err := openRegular(tree.fsys, f.path)
	if err != nil {
		return in, nil, err
	}
	info, err := r.Stat()
	if err != nil {
		r.Close()
		return in, nil, err
	}
	in = loaders.Input{
		Ref:      f.id,
		URI:      l.uriOf(f.name),
		Name:     path.Base(f.id),
		Modified: info.ModTime(),
		Trust:    l.o.Trust,
		Size:     info.Size(),
		Budget:   loaders.NewBudget(l.o.Limits),
		Parsers:  l.o.Formats,
	}
	if l.o.Hash {
		in.Modified = time.Time{}
	}
	if ra, ok := r.(io.ReaderAt); ok {
		in.ReaderAt = ra
		return in, func() { r.Close() }, nil
	}
	defer r.Close()
	if err := in.Budget.Input(in.Size); err != nil {
		return in, nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, in.Size))
	if err != nil {
		return in, nil, err
	}
	in.ReaderAt, in.Size = bytes.NewReader(b), int64(len(b))
	return in, func() {}, nil
}

// openRegular opens a file and makes sure that it is one: opening a pipe would
// wait for its writer.
func openRegular(fsys fs.FS, name string) (fs.File, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: not a regular file: %v", loaders.ErrSkipped, info.Mode().Type())}
	}
	return fsys.Open(name)
}
