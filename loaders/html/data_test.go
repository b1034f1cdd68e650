package html_test

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/html"
)

// TestRealPages reads pages of the web and scores their main text against
// that of Readability.js, as the article extraction benchmark does: shingles
// of four words, every page weighs the same.
func TestRealPages(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(realdata.Dir(t, "html"), "*", "source.html.gz"))
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	var tp, fp, fn float64
	for _, page := range pages {
		name := filepath.Base(filepath.Dir(page))
		got := parse(t, html.New(nil), loaders.BytesInput(name+".html", gunzip(t, page)))
		want := parse(t, html.New(&html.Options{Whole: true}), loaders.BytesInput(name, gunzip(t, filepath.Join(filepath.Dir(page), "expected.html.gz"))))
		a, b := shingles(want.Text), shingles(got.Text)
		hit := 0
		for s, n := range a {
			hit += min(n, b[s])
		}
		miss, extra := total(a)-hit, total(b)-hit
		sum := float64(hit + miss + extra)
		if sum == 0 {
			continue
		}
		tp, fp, fn = tp+float64(hit)/sum, fp+float64(extra)/sum, fn+float64(miss)/sum
		if os.Getenv("V") != "" && float64(hit)/sum < .97 {
			t.Logf("%-40s hit %.3f extra %.3f miss %.3f", name, float64(hit)/sum, float64(extra)/sum, float64(miss)/sum)
		}
	}
	precision, recall := tp/(tp+fp), tp/(tp+fn)
	f1 := 2 * precision * recall / (precision + recall)
	t.Logf("%d pages: precision %.3f recall %.3f F1 %.3f", len(pages), precision, recall, f1)
	if f1 < .985 {
		t.Errorf("main text F1 %.3f, want .985", f1)
	}
}

func parse(t testing.TB, p loaders.Parser, in loaders.Input) loaders.Document {
	t.Helper()
	var doc loaders.Document
	for d, err := range p.Parse(context.Background(), in) {
		if err != nil {
			t.Fatal(err)
		}
		doc = d
	}
	if err := doc.Validate(); err != nil {
		t.Fatal(err)
	}
	return doc
}

func gunzip(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var word = regexp.MustCompile(`[\pL\pN_]+`)

func shingles(s string) map[[4]string]int {
	words := word.FindAllString(s, -1)
	m := map[[4]string]int{}
	if len(words) == 0 {
		return m
	}
	for i := range max(1, len(words)-3) {
		var k [4]string
		copy(k[:], words[i:])
		m[k]++
	}
	return m
}

func total(m map[[4]string]int) (n int) {
	for _, c := range m {
		n += c
	}
	return n
}

func BenchmarkRealPages(b *testing.B) {
	pages, _ := filepath.Glob(filepath.Join(realdata.Dir(b, "html"), "*", "source.html.gz"))
	var inputs []loaders.Input
	var size int64
	for _, page := range pages {
		in := loaders.BytesInput(page, gunzip(b, page))
		size += in.Size
		inputs = append(inputs, in)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, in := range inputs {
			parse(b, html.New(nil), in)
		}
	}
}
