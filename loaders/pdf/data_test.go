package pdf

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/loaders"
	"golang.org/x/text/unicode/norm"
)

// referenceText returns the pages of each file as pdftotext reads them.
func referenceText(t testing.TB, dir string) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "reference.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string][]string{}
	for d := json.NewDecoder(bufio.NewReader(z)); d.More(); {
		var p struct {
			File string
			Page int
			Text string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		for len(pages[p.File]) < p.Page {
			pages[p.File] = append(pages[p.File], "")
		}
		pages[p.File][p.Page-1] = p.Text
	}
	return pages
}

// TestRealFiles reads PDF files that are hard on purpose. None may panic, hang
// or fail without a named cause; the text of the pages is scored against
// another extractor's, by the F1 of their words.
func TestRealFiles(t *testing.T) {
	dir := realdata.Dir(t, "pdf")
	want := referenceText(t, dir)
	files, err := filepath.Glob(filepath.Join(dir, "files", "*.pdf"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	var s score
	causes := map[string]int{}
	withText := 0
	for _, file := range files {
		name := filepath.Base(file)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := loaders.BytesInput(name, b)
		in.Budget = loaders.NewBudget(loaders.Limits{MaxTime: 20 * time.Second})
		start := time.Now()
		doc, err := read(in, nil)
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("%s takes %v", name, d)
		}
		got := map[string]string{}
		if err != nil {
			cause := cause(err)
			if cause == "" {
				t.Errorf("%s: %v", name, err)
			}
			causes[cause]++
			if os.Getenv("V") != "" {
				t.Logf("%v", err)
			}
		} else {
			withText++
			if err := doc.Validate(); err != nil {
				t.Error(err)
			}
			for _, sp := range doc.Spans {
				got[sp.Anchor] = doc.Text[sp.Start:sp.End]
			}
		}
		s.file(t, name, want[name], got)
	}
	t.Logf("%d files, %d with text, causes %v", len(files), withText, causes)
	s.report(t)
}

// TestPasswords opens files that are encrypted by RC4 and AES-256, each with
// the password of its user and with a wrong one.
func TestPasswords(t *testing.T) {
	dir := filepath.Join(realdata.Dir(t, "pdf"), "files")
	for name, password := range map[string]string{"issue6010_1.pdf": "abc", "issue15893_reduced.pdf": "test"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		in := loaders.BytesInput(name, b)
		if d, err := read(in, &Options{Password: password}); err != nil || d.Text == "" {
			t.Errorf("%s: %q, %v", name, d.Text, err)
		}
		if _, err := read(in, &Options{Password: "wrong"}); !errors.Is(err, loaders.ErrEncrypted) {
			t.Errorf("%s with a wrong password: %v", name, err)
		}
	}
}

func cause(err error) string {
	for _, e := range []error{loaders.ErrFormat, loaders.ErrEncrypted, loaders.ErrNoText, loaders.ErrBudget} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return ""
}

func read(in loaders.Input, o *Options) (doc loaders.Document, err error) {
	for d, e := range New(o).Parse(context.Background(), in) {
		doc, err = d, e
	}
	return doc, err
}

// A score sums over pages of at least 20 words.
type score struct {
	pages, good, bad, cjk int
	f1, cjkF1             float64
	noText, texts         int // files
}

func (s *score) file(t *testing.T, name string, want []string, got map[string]string) {
	total, found := 0, 0
	for i, w := range want {
		a := words(w)
		b := words(got["page="+strconv.Itoa(i+1)])
		total, found = total+len(a), found+len(b)
		if len(a) < 20 {
			continue
		}
		f1 := wordF1(a, b)
		s.pages++
		s.f1 += f1
		if f1 >= .95 {
			s.good++
		}
		if f1 < .5 {
			s.bad++
		}
		if isCJK(a) {
			s.cjk++
			s.cjkF1 += f1
		}
		if f1 < .9 && os.Getenv("V") != "" {
			t.Logf("F1 %.2f %s page %d (%d words)", f1, name, i+1, len(a))
		}
	}
	if total >= 5 {
		s.texts++
		if found == 0 {
			s.noText++
		}
	}
}

func (s *score) report(t *testing.T) {
	n := float64(max(s.pages, 1))
	t.Logf("%d pages: word F1 %.3f; %.1f%% of pages at .95 or better, %.1f%% below .5; %d CJK pages %.3f; no text in %d of %d files",
		s.pages, s.f1/n, 100*float64(s.good)/n, 100*float64(s.bad)/n, s.cjk, s.cjkF1/float64(max(s.cjk, 1)), s.noText, s.texts)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func isCJKRune(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// words cuts normalised text into words, and CJK text into characters.
func words(s string) (out []string) {
	s = strings.ReplaceAll(norm.NFKC.String(s), "\u00ad", "")
	var w strings.Builder
	flush := func() {
		if w.Len() > 0 {
			out = append(out, w.String())
			w.Reset()
		}
	}
	for _, r := range s {
		switch {
		case isCJKRune(r):
			flush()
			out = append(out, string(r))
		case isWord(r):
			w.WriteRune(r)
		default:
			flush()
		}
	}
	flush()
	return out
}

func isCJK(words []string) bool {
	n := 0
	for _, w := range words {
		if r, _ := utf8.DecodeRuneInString(w); isCJKRune(r) {
			n++
		}
	}
	return n*2 > len(words)
}

func wordF1(a, b []string) float64 {
	have := map[string]int{}
	for _, w := range a {
		have[w]++
	}
	hit := 0
	for _, w := range b {
		if have[w] > 0 {
			have[w]--
			hit++
		}
	}
	return 2 * float64(hit) / float64(max(len(a)+len(b), 1))
}

// BenchmarkRealFiles reads all files and reports pages with text a second.
func BenchmarkRealFiles(b *testing.B) {
	files, _ := filepath.Glob(filepath.Join(realdata.Dir(b, "pdf"), "files", "*.pdf"))
	var inputs []loaders.Input
	var size int64
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		size += int64(len(data))
		inputs = append(inputs, loaders.BytesInput(filepath.Base(file), data))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	pages := 0
	for b.Loop() {
		for _, in := range inputs {
			doc, _ := read(in, nil)
			pages += len(doc.Spans)
		}
	}
	b.ReportMetric(float64(pages)/b.Elapsed().Seconds(), "pages/s")
}
