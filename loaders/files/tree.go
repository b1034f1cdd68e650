package files

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A tree is an open root.
type tree struct {
	fsys  fs.FS
	check func() error // whether the root is still the one that was opened
	close func()
}

var (
	errNotDir  = errors.New("not a directory")
	errChanged = errors.New("the root was replaced or removed while it was listed")
)

func openDir(dir string) (*tree, error) {
	if dir == "" {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	check := func() error {
		opened, err := root.Stat(".")
		if err != nil {
			return err
		}
		named, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("%w: %w", errChanged, err)
		}
		if !os.SameFile(opened, named) {
			return &fs.PathError{Op: "list", Path: dir, Err: errChanged}
		}
		return nil
	}
	return &tree{fsys: root.FS(), check: check, close: func() { root.Close() }}, nil
}

// fileURI returns the file URI of an absolute path.
func fileURI(abs string) string {
	p := filepath.ToSlash(abs)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a Windows volume
	}
	return strings.TrimSuffix((&url.URL{Scheme: "file", Path: p}).String(), "/")
}

// escapePath percent-encodes what a path of a URI cannot hold.
func escapePath(p string) string {
	return strings.TrimPrefix((&url.URL{Path: "/" + p}).EscapedPath(), "/")
}
