package eval_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

// A marked question has its answer marked in a document.
type marked struct {
	Question   string
	Corpus     string
	References []struct {
		Start int `json:"start_index"` // in code points
		End   int `json:"end_index"`
	}
}

// readMarked reads the documents and questions of the chunking evaluation of
// Smith and Troynikov (Evaluating Chunking Strategies for Retrieval, 2024).
func readMarked(t testing.TB, dir string) (docs []loaders.Document, questions []marked) {
	t.Helper()
	open := func(path string) io.Reader {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	in := bufio.NewScanner(open(filepath.Join(dir, "questions.jsonl.gz")))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var q marked
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		questions = append(questions, q)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.md.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := io.ReadAll(open(path))
		if err != nil {
			t.Fatal(err)
		}
		d := loaders.Document{ID: strings.TrimSuffix(filepath.Base(path), ".md.gz"), Text: string(text)}
		docs = append(docs, d)
	}
	return docs, questions
}

// headings finds headings of the form " = = Title = = ".
func headings(text string) []loaders.Span {
	var spans []loaders.Span
	at := 0
	for line := range strings.Lines(text) {
		s := strings.TrimSpace(line)
		level := 0
		for strings.HasPrefix(s, "= ") && strings.HasSuffix(s, " =") && len(s) > 4 {
			s = s[2 : len(s)-2]
			level++
		}
		if level > 0 {
			i := at + strings.Index(line, s)
			spans = append(spans, loaders.Span{Kind: loaders.Heading, Start: i, End: i + len(s), Label: s, Level: level})
		}
		at += len(line)
	}
	return spans
}

// An outcome is how pieces of one chunker did.
type outcome struct {
	pieces, bytes int
	first         [3]float64 // recall of the marked text in the first 1, 5 and 10 passages
	budget        float64    // and in the first 8,000 bytes of passages
}

// measure cuts docs, indexes the pieces by words, and asks the questions.
func measure(t testing.TB, p chunk.Chunker, docs []loaders.Document, questions []marked) (o outcome) {
	t.Helper()
	db := local.Memory(nil)
	defer db.Close()
	ns, err := db.Namespace("chunks")
	if err != nil {
		t.Fatal(err)
	}
	var c store.Change
	offsets := map[string][]int{} // of code points, in bytes
	for _, d := range docs {
		for i := range d.Text {
			offsets[d.ID] = append(offsets[d.ID], i)
		}
		offsets[d.ID] = append(offsets[d.ID], len(d.Text))
		for piece, err := range p.Chunk(t.Context(), d) {
			if err != nil {
				t.Fatal(err)
			}
			c.Upsert = append(c.Upsert, store.Chunk{
				ID: fmt.Sprintf("%s-%d", d.ID, piece.Start), DocID: d.ID, Prefix: piece.Prefix,
				Text: d.Text[piece.Start:piece.End], Start: piece.Start, End: piece.End,
			})
			o.pieces++
			o.bytes += piece.End - piece.Start
		}
	}
	if _, err := ns.Write(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	asked := 0.0
	for _, q := range questions {
		at := offsets[q.Corpus]
		if at == nil {
			continue
		}
		asked++
		res, err := retrieve.Text(ns).Retrieve(t.Context(), retrieve.Question{Text: q.Question, K: 50})
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range []int{1, 5, 10} {
			o.first[i] += recallOf(q, at, res.Hits[:min(n, len(res.Hits))])
		}
		n, bytes := 0, 0
		for n < len(res.Hits) && bytes+len(res.Hits[n].Chunk.Text) <= 8000 {
			bytes += len(res.Hits[n].Chunk.Text)
			n++
		}
		o.budget += recallOf(q, at, res.Hits[:n])
	}
	for i := range o.first {
		o.first[i] /= asked
	}
	o.budget /= asked
	return o
}

// recallOf returns the share of q's marked text that hits hold.
func recallOf(q marked, at []int, hits []store.Hit) float64 {
	found, all := map[int]bool{}, map[int]bool{}
	for _, r := range q.References {
		for p := r.Start; p < r.End; p++ {
			all[p] = true
			for _, h := range hits {
				if h.Chunk.DocID == q.Corpus && h.Chunk.Start <= at[p] && at[p] < h.Chunk.End {
					found[p] = true
				}
			}
		}
	}
	return float64(len(found)) / float64(len(all))
}

// Passages of the packer hold the answers to questions as well as passages of
// whole sentences were measured to, with and without known headings. With -v
// the table that the default size was chosen by is printed, for QUARRY_LONG=1
// with more sizes.
func TestChunkQuality(t *testing.T) {
	docs, questions := readMarked(t, realdata.Dir(t, "chunking-eval"))
	least := map[int]float64{800: .89, 1600: .96} // recall in the first 5
	sizes := []int{800, 1600}
	if os.Getenv("QUARRY_LONG") != "" {
		sizes = []int{400, 600, 800, 1000, 1200, 1600, 2000, 2400, 3200}
	}
	for _, spans := range []bool{true, false} {
		for i := range docs {
			docs[i].Spans = nil
			if spans {
				docs[i].Spans = headings(docs[i].Text)
			}
		}
		for _, size := range sizes {
			for _, overlap := range []int{0, size / 8} {
				p, err := chunk.New(&chunk.Options{Size: size, Overlap: overlap})
				if err != nil {
					t.Fatal(err)
				}
				o := measure(t, p, docs, questions)
				t.Logf("headings %-5v size %4d overlap %3d: %4d pieces of %4d bytes; recall in 1: %.3f, 5: %.3f, 10: %.3f, in 8000 bytes: %.3f",
					spans, size, overlap, o.pieces, o.bytes/o.pieces, o.first[0], o.first[1], o.first[2], o.budget)
				if overlap == 0 && o.first[1] < least[size] {
					t.Errorf("size %d: recall in 5 is %.3f, want %.2f", size, o.first[1], least[size])
				}
			}
		}
	}
}
