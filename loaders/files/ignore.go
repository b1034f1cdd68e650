package files

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/unicode/norm"

	"github.com/quarry-go/quarry/loaders"
)

// maxIgnore is how large an ignore file may be.
const maxIgnore = 1 << 20

// A rule is one line of an ignore file.
type rule struct {
	dir     string // ID of the folder that the file is in; "" for the root
	pattern string // in the syntax of doublestar, relative to dir
	name    bool   // fits a name in any folder below dir
	folders bool   // fits folders only
	keep    bool   // takes back what earlier rules left out
	source  string // file, line and text
}

// rules are those of the folders on the way down, the outermost first.
type rules []rule

// match reports whether the last rule that fits the path leaves it out, and
// which that is. As in git, a folder that is left out is never entered, so
// nothing in it can be taken back.
func (rs rules) match(p string, isDir bool) (source string, out bool) {
	for i := len(rs) - 1; i >= 0; i-- {
		if r := rs[i]; r.match(p, isDir) {
			return r.source, !r.keep
		}
	}
	return "", false
}

func (r *rule) match(p string, isDir bool) bool {
	if r.folders && !isDir {
		return false
	}
	if r.name {
		p = path.Base(p)
	} else if r.dir != "" {
		p = p[len(r.dir)+1:]
	}
	return doublestar.MatchUnvalidated(r.pattern, p)
}

// parseRules returns the rules of an ignore file in the folder dir.
func parseRules(dir, name string, text []byte) rules {
	var rs rules
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if r, ok := parseRule(line); ok {
			r.dir = dir
			r.source = fmt.Sprintf("%s:%d: %s", path.Join(dir, name), n, line)
			rs = append(rs, r)
		}
	}
	return rs
}

func parseRule(line string) (r rule, ok bool) {
	if strings.HasPrefix(line, "#") {
		return rule{}, false
	}
	p := trimSpaces(line)
	if p, r.keep = strings.CutPrefix(p, "!"); p == "" {
		return rule{}, false
	}
	p, r.folders = strings.CutSuffix(p, "/")
	r.name = !strings.Contains(p, "/")
	p = strings.TrimPrefix(p, "/")
	if rest, ok := strings.CutSuffix(p, "/**"); ok {
		p = rest + "/**/*" // what is in a folder, not the folder itself
	}
	r.pattern = norm.NFC.String(escapeBraces(p))
	return r, doublestar.ValidatePattern(r.pattern)
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

// escapeBraces makes the braces of p stand for themselves: git knows no
// alternatives.
func escapeBraces(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '{', '}':
			b.WriteByte('\\')
		case '\\':
			b.WriteByte(p[i])
			if i++; i == len(p) {
				return b.String()
			}
		}
		b.WriteByte(p[i])
	}
	return b.String()
}

// readRules adds the rules of the ignore files in d to those from above.
func (w *walk) readRules(d *folder, entries []fs.DirEntry) error {
	for _, name := range w.o.IgnoreFiles {
		for _, e := range entries {
			if e.Name() != name || !e.Type().IsRegular() {
				continue
			}
			text, err := w.readIgnore(path.Join(d.path, name))
			if err != nil {
				return fmt.Errorf("ignore file: %w", err)
			}
			d.rules = append(d.rules[:len(d.rules):len(d.rules)], parseRules(d.id, name, text)...)
		}
	}
	return nil
}

func (w *walk) readIgnore(p string) ([]byte, error) {
	info, err := fs.Stat(w.tree, p)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxIgnore {
		return nil, &fs.PathError{Op: "read", Path: p, Err: fmt.Errorf("%w: %d bytes, limit %d", loaders.ErrBudget, info.Size(), maxIgnore)}
	}
	return fs.ReadFile(w.tree, p)
}
