// Package files loads the documents of a folder, on disk or in any [fs.FS].
//
// What is there is listed without being read: a file whose size and times did
// not change since the last listing keeps its version, and whoever keeps track
// of versions, as a knowledge base does, never opens it again.
//
// Every file of the folder ends in one of three ways: it gives documents, it
// gives a *[loaders.DocError] that says why it gives none, or a rule of
// [Options] (globs, ignore files, hidden names) says that it is no part of the
// source. Nothing else is left out.
package files

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

// Options says which files are read, and how. The zero value is the default;
// only Formats has to be given for a file to be readable.
type Options struct {
	// Formats reads the files. Package loaders/auto lists all there are.
	Formats loaders.Formats
	// Limits bounds what one file may cost to read.
	Limits loaders.Limits
	// MaxSize is the size in bytes over which a file is left out unopened, with
	// a *[loaders.DocError] that wraps [loaders.ErrSkipped] and
	// [loaders.ErrBudget]; 0 means Limits.MaxInput.
	MaxSize int64

	// Include and Exclude are globs over slash-separated paths relative to the
	// root, each in the syntax of one line of .gitignore: * and ? within a name,
	// ** over folders, [a-z]; one without a slash fits names in any folder, one
	// with a slash at its end folders only; what fits a folder stands for all
	// that is in it; the last that fits decides, and one that begins with ! turns
	// it round. With an Include, only files that it fits are read; what Exclude
	// fits is not. A malformed glob ends every listing with an error that wraps
	// [path.ErrBadPattern].
	//
	// Exclude comes after the ignore files, so "!dist/" takes back what a
	// .gitignore leaves out, and "!.github/" takes back a hidden folder.
	Include, Exclude []string
	// IgnoreFiles names the files whose lines say what to leave out of the
	// folder that they are in, as git reads .gitignore; a later name overrules an
	// earlier one. nil means ".gitignore"; an empty slice means none. Ignore
	// files above the root are not looked for.
	IgnoreFiles []string
	// Hidden reads files and folders whose name begins with a dot, too. One named
	// .git is never read.
	Hidden bool
	// SkipSymlinks leaves symbolic links out, each with a *[loaders.DocError]
	// that wraps [loaders.ErrSkipped]. Otherwise a link is followed to what it
	// points to inside the root, never out of it, and never round a loop.
	SkipSymlinks bool

	// URI is put before the path of a file, percent-encoded, to make the URI of
	// its documents: "https://example.org/docs" gives
	// https://example.org/docs/a%20b.md. Empty: a file URI for [Dir], none for
	// [FS].
	URI string
	// Trust is that of every document.
	Trust loaders.Trust
	// Principals says who may read a file, given the ID of its Ref; nil, and an
	// empty result, leave it at what the parser says, as a rule everyone. A
	// changed answer changes the Ref's version.
	Principals func(ref string) []string
	// Meta returns data to put into the Meta of a file's documents, over what
	// the parser found. It sees the ID of the Ref and what the file system says
	// of the file. A changed answer changes the Ref's version.
	Meta func(ref string, info fs.FileInfo) map[string]any
	// Hash makes every version a hash of the content, so that every file is
	// read at every listing: for sources whose times say nothing, such as a
	// fresh checkout whose documents should count as unchanged. Documents then
	// have no Modified.
	Hash bool
	// Excluded is called for each file or folder that a rule leaves out, with
	// its path and the rule, as in "docs/.gitignore:3: *.tmp" or "hidden". It
	// must be safe for concurrent use if listings run side by side.
	Excluded func(path, rule string)
}

// Dir returns the documents of the folder root. It is read through an
// [os.Root], so that no name, link or race leads out of it. Documents have
// file URIs where Options.URI is empty.
//
// Nothing is opened before a listing begins; a root that is missing, no folder
// or unreadable, and globs that are malformed, are the sole error of the
// listing. A listing whose root is replaced or goes away under it, as an
// unmounted volume does, ends with an error.
//
// See [FS] for everything else.
func Dir(root string, o *Options) loaders.Lister {
	l := newLister(o)
	if abs, err := filepath.Abs(root); err == nil && root != "" {
		root = abs // whatever becomes of the working directory
		if l.uri == "" {
			l.uri = fileURI(abs)
		}
	}
	l.open = func() (*tree, error) { return openDir(root) }
	return l
}

// FS returns the documents of a file system.
//
// Refs are listed in the order of their IDs, bytewise. The ID of a Ref is the
// slash-separated path of the file below the root, so it survives a move of
// the root, in Unicode form NFC, so that it survives the move to a file system
// that decomposes names, unless another entry of the same folder has that name
// already. The documents of a file are those of the first of Options.Formats
// that fits; they are read when the Ref is loaded, one file open at a time for
// each Load.
//
// The version of a Ref is made of the file's size, modification time and,
// where the system has them, inode and change time, and of all that shapes its
// documents: the formats, the URI, the answers of Options.Meta and
// Options.Principals. A modification time that is zero, in the future, or less
// than two seconds old when listed says nothing, since a second write might not
// change it; then the content is hashed instead, and the file is read once
// more when it has settled. The clocks of the machine and of the file system
// are taken to agree to within these two seconds.
//
// A *[loaders.DocError] that wraps [loaders.ErrSkipped] stands for each file
// that is over MaxSize, has a name that is not UTF-8, is a device, socket or
// pipe, or is a link that leads nowhere, out of the root or round a loop, or to
// a folder that another link gave already, or that is not to be followed. One
// whose Prefix is set stands for a folder that cannot be read or has an ignore
// file that cannot, and for an entry of which the system does not even say
// what it is: whatever is there is unknown. When a Ref is loaded, a file that
// has gone or cannot be opened, content that no format claims
// ([loaders.ErrNoParser]) and all that a parser objects to are DocErrors, too.
//
// Symbolic links need a file system that implements [fs.ReadLinkFS]; in
// others they are skipped.
func FS(fsys fs.FS, o *Options) loaders.Lister {
	l := newLister(o)
	l.open = func() (*tree, error) {
		if info, err := fs.Stat(fsys, "."); err != nil {
			return nil, err
		} else if !info.IsDir() {
			return nil, &fs.PathError{Op: "list", Path: info.Name(), Err: errNotDir}
		}
		return &tree{fsys: fsys, check: func() error { return nil }, close: func() {}}, nil
	}
	return l
}

// A lister implements [loaders.Lister]. It never changes once made.
type lister struct {
	o    Options
	uri  string // what the URIs begin with; "" for none
	open func() (*tree, error)
	now  func() time.Time
}

func newLister(o *Options) *lister {
	l := &lister{now: time.Now}
	if o != nil {
		l.o = *o
		l.o.Formats = slices.Clone(o.Formats)
		l.o.Include, l.o.Exclude = slices.Clone(o.Include), slices.Clone(o.Exclude)
		l.o.IgnoreFiles = slices.Clone(o.IgnoreFiles)
	}
	if l.o.IgnoreFiles == nil {
		l.o.IgnoreFiles = []string{".gitignore"}
	}
	if l.o.MaxSize <= 0 {
		l.o.MaxSize = loaders.NewBudget(l.o.Limits).Limits().MaxInput
	}
	l.uri = strings.TrimSuffix(l.o.URI, "/")
	return l
}
