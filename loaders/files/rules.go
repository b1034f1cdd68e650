package files

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/quarry-go/quarry/loaders"
)

// A rule is one line in the syntax of .gitignore.
type rule struct {
	dir     string // ID of the folder that it is relative to; "" for the root
	glob    glob
	name    bool   // fits a name in any folder below dir
	folders bool   // fits folders only
	keep    bool   // takes back what earlier rules left out
	source  string // where it stands, and its text
}

// parseRule returns the rule of a line; ok is false if the line has none.
func parseRule(line string) (r rule, ok bool) {
	if strings.HasPrefix(line, "#") {
		return rule{}, false
	}
	p := trimSpaces(norm.NFC.String(line))
	p, r.keep = strings.CutPrefix(p, "!")
	if p == "" {
		return rule{}, false
	}
	p, r.folders = strings.CutSuffix(p, "/")
	r.name = !strings.Contains(p, "/")
	r.glob = parseGlob(strings.TrimPrefix(p, "/"))
	return r, true
}

// trimSpaces cuts the spaces at the end that no backslash protects.
func trimSpaces(s string) string {
	end := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ':
			continue
		case '\\':
			i++
		}
		end = min(i+1, len(s))
	}
	return s[:end]
}

func (r *rule) match(p string, isDir bool) bool {
	if r.folders && !isDir {
		return false
	}
	if r.name {
		return fits(r.glob[0], path.Base(p))
	}
	if r.dir != "" {
		p = p[len(r.dir)+1:]
	}
	return r.glob.match(p)
}

// rules are those of the folders on the way down, the outermost first: the
// last that fits decides.
type rules []rule

func (rs rules) find(p string, isDir bool) *rule {
	for i := len(rs) - 1; i >= 0; i-- {
		if rs[i].match(p, isDir) {
			return &rs[i]
		}
	}
	return nil
}

// within reports whether a rule may fit something inside of the folder dir.
func (rs rules) within(dir string) bool {
	for _, r := range rs {
		if !r.keep && (r.name || r.glob.within(dir)) {
			return true
		}
	}
	return false
}

// parseGlobs returns the rules of Options.Include or Exclude.
func parseGlobs(option string, lines []string) (rules, error) {
	var rs rules
	for _, line := range lines {
		r, ok := parseRule(strings.TrimPrefix(line, "./"))
		for _, segment := range r.glob {
			ok = ok && wellFormed(segment)
		}
		if !ok {
			return nil, fmt.Errorf("%s %q: %w", option, line, path.ErrBadPattern)
		}
		r.source = fmt.Sprintf("%s: %s", option, line)
		rs = append(rs, r)
	}
	return rs, nil
}

// wellFormed reports whether every bracket of a segment is closed and a
// character follows every backslash.
func wellFormed(segment string) bool {
	for p := segment; p != ""; {
		ok := true
		switch p[0] {
		case '*', '?':
			p = p[1:]
		case '[':
			p, _, ok = class(p[1:], 'a')
		default:
			_, p, ok = literal(p)
		}
		if !ok {
			return false
		}
	}
	return segment != ""
}

// parseIgnore returns the rules of an ignore file in the folder dir.
func parseIgnore(dir, name string, text []byte) rules {
	var rs rules
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if r, ok := parseRule(line); ok {
			r.dir = norm.NFC.String(dir)
			r.source = fmt.Sprintf("%s:%d: %s", path.Join(dir, name), n, line)
			rs = append(rs, r)
		}
	}
	return rs
}

// maxIgnore is how many bytes an ignore file may have.
const maxIgnore = 1 << 20

// readIgnores adds the rules of the ignore files in d to those from above.
func (w *walk) readIgnores(d *folder, entries []fs.DirEntry) error {
	for _, name := range w.o.IgnoreFiles {
		for _, e := range entries {
			if e.Name() != name || !e.Type().IsRegular() {
				continue
			}
			p := path.Join(d.path, name)
			info, err := e.Info()
			if err != nil {
				return err
			}
			if info.Size() > maxIgnore {
				return &fs.PathError{Op: "read", Path: p, Err: fmt.Errorf("%w: %d bytes, limit %d", loaders.ErrBudget, info.Size(), maxIgnore)}
			}
			text, err := fs.ReadFile(w.tree.fsys, p)
			if err != nil {
				return err
			}
			d.rules = append(d.rules[:len(d.rules):len(d.rules)], parseIgnore(d.id, name, text)...)
		}
	}
	return nil
}
