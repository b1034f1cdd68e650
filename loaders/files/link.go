package files

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/quarry-go/quarry/loaders"
)

var (
	errOutside = errors.New("leads out of the root")
	errLoop    = errors.New("leads round a loop")
)

// maxLinks is how many links one path may lead through, as Linux has it.
const maxLinks = 40

// resolve returns the path of what name stands for, without any link in it. It
// never looks outside of fsys, whatever links say.
func resolve(fsys fs.FS, name string) (string, error) {
	if _, ok := fsys.(fs.ReadLinkFS); !ok {
		return "", errors.ErrUnsupported
	}
	rest := strings.Split(name, "/")
	at := "."
	links := 0
	for len(rest) > 0 {
		var next string
		next, rest = rest[0], rest[1:]
		switch next {
		case "", ".":
			continue
		case "..":
			if at == "." {
				return "", errOutside
			}
			at = path.Dir(at)
			continue
		}
		p := path.Join(at, next)
		info, err := fs.Lstat(fsys, p)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = p
			continue
		}
		if links++; links > maxLinks {
			return "", errLoop
		}
		target, err := fs.ReadLink(fsys, p)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) || path.IsAbs(target) {
			return "", errOutside
		}
		rest = append(strings.Split(filepath.ToSlash(target), "/"), rest...)
	}
	return at, nil
}

// follow reports why the folder d, which a link leads to, is not listed: it is
// one of those above, so that listing it would never end, or another link led
// to it already, since folders that link to each other have exponentially many
// paths.
func (w *walk) follow(d *folder) error {
	for up := d.above; up != nil; up = up.above {
		if up.path == d.path {
			return fmt.Errorf("%w: symbolic link: %w", loaders.ErrSkipped, errLoop)
		}
	}
	if w.linked[d.path] {
		return fmt.Errorf("%w: symbolic link to folder %s, which another link gave already", loaders.ErrSkipped, d.path)
	}
	w.linked[d.path] = true
	return nil
}
