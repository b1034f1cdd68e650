package files

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TestIgnoreAgainstGit lists random trees with random, nested .gitignore files
// and requires the files that git itself would offer to add.
func TestIgnoreAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	trees := 25
	if os.Getenv("QUARRY_LONG") != "" {
		trees = 3000
	}
	for seed := range trees {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		root := t.TempDir()
		ignores := randomTree(t, r, root)
		git(t, root, "init", "-q")
		out := git(t, root, "-c", "core.excludesFile=", "ls-files", "-o", "-z", "--exclude-standard")
		want := strings.FieldsFunc(out, func(r rune) bool { return r == 0 })
		slices.Sort(want)
		var got []string
		for ref, err := range Dir(root, &Options{Hidden: true}).List(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, ref.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d:\n%sgot  %q\nwant %q", seed, ignores, got, want)
		}
	}
}

func git(t *testing.T, dir string, args ...string) string {
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return string(out)
}

// randomTree fills root and returns its ignore files as text.
func randomTree(t *testing.T, r *rand.Rand, root string) string {
	names := strings.Split(`a|b|ab|abc|foo|bar.txt|x.o|a b|{a}|[a]|éab|-|a.b.c|A|#x|!y|sp |a]|^`, "|")
	parts := strings.Split(`*|?|**|a|b|foo|*.o|*.txt|[ab]|[!a]*|[^b]*|[a-c]|{a,b}|\{a\}|a\*|\[a\]|éab|ab*|*b|a*c|a**c|**c|`+
		`[[:alpha:]]|[[:upper:][:digit:]]|[]a]|[a|\!y|\#x|#x|sp\ |sp |a b|A|.|x.?|***|[-a]|[]-a]|[[]a]|[a-]|\a|a\]|[a-z]*|[\]a]|`+
		`[[:nope:]]|[[:a]|[z-a]|a?c|*a*b*|.git*|\`, "|")
	pattern := func() string {
		var s strings.Builder
		if r.IntN(4) == 0 {
			s.WriteByte('!')
		}
		if r.IntN(4) == 0 {
			s.WriteByte('/')
		}
		for i := range 1 + r.IntN(3) {
			if i > 0 {
				s.WriteByte('/')
			}
			s.WriteString(parts[r.IntN(len(parts))])
		}
		for _, end := range []string{"/", " ", "\r"} {
			if r.IntN(10) == 0 {
				s.WriteString(end)
			}
		}
		return s.String()
	}
	var ignores strings.Builder
	var fill func(dir string, depth int)
	fill = func(dir string, depth int) {
		for range 5 {
			p := filepath.Join(dir, names[r.IntN(len(names))])
			if depth < 3 && r.IntN(2) == 0 {
				if os.Mkdir(p, 0o755) == nil {
					fill(p, depth+1)
				}
			} else if _, err := os.Stat(p); err != nil {
				write(t, p, "")
			}
		}
		if depth == 0 || r.IntN(4) == 0 {
			text := ""
			for range 1 + r.IntN(4) {
				text += pattern() + "\n"
			}
			if r.IntN(8) == 0 {
				text = "\ufeff" + text
			}
			p := filepath.Join(dir, ".gitignore")
			write(t, p, text)
			fmt.Fprintf(&ignores, "%s: %q\n", p, text)
		}
	}
	fill(root, 0)
	return ignores.String()
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzRules requires that no ignore file breaks a listing, that a rule without
// special characters fits the one name it has, and that the time for a match
// does not grow out of hand.
func FuzzRules(f *testing.F) {
	f.Add("*.o\n!a/**/b\n[[:alpha:]-\\]]\n\\", "a/b.o")
	f.Add("**/**/**/**/**/a*a*a*a*a*a*b", strings.Repeat("a/", 50)+strings.Repeat("a", 200))
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text) > 1000 || len(name) > 1000 || strings.Contains(name, "//") || strings.Trim(name, "/") != name || name == "" {
			return
		}
		rs := parseIgnore("", ".gitignore", []byte(text))
		for _, isDir := range []bool{false, true} {
			r := rs.find(name, isDir)
			if r != nil && r.folders && !isDir {
				t.Fatalf("%q fits the file %q", r.source, name)
			}
			rs.within(name)
		}
		if strings.ContainsAny(name, "*?[\\\n\r ") || !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) || strings.HasPrefix(name, "\ufeff") {
			return
		}
		r, ok := parseRule("/" + name)
		if !ok || !r.match(name, false) || r.match(name+"x", false) || r.match("x/"+name, false) {
			t.Fatalf("/%s does not fit itself alone", name)
		}
	})
}
