package html_test

import (
	entity "html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/html"
)

// goDoc returns a page of Go's own documentation, read and raw.
func goDoc(t *testing.T, name string) (loaders.Document, string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(goroot(t), "doc", name))
	if err != nil {
		t.Skipf("this toolchain has no documentation: %v", err)
	}
	return parse(t, html.New(nil), loaders.BytesInput(name, raw)), string(raw)
}

var (
	unseen  = regexp.MustCompile(`(?s)<!--.*?-->|<style.*?</style>`)
	heading = regexp.MustCompile(`(?s)<h([1-6])(?:\s+id="([^"]*)")?[^>]*>(.*?)</h[1-6]>`)
	tag     = regexp.MustCompile(`(?s)<[^>]*>`)
)

// plain returns the words of a piece of HTML.
func plain(s string) string {
	s = unseen.ReplaceAllString(s, " ")
	s = tag.ReplaceAllString(s, "")
	return strings.Join(strings.Fields(entity.UnescapeString(s)), " ")
}

// TestGoDocumentation holds that pages of documentation lose nothing: neither a
// heading and its anchor, nor a word.
func TestGoDocumentation(t *testing.T) {
	for _, name := range []string{"go_spec.html", "go_mem.html", "asm.html"} {
		t.Run(name, func(t *testing.T) {
			doc, raw := goDoc(t, name)
			raw = unseen.ReplaceAllString(raw, "")
			var got []loaders.Span
			for _, s := range doc.Spans {
				if s.Kind == loaders.Heading {
					got = append(got, s)
				}
			}
			want := heading.FindAllStringSubmatch(raw, -1)
			if len(got) != len(want) || len(want) == 0 {
				t.Fatalf("%d headings, want %d", len(got), len(want))
			}
			for i, m := range want {
				s := got[i]
				if s.Label != plain(m[3]) || s.Level != int(m[1][0]-'0') || m[2] != "" && s.Anchor != m[2] {
					t.Errorf("heading %d is %+v, want level %s, %q, #%s", i, s, m[1], plain(m[3]), m[2])
				}
				if text := strings.Join(strings.Fields(doc.Text[s.Start:s.End]), " "); text != s.Label {
					t.Errorf("heading %q covers %q", s.Label, text)
				}
			}
			have := map[string]int{}
			for _, w := range word.FindAllString(doc.Text, -1) {
				have[w]++
			}
			lost := 0
			for _, w := range word.FindAllString(plain(raw), -1) {
				if have[w]--; have[w] < 0 {
					lost++
					t.Logf("lost: %q", w)
				}
			}
			if lost > 0 {
				t.Errorf("%d words lost", lost)
			}
		})
	}
}

func TestGoSpecification(t *testing.T) {
	doc, _ := goDoc(t, "go_spec.html")
	if doc.Title != "The Go Programming Language Specification" {
		t.Errorf("title %q", doc.Title)
	}
	for _, s := range doc.Spans {
		if s.Kind == loaders.Heading && s.Label == "Defer statements" && s.Anchor != "Defer_statements" {
			t.Errorf("anchor %q", s.Anchor)
		}
	}
	for _, want := range []string{
		"Defer statements\n\nA \"defer\" statement invokes a function whose execution is deferred to the moment the surrounding function returns,",
		"Each time a \"defer\" statement executes, the function value and parameters to the call are evaluated as usual and saved anew but the actual function is not invoked.",
		"lock(l)\ndefer unlock(l)  // unlocking happens before surrounding function returns\n",
		"for i := 0; i <= 3; i++ {\n\tdefer fmt.Print(i)\n}",
	} {
		if !strings.Contains(doc.Text, want) {
			t.Errorf("text lacks %q", want)
		}
	}
}

// goroot returns the root of the toolchain that runs the test.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no go command: %v", err)
	}
	return strings.TrimSpace(string(out))
}
