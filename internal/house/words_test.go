package house

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// unwanted are words that no file of the repository holds.
var unwanted = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`), "finish it, or say in words what is not there"},
	{regexp.MustCompile(`(?:^|[^\w.~/-])/(work|root|home|Users)/\w`), "a path of one machine: name it relative to the repository"},
}

// wordsRule looks into every text file. Data of others, in folders named
// testdata, may say what it likes.
func wordsRule(t *tree) (found []breach) {
	for _, name := range t.files {
		if slices.Contains(strings.Split(path.Dir(name), "/"), "testdata") {
			continue
		}
		data, err := t.read(name)
		if err != nil {
			return append(found, breach{name, 0, err.Error()})
		}
		if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
			continue
		}
		n := 0
		for line := range bytes.Lines(data) {
			n++
			for _, u := range unwanted {
				if m := u.pattern.Find(line); m != nil {
					found = append(found, breach{name, n, string(bytes.TrimSpace(m)) + ": " + u.instead})
				}
			}
		}
	}
	return found
}
