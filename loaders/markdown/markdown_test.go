package markdown_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/markdown"
)

func parse(t testing.TB, src string) loaders.Document {
	t.Helper()
	docs := 0
	var doc loaders.Document
	for d, err := range markdown.New(nil).Parse(context.Background(), loaders.BytesInput("doc.md", []byte(src))) {
		if err != nil {
			t.Fatal(err)
		}
		doc = d
		docs++
	}
	if docs != 1 {
		t.Fatalf("%d documents", docs)
	}
	if err := doc.Validate(); err != nil {
		t.Fatal(err)
	}
	return doc
}

// outline writes the spans of a kind, one a line.
func outline(d loaders.Document, kind loaders.SpanKind) []string {
	var out []string
	for _, s := range d.Spans {
		if s.Kind == kind {
			line := fmt.Sprintf("%d|%s|%s|%s", s.Level, s.Label, s.Anchor, d.Text[s.Start:s.End])
			out = append(out, strings.ReplaceAll(line, "\n", "/"))
		}
	}
	return out
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		name string
		kind loaders.SpanKind
		src  string
		want []string
	}{
		{"atx", loaders.Heading, "# One\n\ntext\n## Two ##\n####### no\n#no\n", []string{"1|One|one|# One", "2|Two|two|## Two ##"}},
		{"setext", loaders.Heading, "One\nmore\n===\n\nTwo\n---\n", []string{"1|One more|onemore|One/more/===", "2|Two|two|Two/---"}},
		{"duplicates", loaders.Heading, "# A\n# A\n# A-1\n# a!\n", []string{"1|A|a|# A", "1|A|a-1|# A", "1|A-1|a-1-1|# A-1", "1|a!|a-2|# a!"}},
		{"unicode", loaders.Heading, "# Über Größe & 安装 v1.2_x (neu)\n", []string{"1|Über Größe & 安装 v1.2_x (neu)|über-größe--安装-v12_x-neu|# Über Größe & 安装 v1.2_x (neu)"}},
		{"inline markup", loaders.Heading, "# *A* `b_c` [d](http://x) ![e](y) <b>f</b> g\\*h &amp; snake_case __i__ ~~j~~\n",
			[]string{"1|A b_c d e f g*h & snake_case i j|a-b_c-d-e-f-gh--snake_case-i-j|# *A* `b_c` [d](http://x) ![e](y) <b>f</b> g\\*h &amp; snake_case __i__ ~~j~~"}},
		{"references", loaders.Heading, "# [1.0] and [2.0] and [x][1.0]\n\n[1.0]: http://x\n", []string{"1|1.0 and [2.0] and x|10-and-20-and-x|# [1.0] and [2.0] and [x][1.0]"}},
		{"given id", loaders.Heading, "# Install {#setup}\n", []string{"1|Install|setup|# Install {#setup}"}},
		{"not in code", loaders.Heading, "```\n# no\n```\n~~~~\n~~~\n# no\n~~~~\n    # no\n\n# yes\n", []string{"1|yes|yes|# yes"}},
		{"in quote and list", loaders.Heading, "> # A\n\n- # B\n\n  text\n", []string{"1|A|a|# A", "1|B|b|# B"}},
		{"html", loaders.Heading, "<h1 align=\"center\">\n  My &amp; <em>Tool</em>\n</h1>\n\n<!-- <h2>no</h2> -->\n\n<a name=\"x\"></a>\n\n## Next\n",
			[]string{"1|My & Tool|my--tool|<h1 align=\"center\">/  My &amp; <em>Tool</em>/</h1>", "2|Next|next|## Next"}},
		{"html is no markdown", loaders.Heading, "<div>\n# no\n</div>\n\n# yes\n", []string{"1|yes|yes|# yes"}},
		{"empty", loaders.Heading, "#\n\n##   ##\n", nil},

		{"fence", loaders.Code, "text\n```go title=x\na\n\nb\n```\nafter\n", []string{"0|go||```go title=x/a//b/```"}},
		{"fence without end", loaders.Code, "~~~\na\n\n", []string{"0|||~~~/a"}},
		{"fence in list", loaders.Code, "1. x\n   ```sh\n   ls\n   ```\n2. y\n", []string{"0|sh||```sh/   ls/   ```"}},
		{"indented", loaders.Code, "text\n    no\n\n    a\n\n\tb\n\ntext\n", []string{"0|||    a//\tb"}},

		{"table", loaders.Table, "| a | b |\n|---|:-:|\n| 1 | x \\| y |\nc | d\n\ntext\n", []string{"0|||| a | b |/|---|:-:|/| 1 | x \\| y |/c | d"}},
		{"rows", loaders.Row, "| a | b |\n|---|:-:|\n| 1 | x \\| y |\nc | d\n\ntext\n", []string{"0|||| a | b |", "0|||| 1 | x \\| y |", "0|||c | d"}},
		{"table after a line", loaders.Table, "See:\na | b\n--|--\n1 | 2\n# x\n", []string{"0|||a | b/--|--/1 | 2"}},
		{"no table", loaders.Table, "| a | b |\n|---|\n\na\n---\n", nil},

		{"list", loaders.List, "- a\n- b\n  - c\n\n    more\n* d\n\ntext\n", []string{"1|||- a/- b/  - c//    more", "2|||- c//    more", "1|||* d"}},
		{"ordered", loaders.List, "1. a\n2. b\n\n14) c\n", []string{"1|||1. a/2. b", "1|||14) c"}},
		{"no list", loaders.List, "The year was\n1986. What a year\n-\n--\n", nil},
		{"lazy line", loaders.List, "- a\nlazy\n\nout\n", []string{"1|||- a/lazy"}},

		{"footnote", loaders.Footnote, "x[^n] and y[^2]\n\n[^n]: One\n    more\n\n    again\n[^2]: Two\nlazy\n\nout\n",
			[]string{"0|n||[^n]: One/    more//    again", "0|2||[^2]: Two/lazy"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outline(parse(t, c.src), c.kind); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q\ngot  %q\nwant %q", c.src, got, c.want)
			}
		})
	}
}

func TestFrontMatter(t *testing.T) {
	d := parse(t, "---\r\ntitle: \"A: b\"\r\nlang: de\r\ntags: [x, 2]\r\ndate: 2024-05-06\r\ndraft: true\r\nweight: 3\r\nratio: 0.5\r\nread-time: 5m\r\nsummary: >\r\n  two\r\n  lines\r\nauthor:\r\n  name: Nobody\r\nempty:\r\n---\r\n# Heading\r\n")
	want := map[string]any{
		"tags": []string{"x", "2"}, "date": time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC), "draft": true,
		"weight": int64(3), "ratio": 0.5, "read_time": "5m", "summary": "two lines\n",
	}
	if d.Title != "A: b" || d.Lang != "de" || d.Text != "# Heading\n" || !reflect.DeepEqual(d.Meta, want) {
		t.Errorf("got %q %q %q %#v", d.Title, d.Lang, d.Text, d.Meta)
	}
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], `"author"`) {
		t.Errorf("warnings %q", d.Warnings)
	}
}

func TestNoFrontMatter(t *testing.T) {
	for _, src := range []string{
		"---\n\nA break, not front matter.\n\n---\n",
		"---\ntitle: never closed\n",
		"text\n---\ntitle: x\n---\n",
	} {
		if d := parse(t, src); d.Text != src || d.Meta != nil {
			t.Errorf("%q: text %q, meta %v", src, d.Text, d.Meta)
		}
	}
	src := "---\ntitle: not: yaml\n---\n# Heading\n"
	d := parse(t, src)
	if d.Text != src || d.Title != "Heading" || len(d.Spans) != 1 || len(d.Warnings) != 1 {
		t.Errorf("bad YAML: %q, title %q, spans %v, warnings %q", d.Text, d.Title, d.Spans, d.Warnings)
	}
}

func TestTitle(t *testing.T) {
	for src, want := range map[string]string{"text\n## B\n# A\n": "B", "text\n": "doc.md", "": "doc.md"} {
		if d := parse(t, src); d.Title != want {
			t.Errorf("%q: title %q, want %q", src, d.Title, want)
		}
	}
}

func TestErrors(t *testing.T) {
	read := func(ctx context.Context, in loaders.Input) error {
		for _, err := range markdown.New(nil).Parse(ctx, in) {
			return err
		}
		return nil
	}
	binary := loaders.BytesInput("x.md", []byte("\x7fELF\x00\x01\x02\x00\x00"))
	var docErr *loaders.DocError
	if err := read(context.Background(), binary); !errors.Is(err, loaders.ErrFormat) || !errors.As(err, &docErr) || docErr.Ref != "x.md" {
		t.Errorf("binary content: %v", err)
	}
	large := loaders.BytesInput("x.md", []byte("# a long text"))
	large.Budget = loaders.NewBudget(loaders.Limits{MaxInput: 5})
	if err := read(context.Background(), large); !errors.Is(err, loaders.ErrBudget) {
		t.Errorf("input over budget: %v", err)
	}
	large.Budget = loaders.NewBudget(loaders.Limits{MaxText: 5})
	if err := read(context.Background(), large); !errors.Is(err, loaders.ErrBudget) {
		t.Errorf("text over budget: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := read(ctx, loaders.BytesInput("x.md", []byte("# a"))); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

// TestLinear reads what is made to be slow. Should the time for a line grow with
// the lines before it, the long form, where QUARRY_LONG is set, would not end.
func TestLinear(t *testing.T) {
	n := 20_000
	if os.Getenv("QUARRY_LONG") != "" {
		n = 200_000
	}
	for name, src := range map[string]string{
		"quotes":         strings.Repeat(">", n),
		"lists":          strings.Repeat("- ", n) + strings.Repeat("\n", n),
		"brackets":       "# " + strings.Repeat("[", n) + strings.Repeat("](", n),
		"emphasis":       "# " + strings.Repeat("*a _b ", n),
		"backquotes":     "# " + strings.Repeat("`a``", n),
		"tags":           "# " + strings.Repeat("<a ", n),
		"same headings":  strings.Repeat("# a\n", n),
		"long paragraph": strings.Repeat("a\n", n) + "===\n",
		"many setext":    strings.Repeat("a\n=\n", n),
		"references":     strings.Repeat("[a]: b\n", n),
		"table":          "a|b\n-|-\n" + strings.Repeat("a|b\n", n),
		"html headings":  "<div>\n" + strings.Repeat("<h1>\n", n),
		"fences":         strings.Repeat("```\n", n),
		"front matter":   "---\na: &a [x]\n" + strings.Repeat("b: *a\n", n) + "---\n",
	} {
		t.Run(name, func(t *testing.T) { parse(t, src) })
	}
}

// TestGoDocumentation reads the Markdown of the Go distribution.
func TestGoDocumentation(t *testing.T) {
	pages, _ := filepath.Glob(filepath.Join(goroot(t), "doc", "*.md"))
	if len(pages) == 0 {
		t.Skip("this toolchain has no documentation")
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		d := parse(t, string(b))
		if !strings.HasSuffix(string(b), d.Text) {
			t.Errorf("%s: the text is not that of the file", page)
		}
		if len(outline(d, loaders.Heading)) == 0 {
			t.Errorf("%s: no heading", page)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"---\ntitle: x\n---\n# A\n\n- b\n  > c\n  ```\n  d\n", "a | b\n-|-\n1 | 2\n", "[^1]: note\n    more\n[r]: /u\n[r]\n===\n",
		"\t- a\n \t b\n1. \n\n   c", "<h1>\n<!--\n-->\n<pre>\n\n</pre>", "# *a **b* c** `d` [e](f \"g\") ![h][i] <j> &amp; \\*",
		"\xff\xfe#\x00 \x00A\x00", "# \xe4\xb8\xad {#id}\r\n\r\n~~~ x\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for d, err := range markdown.New(nil).Parse(context.Background(), loaders.BytesInput("f.md", b)) {
			if err != nil {
				return
			}
			if err := d.Validate(); err != nil {
				t.Fatal(err)
			}
			checkNesting(t, d)
		}
	})
}

// checkNesting holds that spans of one kind do not overlap partly.
func checkNesting(t *testing.T, d loaders.Document) {
	open := map[loaders.SpanKind][]loaders.Span{}
	for _, s := range d.Spans {
		stack := open[s.Kind]
		for len(stack) > 0 && stack[len(stack)-1].End <= s.Start {
			stack = stack[:len(stack)-1]
		}
		if len(stack) > 0 && stack[len(stack)-1].End < s.End {
			t.Fatalf("%+v overlaps %+v in %q", s, stack[len(stack)-1], d.Text)
		}
		open[s.Kind] = append(stack, s)
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
