package pdf

import "sort"

// A cmap maps codes to text or to character identifiers. See ISO 32000-2,
// 9.7.5 and 9.10.3.
type cmap struct {
	spaces []codeSpace
	single map[uint32]string
	ranges []textRange // sorted by lo
}

// A codeSpace is a range of codes of a length.
type codeSpace struct {
	lo, hi uint32
	bytes  int
}

// A textRange maps consecutive codes to consecutive characters, or to a list.
type textRange struct {
	lo, hi uint32
	first  []rune
	list   []token
}

// parseCMap reads the mappings to text in a CMap.
func parseCMap(b []byte) *cmap {
	m := &cmap{single: map[uint32]string{}}
	l := &lexer{b: b}
	var args []token
	for t := l.next(); t.kind != eof; t = l.next() {
		if t.kind != op {
			if len(args) < 1<<16 {
				args = append(args, t)
			}
			continue
		}
		switch string(t.s) {
		case "endcodespacerange":
			for i := 0; i+1 < len(args); i += 2 {
				if lo, hi := args[i], args[i+1]; lo.kind == str && hi.kind == str && len(lo.s) > 0 && len(lo.s) <= 4 {
					m.spaces = append(m.spaces, codeSpace{bigEndian(lo.s), bigEndian(hi.s), len(lo.s)})
				}
			}
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				if args[i].kind == str && args[i+1].kind == str {
					m.single[bigEndian(args[i].s)] = targetText(args[i+1].s)
				}
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				r := textRange{lo: bigEndian(args[i].s), hi: bigEndian(args[i+1].s)}
				if to := args[i+2]; to.kind == array {
					r.list = to.list
				} else {
					r.first = []rune(targetText(to.s))
				}
				if args[i].kind == str && args[i+1].kind == str {
					m.ranges = append(m.ranges, r)
				}
			}
		}
		args = args[:0]
	}
	sort.SliceStable(m.ranges, func(i, j int) bool { return m.ranges[i].lo < m.ranges[j].lo })
	return m
}

// text returns what a code stands for.
func (m *cmap) text(code uint32) (string, bool) {
	if s, ok := m.single[code]; ok {
		return s, true
	}
	i := sort.Search(len(m.ranges), func(i int) bool { return m.ranges[i].lo > code }) - 1
	if i < 0 || code > m.ranges[i].hi {
		return "", false
	}
	r, offset := &m.ranges[i], code-m.ranges[i].lo
	text := ""
	switch {
	case int(offset) < len(r.list):
		text = targetText(r.list[offset].s)
	case len(r.first) > 0:
		runes := append([]rune(nil), r.first...)
		runes[len(runes)-1] += rune(offset)
		text = string(runes)
	default:
		return "", false
	}
	m.single[code] = text
	return text, true
}

// length returns how many bytes of s the next code takes.
func (m *cmap) length(s []byte) int {
	for n := 1; n <= 4 && n <= len(s); n++ {
		code := bigEndian(s[:n])
		for _, c := range m.spaces {
			if c.bytes == n && code >= c.lo && code <= c.hi {
				return n
			}
		}
	}
	return min(2, len(s))
}

func bigEndian(s []byte) uint32 {
	var v uint32
	for _, c := range s {
		v = v<<8 | uint32(c)
	}
	return v
}

// targetText decodes the text of a mapping, UTF-16 but for single bytes.
func targetText(s []byte) string {
	if len(s) == 1 {
		return string(rune(s[0]))
	}
	return utf16Text(string(s))
}
