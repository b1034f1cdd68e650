package bm25_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/internal/bm25"
	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/internal/text"
)

// A collection is a retrieval set in the layout of BEIR.
type collection struct {
	ids, texts []string // of the documents
	queries    []question
}

type question struct {
	text   string
	grades map[string]int // of the documents judged, by id
}

// load reads a set. Only queries with a relevant document count.
func load(t testing.TB, dir string) collection {
	t.Helper()
	type record struct {
		ID    string `json:"_id"`
		Title string
		Text  string
	}
	read := func(name string, each func(record)) {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(z)
		for d.More() {
			var r record
			if err := d.Decode(&r); err != nil {
				t.Fatal(err)
			}
			each(r)
		}
	}
	var c collection
	read("corpus.jsonl.gz", func(r record) {
		c.ids = append(c.ids, r.ID)
		c.texts = append(c.texts, strings.TrimPrefix(r.Title+"\n"+r.Text, "\n"))
	})
	grades := map[string]map[string]int{}
	f, err := os.Open(filepath.Join(dir, "qrels.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		p := strings.Fields(lines.Text())
		if len(p) < 3 || p[0] == "query-id" {
			continue
		}
		g, err := strconv.Atoi(p[2])
		if err != nil {
			t.Fatal(err)
		}
		if grades[p[0]] == nil {
			grades[p[0]] = map[string]int{}
		}
		grades[p[0]][p[1]] = g
	}
	read("queries.jsonl.gz", func(r record) {
		for _, g := range grades[r.ID] {
			if g > 0 {
				c.queries = append(c.queries, question{r.Text, grades[r.ID]})
				break
			}
		}
	})
	return c
}

func (c collection) index(t testing.TB) *bm25.Index {
	t.Helper()
	var a text.Analyzer
	ix := bm25.New()
	for i, s := range c.texts {
		if err := ix.Add(uint32(i), 1, a.Terms(s)); err != nil {
			t.Fatal(err)
		}
	}
	return ix
}

// ndcg is nDCG@10 as trec_eval has it: the gain of a document is its grade.
func ndcg(grades map[string]int, ranked []string) float64 {
	ideal := make([]int, 0, len(grades))
	for _, g := range grades {
		ideal = append(ideal, g)
	}
	slices.Sort(ideal)
	slices.Reverse(ideal)
	sum := func(n int, grade func(int) int) float64 {
		s := 0.0
		for i := range min(n, 10) {
			s += float64(max(grade(i), 0)) / math.Log2(float64(i)+2)
		}
		return s
	}
	return sum(len(ranked), func(i int) int { return grades[ranked[i]] }) /
		sum(len(ideal), func(i int) int { return ideal[i] })
}

// The expected values are those of an independent program with plain words, the same stemmer and the same BM25.
func TestQuality(t *testing.T) {
	var a text.Analyzer
	for _, set := range []struct {
		name string
		want float64
	}{
		{"scifact-train", .696},
		{"cranfield", .435},
		{"xquad-en", .966},
		{"cmrc2018-trial", .987},
	} {
		t.Run(set.name, func(t *testing.T) {
			c := load(t, realdata.Dir(t, set.name))
			ix := c.index(t)
			sum := 0.0
			for _, q := range c.queries {
				hits, err := ix.Search(context.Background(), bm25.Query{Terms: a.Terms(q.text), K: 10, At: 1})
				if err != nil {
					t.Fatal(err)
				}
				ranked := make([]string, len(hits))
				for i, h := range hits {
					ranked[i] = c.ids[h.Ord]
				}
				sum += ndcg(q.grades, ranked)
			}
			got := sum / float64(len(c.queries))
			t.Logf("nDCG@10 %.4f over %d queries", got, len(c.queries))
			if math.Abs(got-set.want) > .005 {
				t.Errorf("nDCG@10 is %.4f, want %.3f within .005", got, set.want)
			}
		})
	}
}
