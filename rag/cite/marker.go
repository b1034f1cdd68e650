package cite

import (
	"regexp"
	"strconv"
	"strings"
)

// A Marker is one number cited in an answer. The marker [2, 3] is two of them
// with one range.
type Marker struct {
	Number     int
	Start, End int // bytes of the answer, brackets included
}

// maxRange bounds how many numbers a marker such as [2-5] may stand for.
const maxRange = 32

var markers = regexp.MustCompile(`\[[ \t]*\d{1,4}(?:[ \t]*[,;–-][ \t]*\d{1,4})*[ \t]*\]`)

// Markers returns the markers of an answer in order. Brackets inside of code,
// between backticks, are none.
func Markers(answer string) []Marker {
	var out []Marker
	code := codeRanges(answer)
	for _, r := range markers.FindAllStringIndex(answer, -1) {
		for len(code) > 0 && code[0][1] <= r[0] {
			code = code[1:]
		}
		if len(code) > 0 && code[0][0] < r[1] {
			continue
		}
		for _, n := range numbers(answer[r[0]+1 : r[1]-1]) {
			out = append(out, Marker{n, r[0], r[1]})
		}
	}
	return out
}

// numbers returns the numbers of a list such as "1, 3-5".
func numbers(list string) []int {
	var out []int
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' }) {
		first, last, ranged := strings.Cut(strings.ReplaceAll(item, "–", "-"), "-")
		a, _ := strconv.Atoi(strings.TrimSpace(first))
		b := a
		if ranged {
			last = last[strings.LastIndexByte(last, '-')+1:]
			b, _ = strconv.Atoi(strings.TrimSpace(last))
		}
		if b < a || b-a >= maxRange {
			out = append(out, a, b)
			continue
		}
		for n := a; n <= b; n++ {
			out = append(out, n)
		}
	}
	return out
}

// codeRanges returns the byte ranges between runs of equally many backticks.
func codeRanges(s string) [][2]int {
	var out [][2]int
	for i := 0; ; {
		start, n := ticks(s, i)
		if n == 0 {
			return out
		}
		i = start + n
		for at := i; ; {
			end, m := ticks(s, at)
			if m == 0 {
				break
			}
			if at = end + m; m == n {
				out = append(out, [2]int{start, at})
				i = at
				break
			}
		}
	}
}

// ticks returns where the next run of backticks from i on starts, and how many
// there are; 0 if there is none.
func ticks(s string, i int) (start, n int) {
	k := strings.IndexByte(s[i:], '`')
	if k < 0 {
		return len(s), 0
	}
	run := s[i+k:]
	return i + k, len(run) - len(strings.TrimLeft(run, "`"))
}
