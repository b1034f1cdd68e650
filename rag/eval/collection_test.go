package eval_test

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/rag/eval"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

func readSet(t testing.TB, name string) *eval.Set {
	t.Helper()
	s, err := eval.ReadBEIR(os.DirFS(realdata.Dir(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill returns an embedded store with one chunk a document, its title as
// prefix, and with vectors where there are any.
func fill(t testing.TB, s *eval.Set, m embed.Model, vectors [][]float32) store.Store {
	t.Helper()
	db := local.Memory(nil)
	t.Cleanup(func() { db.Close() })
	ns, err := db.Namespace("set")
	if err != nil {
		t.Fatal(err)
	}
	c := store.Change{Space: m.Space()}
	for i, d := range s.Docs {
		u := store.Chunk{ID: d.ID, DocID: d.ID, Source: "set", Text: d.Text, End: len(d.Text), Prefix: d.Title}
		if vectors != nil {
			u.Vector = vectors[i]
		}
		c.Upsert = append(c.Upsert, u)
		if len(c.Upsert) == 1000 || i == len(s.Docs)-1 {
			if _, err := ns.Write(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			c.Upsert = nil
		}
	}
	return ns
}

// ndcg returns the mean nDCG@10 of r, and the report.
func ndcg(t testing.TB, r retrieve.Retriever, s *eval.Set) (float64, *eval.Report) {
	t.Helper()
	rep, err := eval.Evaluate(t.Context(), r, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	mean, ok := rep.Get("nDCG@10")
	if !ok {
		t.Fatal("no nDCG@10")
	}
	return mean, rep
}

// The embedded store's keyword search is as good on public sets as BM25 with
// Porter's stemmer and a full list of function words is known to be.
func TestKeywordSearchQuality(t *testing.T) {
	for name, want := range map[string]float64{"scifact-train": .696, "cranfield": .435} {
		t.Run(name, func(t *testing.T) {
			s := readSet(t, name)
			got, rep := ndcg(t, retrieve.Text(fill(t, s, embed.Model{}, nil)), s)
			t.Logf("%s, keywords: %v", name, rep)
			if math.Abs(got-want) > .005 {
				t.Errorf("nDCG@10 is %.4f, want %.3f within .005", got, want)
			}
		})
	}
}

// Hybrid retrieval with real vectors is as good on public sets as the rule of
// its fusion was measured to be, and better than either ranker. With
// QUARRY_LONG=1 it measures all sets; -v prints the table.
func TestHybridQuality(t *testing.T) {
	for name, want := range map[string]float64{"scifact-train": .732, "cranfield": .478, "xquad-en": .979} {
		t.Run(name, func(t *testing.T) {
			if name != "cranfield" && os.Getenv("QUARRY_LONG") == "" {
				t.Skip("set QUARRY_LONG=1 to measure this set too")
			}
			s := readSet(t, name)
			dir := realdata.Dir(t, "vectors")
			m := embed.Model{Name: "all-MiniLM-L6-v2", Dim: 384, MaxTokens: 256}
			vectors := readVectors(t, filepath.Join(dir, "minilm."+name+".q.f32.gz"), m.Dim)
			questions := map[string][]float32{}
			for i, q := range s.Queries {
				questions[q.Text] = vectors[i]
			}
			e := embed.Func(m, func(_ context.Context, r embed.Request) (resp embed.Response, err error) {
				for _, text := range r.Texts {
					v, ok := questions[text]
					if !ok {
						return resp, fmt.Errorf("no vector of %q", text)
					}
					resp.Vectors = append(resp.Vectors, v)
				}
				return resp, nil
			})
			ns := fill(t, s, m, readVectors(t, filepath.Join(dir, "minilm."+name+".d.f32.gz"), m.Dim))
			words, rep := ndcg(t, retrieve.Text(ns), s)
			t.Logf("%-14s keywords   %v", name, rep)
			dense, rep := ndcg(t, retrieve.Vector(ns, e), s)
			t.Logf("%-14s vectors    %v", name, rep)
			hybrid, rep := ndcg(t, retrieve.Hybrid(ns, e, nil), s)
			t.Logf("%-14s hybrid     %v", name, rep)
			for _, m := range []retrieve.Method{retrieve.Convex, retrieve.RRF} {
				_, rep := ndcg(t, retrieve.Hybrid(ns, e, &retrieve.FuseOptions{Method: m}), s)
				t.Logf("%-14s %-10s %v", name, m, rep)
			}
			if math.Abs(hybrid-want) > .005 || hybrid <= max(words, dense) {
				t.Errorf("nDCG@10 is %.4f, want %.3f within .005 and over %.4f and %.4f", hybrid, want, words, dense)
			}
		})
	}
}

// readVectors reads compressed little-endian float32 rows.
func readVectors(t testing.TB, path string, dim int) [][]float32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw)%(4*dim) != 0 {
		t.Fatal(path + ": " + strconv.Itoa(len(raw)) + " bytes")
	}
	rows := make([][]float32, len(raw)/(4*dim))
	for i := range rows {
		rows[i] = make([]float32, dim)
		for j := range rows[i] {
			rows[i][j] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(i*dim+j):]))
		}
	}
	return rows
}
