package house

import (
	"bytes"
	"flag"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files in testdata")

// rules are all rules, by the name of the tree that breaks each.
var rules = []struct {
	name  string
	check func(*tree) []breach
}{
	{"layers", layersRule},
	{"calls", callsRule},
	{"variables", variablesRule},
	{"docs", docsRule},
	{"names", namesRule},
	{"length", lengthRule},
	{"examples", examplesRule},
	{"channels", channelsRule},
	{"words", wordsRule},
	{"readme", readmeRule},
}

// A breach is a place where a rule is broken, and what to write instead.
type breach struct {
	file string
	line int // 0: the file as a whole
	says string
}

func (b breach) String() string {
	if b.line == 0 {
		return fmt.Sprintf("%s: %s", b.file, b.says)
	}
	return fmt.Sprintf("%s:%d: %s", b.file, b.line, b.says)
}

// breach makes one at pos.
func (t *tree) breach(pos token.Pos, format string, args ...any) breach {
	p := t.fset.Position(pos)
	return breach{p.Filename, p.Line, fmt.Sprintf(format, args...)}
}

func TestRules(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			bad, err := broken(r.name)
			if err != nil {
				t.Fatal(err)
			}
			want := filepath.Join("testdata", "rules", r.name+".txt")
			if got := lines(r.check(bad)); len(got) == 0 {
				t.Errorf("the rule finds nothing in the tree that breaks it")
			} else {
				golden(t, want, got)
			}

			good, err := repository()
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines(r.check(good)) {
				t.Error(l)
			}
		})
	}
}

// lines returns one line for each breach, sorted by place.
func lines(breaches []breach) []string {
	slices.SortStableFunc(breaches, func(a, b breach) int {
		if c := strings.Compare(a.file, b.file); c != 0 {
			return c
		}
		return a.line - b.line
	})
	var out []string
	for _, b := range breaches {
		out = append(out, b.String())
	}
	return out
}

// golden compares got with the lines of a file, or writes the file.
func golden(t *testing.T, name string, got []string) {
	t.Helper()
	text := strings.Join(got, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(data, []byte(text)) {
		return
	}
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, l := range got {
		if !slices.Contains(want, l) {
			t.Errorf("not in %s: %s", name, l)
		}
	}
	for _, l := range want {
		if !slices.Contains(got, l) {
			t.Errorf("only in %s: %s", name, l)
		}
	}
	t.Errorf("%s differs; where the change is meant: make golden", name)
}
