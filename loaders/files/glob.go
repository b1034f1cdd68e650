package files

import (
	"strings"
	"unicode/utf8"
)

// A glob is a pattern of .gitignore, cut at its slashes. "**" as a segment
// stands for any number of folders, and at the end for all that is inside.
type glob []string

// parseGlob cuts p at the slashes that are in no brackets. A backslash before
// one changes nothing.
func parseGlob(p string) glob {
	var g glob
	start := 0
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '/':
			g = append(g, p[start:i])
			start = i + 1
		case '[':
			if rest, _, ok := class(p[i+1:], 'a'); ok {
				i = len(p) - len(rest) - 1
			}
		case '\\':
			if i++; strings.HasPrefix(p[i:], "/") {
				g = append(g, p[start:i-1])
				start = i + 1
			}
		}
	}
	return append(g, p[min(start, len(p)):])
}

func (g glob) match(p string) bool { return g.from(strings.Split(p, "/")) }

// from matches whole paths. Where a segment does not fit, only the last "**"
// can take one folder more: what an earlier one took more, it could take, too.
func (g glob) from(p []string) bool {
	at, i := 0, 0
	retry, since := -1, 0
	for i < len(p) {
		switch {
		case at < len(g) && stars(g[at]):
			if at++; at == len(g) {
				return true
			}
			retry, since = at, i
			continue
		case at < len(g) && fits(g[at], p[i]):
			at, i = at+1, i+1
			continue
		case retry < 0:
			return false
		}
		since++
		at, i = retry, since
	}
	return at == len(g)
}

// within reports whether the glob may match something inside of the folder dir.
func (g glob) within(dir string) bool {
	for i, name := range strings.Split(dir, "/") {
		if i == len(g) || stars(g[i]) {
			break
		}
		if !fits(g[i], name) {
			return false
		}
	}
	return true
}

func stars(segment string) bool { return len(segment) > 1 && strings.Trim(segment, "*") == "" }

// fits matches one name: '*' stands for any characters, '?' for one, brackets
// for one of a set, and a backslash makes the next character stand for itself.
// A malformed pattern fits nothing.
func fits(p, name string) bool {
	retry, from := "", ""
	starred := false
	for name != "" {
		if strings.HasPrefix(p, "*") {
			p = strings.TrimLeft(p, "*")
			retry, from, starred = p, name, true
			continue
		}
		r, n := utf8.DecodeRuneInString(name)
		if rest, ok := one(p, r); ok {
			p, name = rest, name[n:]
			continue
		}
		if !starred {
			return false
		}
		_, n = utf8.DecodeRuneInString(from)
		from = from[n:]
		p, name = retry, from
	}
	return strings.Trim(p, "*") == ""
}

// one matches the first item of p, which is no '*', with r.
func one(p string, r rune) (rest string, ok bool) {
	switch {
	case p == "":
		return "", false
	case p[0] == '?':
		return p[1:], true
	case p[0] == '[':
		rest, in, ok := class(p[1:], r)
		return rest, in && ok
	case p[0] == '\\':
		if p = p[1:]; p == "" {
			return "", false
		}
	}
	c, n := utf8.DecodeRuneInString(p)
	return p[n:], c == r
}

// class matches r with the set that p begins with, after its '['. ok is false
// if the set never ends or names an unknown class.
func class(p string, r rune) (rest string, in, ok bool) {
	negated := strings.HasPrefix(p, "!") || strings.HasPrefix(p, "^")
	if negated {
		p = p[1:]
	}
	last := rune(-1) // what a range may begin with
	for first := true; ; first = false {
		if p == "" {
			return "", false, false
		}
		if p[0] == ']' && !first {
			return p[1:], in != negated, true
		}
		if name, rest, found := posix(p); found {
			test := classes[name]
			if test == nil {
				return "", false, false
			}
			in = in || test(r)
			p, last = rest, -1
			continue
		}
		if p[0] == '-' && last >= 0 && len(p) > 1 && p[1] != ']' {
			var hi rune
			if hi, p, ok = literal(p[1:]); !ok {
				return "", false, false
			}
			in = in || last <= r && r <= hi
			last = -1
			continue
		}
		if last, p, ok = literal(p); !ok {
			return "", false, false
		}
		in = in || last == r
	}
}

// literal cuts the first character off p, which a backslash may protect.
func literal(p string) (r rune, rest string, ok bool) {
	if p[0] == '\\' {
		if p = p[1:]; p == "" {
			return 0, "", false
		}
	}
	r, n := utf8.DecodeRuneInString(p)
	return r, p[n:], true
}

// posix cuts "[:name:]" off p.
func posix(p string) (name, rest string, ok bool) {
	if p, ok = strings.CutPrefix(p, "[:"); !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(p, "]")
	if !ok {
		return "", "", false
	}
	name, ok = strings.CutSuffix(name, ":")
	return name, rest, ok
}

// classes are those of POSIX, in its portable locale.
var classes = map[string]func(rune) bool{
	"alnum":  func(r rune) bool { return letter(r) || digit(r) },
	"alpha":  letter,
	"blank":  func(r rune) bool { return r == ' ' || r == '\t' },
	"cntrl":  func(r rune) bool { return r < ' ' || r == 0x7f },
	"digit":  digit,
	"graph":  func(r rune) bool { return '!' <= r && r <= '~' },
	"lower":  func(r rune) bool { return 'a' <= r && r <= 'z' },
	"print":  func(r rune) bool { return ' ' <= r && r <= '~' },
	"punct":  func(r rune) bool { return '!' <= r && r <= '~' && !letter(r) && !digit(r) },
	"space":  func(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' },
	"upper":  func(r rune) bool { return 'A' <= r && r <= 'Z' },
	"xdigit": func(r rune) bool { return digit(r) || 'a' <= r|0x20 && r|0x20 <= 'f' },
}

func letter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }
func digit(r rune) bool  { return '0' <= r && r <= '9' }
