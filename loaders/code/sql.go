package code

import (
	"regexp"
	"strings"
)

var sqlSyntax = syntax{line: []string{"--"}, block: slashes, nested: true, quotes: []quote{
	{`'`, `'`, false, true}, {"$$", "$$", false, true}, {"$_$", "$_$", false, true},
	{"$body$", "$body$", false, true}, {"$BODY$", "$BODY$", false, true},
	{"$func$", "$func$", false, true}, {"$function$", "$function$", false, true},
}}

var sqlDefinition = regexp.MustCompile(`(?i)^(?:create|alter)\s+(?:or\s+replace\s+|or\s+alter\s+)?(?:(?:global|local|temp|temporary|unlogged|external|foreign|materialized|recursive|unique|clustered|nonclustered|constraint)\s+)*` +
	`(?:table|view|index|function|procedure|trigger|type|domain|sequence|schema|database|policy|role|extension|aggregate|package(?:\s+body)?)\s+(?:concurrently\s+)?(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?` +
	"((?:[\\w$]+|\"[^\"]+\"|`[^`]+`|\\[[^\\]]+\\])(?:\\.(?:[\\w$]+|\"[^\"]+\"|`[^`]+`|\\[[^\\]]+\\]))*)")

// sqlNesting is what nests in the body of a routine. What ends with END IF and
// the like is always inside of something that ends with END.
var sqlNesting = regexp.MustCompile(`(?i)\b(?:begin|case|end(?:\s+(?:if|loop|while|repeat|for|case)\b)?)`)

var sqlRoutine = regexp.MustCompile(`(?i)^create\b[^;(]*\b(?:procedure|function|trigger)\b`)

// sql finds the statements that create or alter something with a name.
func (s *scan) sql() error {
	masked := sqlSyntax.mask(s.text)
	code := string(masked)
	start, depth, n := 0, 0, 0
	statement := func(end int) {
		from := skipSpace(code, start)
		if from < end {
			if m := sqlDefinition.FindStringSubmatch(code[from:end]); m != nil {
				name := strings.NewReplacer(`"`, "", "`", "", "[", "", "]", "").Replace(m[1])
				s.add(name, s.above(masked, from, start), s.trimmed(from, end))
			}
		}
		start = end
	}
	for at := 0; at < len(code); {
		if n++; n%1000 == 0 {
			if err := s.budget.Check(s.ctx); err != nil {
				return err
			}
		}
		i := strings.IndexByte(code[at:], ';')
		if i < 0 {
			break
		}
		i += at
		depth += sqlDepth(code, start, at, i)
		at = i + 1
		if depth <= 0 {
			depth = 0
			statement(at)
		}
	}
	statement(len(code))
	return nil
}

// sqlDepth returns by how much code[at:end], in the statement that begins at
// start, changes the nesting of a routine's blocks. Elsewhere there are none:
// BEGIN begins a transaction there.
func sqlDepth(code string, start, at, end int) int {
	if start = skipSpace(code, start); start >= end || !sqlRoutine.MatchString(code[start:min(end, start+300)]) {
		return 0
	}
	d := 0
	for _, w := range sqlNesting.FindAllString(code[at:end], -1) {
		w = strings.ToLower(strings.Join(strings.Fields(w), " "))
		switch w {
		case "begin", "case":
			d++
		case "end", "end case":
			d--
		}
	}
	return d
}
