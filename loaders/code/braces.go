package code

import (
	"bytes"
	"regexp"
)

// A braced language puts the bodies of its definitions into braces. Its
// expressions see what stands between the end of the statement before and the
// brace, and the last of their groups that takes part is the name.
type braced struct {
	syntax
	types     *regexp.Regexp // hold members
	functions *regexp.Regexp // hold nothing that is looked for
	methods   *regexp.Regexp // functions within types; nil: as functions
	through   *regexp.Regexp // have no name, but hold definitions
	unnamed   *regexp.Regexp // types whose name comes behind the body
	after     *regexp.Regexp // that name
	lines     bool           // a statement may end with its line alone
}

// maxNesting is how deep definitions are looked for in others.
const maxNesting = 24

// maxStatement is how many bytes before a brace are looked at, where they hold
// other blocks.
const maxStatement = 512

// A braceScan is the scan of a text in a braced language.
type braceScan struct {
	*scan
	*braced
	code     []byte // the text, masked; a block in the middle of a statement becomes blank, too
	braces   []brace
	balanced bool
}

// A brace is one of the code.
type brace struct {
	at      int
	partner int // index of the one that ends it; len(braces) if there is none
}

func (s *scan) braced(l *braced) error {
	b := &braceScan{scan: s, braced: l, code: l.mask(s.text)}
	b.pair()
	return b.within(block{end: len(s.text)})
}

// pair finds the braces and their partners.
func (b *braceScan) pair() {
	var open []int
	b.balanced = true
	for i := range len(b.code) {
		switch b.code[i] {
		case '{':
			open = append(open, len(b.braces))
			b.braces = append(b.braces, brace{at: i})
		case '}':
			if n := len(open); n > 0 {
				b.braces[open[n-1]].partner = len(b.braces)
				open = open[:n-1]
			} else {
				b.balanced = false
			}
			b.braces = append(b.braces, brace{at: i})
		}
	}
	for _, i := range open {
		b.braces[i].partner = len(b.braces)
		b.balanced = false
	}
}

// A block is code that may hold definitions: what is between two braces.
type block struct {
	start, end int
	first      int    // index of the first brace in it
	name       string // of the type it is the body of
	depth      int
}

// within finds the definitions in a block.
func (b *braceScan) within(k block) error {
	if err := b.budget.Check(b.ctx); err != nil {
		return err
	}
	statement, head := k.start, k.start // the statement, and what of it is unread
	for i := k.first; i < len(b.braces) && b.braces[i].at < k.end; {
		open := b.braces[i].at
		if j := bytes.LastIndexByte(b.code[head:open], ';'); j >= 0 {
			head += j + 1
			statement = head
		}
		if b.code[open] == '}' { // one too many
			statement, head = open+1, open+1
			i++
			continue
		}
		d := b.define(string(b.code[head:open]), k.name != "")
		last := b.last(i, k.end, d.kind)
		stop := k.end
		if last < len(b.braces) {
			stop = min(stop, b.braces[last].at+1)
		}
		body := block{open + 1, stop, i + 1, k.name, k.depth + 1}
		next := skipSpace(b.code[:k.end], stop)
		goesOn := next < k.end && bytes.IndexByte([]byte("),.]"), b.code[next]) >= 0
		if d.kind == function && (goesOn || next < k.end && b.code[next] == '{') {
			d.kind, goesOn = other, true // a default value, or what a constructor sets its members to
		}
		if d.kind == typ && d.name == "" {
			name := b.after.FindSubmatchIndex(b.code[stop:k.end])
			if name == nil {
				d.kind = other
			} else {
				d.name = string(b.code[stop+name[2] : stop+name[3]])
				stop += name[1]
			}
		}
		if d.kind == function || d.kind == typ {
			from := statement
			if b.lines {
				from = max(from, lineStart(b.text, head+d.at))
			}
			body.name = join(k.name, d.name)
			b.add(body.name, b.above(b.code, b.begin(from), statement), b.semicolon(stop, k.end))
		}
		if (d.kind == typ || d.kind == through) && k.depth < maxNesting {
			if err := b.within(body); err != nil {
				return err
			}
		}
		i = last + 1
		switch {
		case !goesOn:
			statement, head = stop, stop
		case stop-head > maxStatement:
			head = stop
		default:
			blank(b.code[open:stop])
		}
	}
	return nil
}

// access is what C++ writes between members, as a statement of its own.
var access = regexp.MustCompile(`^(?:public|private|protected)\s*:[^:]`)

// begin returns where the definition begins whose statement begins at i.
func (b *braceScan) begin(i int) int {
	i = skipSpace(b.code, i)
	if m := access.FindIndex(b.code[i:min(len(b.code), i+40)]); m != nil {
		i = skipSpace(b.code, i+m[1]-1)
	}
	return i
}

// last returns the index of the brace that ends the body which brace i begins.
// Where conditional compilation leaves braces without partners, a function
// ends with the first brace that stands below the beginning of its line.
func (b *braceScan) last(i, end int, k kind) int {
	if b.balanced || k == typ || k == through {
		return b.braces[i].partner
	}
	indent := indentOf(b.text, b.braces[i].at)
	for j := i + 1; j < b.braces[i].partner && b.braces[j].at < end; j++ {
		at := b.braces[j].at
		if b.code[at] == '}' && at-lineStart(b.text, at) == indent {
			return j
		}
	}
	return b.braces[i].partner
}

// semicolon returns stop, or what is behind the semicolon that follows it.
func (b *braceScan) semicolon(stop, end int) int {
	if stop < end && b.code[stop] == ';' {
		return stop + 1
	}
	return stop
}

// A kind is what stands before a brace.
type kind uint8

const (
	other kind = iota
	function
	typ
	through
)

// A definition is what the code before a brace says.
type definition struct {
	kind kind
	name string
	at   int // where it begins
}

// control is what looks like the name of a function before a brace.
var control = regexp.MustCompile(`^(?:if|for|foreach|while|switch|catch|else|do|try|return|new|synchronized|using|lock|fixed|when|match|` +
	`guard|repeat|with|elseif|await|throw|case|typeof|sizeof|super|assert|function|operator|defined|__attribute__|alignas|noexcept|requires|decltype|void|int|char|bool|long|unsigned|double|float|static)$`)

func (b *braceScan) define(head string, inType bool) definition {
	if d := find(b.types, typ, head); d.kind != other {
		return d
	}
	re := b.functions
	if inType && b.methods != nil {
		re = b.methods
	}
	if d := find(re, function, head); d.kind != other && !control.MatchString(d.name) {
		return d
	}
	if b.unnamed != nil && b.unnamed.MatchString(head) {
		return definition{kind: typ}
	}
	if b.through != nil && b.through.MatchString(head) {
		return definition{kind: through}
	}
	return definition{}
}

// find returns the last definition that re finds in head.
func find(re *regexp.Regexp, k kind, head string) definition {
	if re == nil {
		return definition{}
	}
	all := re.FindAllStringSubmatchIndex(head, -1)
	if len(all) == 0 {
		return definition{}
	}
	m := all[len(all)-1]
	for i := len(m) - 2; i >= 2; i -= 2 {
		if m[i] >= 0 {
			return definition{k, head[m[i]:m[i+1]], m[i]}
		}
	}
	return definition{}
}
