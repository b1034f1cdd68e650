package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/quarry-go/quarry/loaders"
)

// A file is one entry of the tree that can be loaded.
type file struct {
	id   string      // of its Ref
	name string      // path as it is written in the tree, through links
	path string      // path without links
	info fs.FileInfo // of the file itself, not of a link to it; nil if unknown
}

// A folder is a directory on the way down.
type folder struct {
	id, name, path string
	included       bool // an Include fits it
	rules          rules
	above          *folder
}

// A walk is one listing under way.
type walk struct {
	*lister
	ctx              context.Context
	tree             *tree
	settings         string // fingerprint of what shapes every document
	include, exclude rules
	linked           map[string]bool // folders that a link led to, by path
	visit            func(*file) bool
	fail             func(error) bool
}

// List implements [loaders.Lister].
func (l *lister) List(ctx context.Context) iter.Seq2[loaders.Ref, error] {
	return func(yield func(loaders.Ref, error) bool) {
		w := &walk{lister: l, ctx: ctx, fail: func(err error) bool { return yield(loaders.Ref{}, err) }}
		w.visit = func(f *file) bool {
			v := w.version(f)
			if ctx.Err() != nil {
				return w.end(ctx.Err())
			}
			return yield(l.ref(f, v), nil)
		}
		w.run()
	}
}

// Load implements [loaders.Loader].
func (l *lister) Load(ctx context.Context) iter.Seq2[loaders.Document, error] {
	return func(yield func(loaders.Document, error) bool) {
		w := &walk{lister: l, ctx: ctx, fail: func(err error) bool { return yield(loaders.Document{}, err) }}
		w.visit = func(f *file) bool {
			for d, err := range l.load(ctx, f) {
				if !yield(d, err) {
					return false
				}
				if err != nil && !isDocError(err) {
					return false
				}
			}
			return true
		}
		w.run()
	}
}

func isDocError(err error) bool {
	_, ok := errors.AsType[*loaders.DocError](err)
	return ok
}

// run walks the whole tree.
func (w *walk) run() {
	if err := w.ctx.Err(); err != nil {
		w.end(err)
		return
	}
	var err error
	if w.include, err = parseGlobs("include", w.o.Include); err != nil {
		w.end(err)
		return
	}
	if w.exclude, err = parseGlobs("exclude", w.o.Exclude); err != nil {
		w.end(err)
		return
	}
	if w.tree, err = w.open(); err != nil {
		w.end(err)
		return
	}
	defer w.tree.close()
	w.settings = w.fingerprint()
	w.linked = map[string]bool{}
	root := &folder{name: ".", path: ".", included: len(w.include) == 0}
	if !w.o.Hidden {
		root.rules = rules{{glob: glob{".*"}, name: true, source: "hidden"}}
	}
	if !w.folder(root) {
		return
	}
	if err := w.tree.check(); err != nil {
		w.end(err)
	}
}

// end yields an error that ends the listing.
func (w *walk) end(err error) bool {
	w.fail(fmt.Errorf("files: list: %w", err))
	return false
}

// skip yields the error of one file.
func (w *walk) skip(id, name string, err error) bool {
	return w.fail(&loaders.DocError{Ref: id, URI: w.uriOf(name), Err: err})
}

// unknown yields the error of all that begins with prefix.
func (w *walk) unknown(prefix, name string, err error) bool {
	return w.fail(&loaders.DocError{Ref: prefix, URI: w.uriOf(name), Err: err, Prefix: true})
}

// leave leaves an entry out, by a rule.
func (w *walk) leave(e *entry, rule string) bool {
	if w.o.Excluded != nil {
		w.o.Excluded(e.id, rule)
	}
	return true
}

// folder lists d and all that is in it. It reports whether to go on.
func (w *walk) folder(d *folder) bool {
	entries, err := fs.ReadDir(w.tree.fsys, d.path)
	if err == nil {
		err = w.readIgnores(d, entries)
	}
	if err != nil {
		if w.ctx.Err() != nil || d.above == nil {
			return w.end(cmp.Or(w.ctx.Err(), err))
		}
		return w.unknown(d.id+"/", d.name, err)
	}
	ids := composed(entries)
	found := make([]*entry, 0, len(entries))
	for i, e := range entries {
		if e := w.look(d, e, ids[i]); e != nil {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *entry) int { return strings.Compare(a.key(), b.key()) })
	for _, e := range found {
		if err := w.ctx.Err(); err != nil {
			return w.end(err)
		}
		if !w.entry(d, e) {
			return false
		}
	}
	return true
}

// An entry is what one name in a folder turned out to be.
type entry struct {
	file
	link bool
	err  error // why it cannot be listed
}

func (e *entry) isDir() bool { return e.info != nil && e.info.IsDir() }

// key sorts entries so that all IDs come in bytewise order.
func (e *entry) key() string {
	if e.isDir() {
		return e.id + "/"
	}
	return e.id
}

// look finds out what an entry is; nil if it has gone.
func (w *walk) look(d *folder, de fs.DirEntry, id string) *entry {
	e := &entry{file: file{id: path.Join(d.id, id), name: path.Join(d.name, de.Name()), path: path.Join(d.path, de.Name())}}
	e.info, e.err = de.Info()
	if errors.Is(e.err, fs.ErrNotExist) {
		return nil
	}
	if e.err != nil || e.info.Mode()&fs.ModeSymlink == 0 {
		return e
	}
	e.link = true
	if w.o.SkipSymlinks {
		e.err = fmt.Errorf("%w: symbolic link", loaders.ErrSkipped)
		return e
	}
	target, err := resolve(w.tree.fsys, e.path)
	if err == nil {
		e.path = target
		e.info, err = fs.Stat(w.tree.fsys, target)
	}
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errOutside), errors.Is(err, errLoop), errors.Is(err, errors.ErrUnsupported):
		e.err = fmt.Errorf("%w: symbolic link: %w", loaders.ErrSkipped, err)
	default:
		e.err = err
	}
	return e
}

// entry lists one entry of d. It reports whether to go on.
func (w *walk) entry(d *folder, e *entry) bool {
	base := path.Base(e.name)
	if strings.Contains("/"+e.path+"/", "/.git/") { // of its own name, or through a link
		return w.leave(e, "git's own")
	}
	if !utf8.ValidString(base) {
		err := fmt.Errorf("%w: %w: the name %q is not UTF-8", loaders.ErrSkipped, loaders.ErrInvalid, base)
		return w.skip(strings.ToValidUTF8(e.id, "\ufffd"), "", err)
	}
	name := norm.NFC.String(e.id) // as the rules are
	r := w.exclude.find(name, e.isDir())
	if r == nil {
		r = d.rules.find(name, e.isDir())
	}
	if r != nil && !r.keep {
		return w.leave(e, r.source)
	}
	included := d.included
	if r := w.include.find(name, e.isDir()); r != nil {
		included = !r.keep
	}
	if e.err != nil && !errors.Is(e.err, loaders.ErrSkipped) && (included || w.include.within(name)) {
		return w.unknown(e.id, e.name, e.err)
	}
	if e.isDir() {
		if !included && !w.include.within(name) {
			return w.leave(e, "no include fits")
		}
		sub := &folder{id: e.id, name: e.name, path: e.path, included: included, rules: d.rules, above: d}
		if e.link {
			if err := w.follow(sub); err != nil {
				return w.skip(e.id, e.name, err)
			}
		}
		return w.folder(sub)
	}
	if !included {
		return w.leave(e, "no include fits")
	}
	switch {
	case e.err != nil:
		return w.skip(e.id, e.name, e.err)
	case !e.info.Mode().IsRegular():
		return w.skip(e.id, e.name, fmt.Errorf("%w: not a regular file: %v", loaders.ErrSkipped, e.info.Mode().Type()))
	case e.info.Size() > w.o.MaxSize:
		return w.skip(e.id, e.name, fmt.Errorf("%w: %w: %d bytes, limit %d", loaders.ErrSkipped, loaders.ErrBudget, e.info.Size(), w.o.MaxSize))
	}
	return w.visit(&e.file)
}

// composed returns the names of entries in form NFC, save those whose composed
// name another entry has, too.
func composed(entries []fs.DirEntry) []string {
	taken := make(map[string]int, len(entries))
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = norm.NFC.String(e.Name())
		taken[names[i]]++
	}
	for i, e := range entries {
		if taken[names[i]] > 1 {
			names[i] = e.Name()
		}
	}
	return names
}
