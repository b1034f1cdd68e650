package files

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/unicode/norm"
)

// A glob is one pattern of Options.Include or Exclude.
type glob struct {
	text     string // as the caller wrote it
	pattern  string
	anywhere bool   // fits a name in any folder
	base     string // the folder that all matches are in; "." for the root
}

type globs []glob

func compile(patterns []string) (globs, error) {
	var gs globs
	for _, text := range patterns {
		p := norm.NFC.String(text)
		p = strings.TrimSuffix(strings.TrimPrefix(p, "./"), "/")
		g := glob{text: text, anywhere: !strings.Contains(p, "/")}
		g.pattern = strings.TrimPrefix(p, "/")
		if g.pattern == "" || !doublestar.ValidatePattern(g.pattern) {
			return nil, fmt.Errorf("glob %q: %w", text, doublestar.ErrBadPattern)
		}
		g.base, _ = doublestar.SplitPattern(g.pattern)
		gs = append(gs, g)
	}
	return gs, nil
}

// match returns the first glob that fits the path, as the caller wrote it, or "".
func (gs globs) match(p string) string {
	for _, g := range gs {
		name := p
		if g.anywhere {
			name = path.Base(p)
		}
		if doublestar.MatchUnvalidated(g.pattern, name) {
			return g.text
		}
	}
	return ""
}

// below reports whether a glob may fit something inside of the folder dir.
func (gs globs) below(dir string) bool {
	for _, g := range gs {
		if g.anywhere || g.base == "." || within(dir, g.base) || within(g.base, dir) {
			return true
		}
	}
	return false
}

// within reports whether the path p is dir or in it.
func within(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, dir+"/")
}
