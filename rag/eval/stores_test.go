package eval_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/internal/servers"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/pgstore"
)

// postgres opens a store in a schema that is dropped at the end of the test.
func postgres(t *testing.T, o pgstore.Options) store.DB {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("eval_%d", os.Getpid())
	if _, err := pool.Exec(t.Context(), "DROP SCHEMA IF EXISTS "+schema+" CASCADE; CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := pool.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		pool.Close()
	})
	o.Table = schema + ".t"
	db, err := pgstore.Open(t.Context(), pool, &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// What the embedded store finds, another finds too: of the first ten hits of each
// question, the mean share that both have is printed for words, for vectors, and
// for the fusion of both.
func TestStoresAgree(t *testing.T) {
	s := readSet(t, "cranfield")
	dir := realdata.Dir(t, "vectors")
	m := embed.Model{Name: "all-MiniLM-L6-v2", Dim: 384, MaxTokens: 256}
	vectors := readVectors(t, filepath.Join(dir, "minilm.cranfield.q.f32.gz"), m.Dim)
	questions := map[string][]float32{}
	for i, q := range s.Queries {
		questions[q.Text] = vectors[i]
	}
	e := embed.Func(m, func(_ context.Context, r embed.Request) (resp embed.Response, err error) {
		for _, text := range r.Texts {
			resp.Vectors = append(resp.Vectors, questions[text])
		}
		return resp, nil
	})
	embedded := fill(t, s, m, readVectors(t, filepath.Join(dir, "minilm.cranfield.d.f32.gz"), m.Dim))
	for name, c := range map[string]struct {
		open                   func(t *testing.T) store.DB
		words, vectors, hybrid float64 // at least
	}{
		"postgres, exact":   {func(t *testing.T) store.DB { return postgres(t, pgstore.Options{NoIndex: true}) }, .999, .999, .999},
		"postgres, indexed": {func(t *testing.T) store.DB { return postgres(t, pgstore.Options{}) }, .999, .95, .95},
	} {
		t.Run(name, func(t *testing.T) {
			other, err := c.open(t).Namespace("set")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Copy(t.Context(), other, embedded, nil); err != nil {
				t.Fatal(err)
			}
			agree := func(what string, least float64, make func(store.Store) retrieve.Retriever) {
				a, b := make(embedded), make(other)
				sum := 0.0
				for _, q := range s.Queries {
					sum += overlap(t, a, b, q.Text)
				}
				mean := sum / float64(len(s.Queries))
				t.Logf("%s: overlap@10 %.4f over %d questions", what, mean, len(s.Queries))
				if mean < least {
					t.Errorf("%s: overlap@10 is %.4f, want at least %.3f", what, mean, least)
				}
			}
			agree("words", c.words, func(s store.Store) retrieve.Retriever { return retrieve.Text(s) })
			agree("vectors", c.vectors, func(s store.Store) retrieve.Retriever { return retrieve.Vector(s, e) })
			agree("hybrid", c.hybrid, func(s store.Store) retrieve.Retriever { return retrieve.Hybrid(s, e, nil) })
		})
	}
}

// overlap returns the share of the first ten hits that two retrievers have both.
func overlap(t *testing.T, a, b retrieve.Retriever, question string) float64 {
	t.Helper()
	found := map[string]int{}
	n := 0
	for _, r := range []retrieve.Retriever{a, b} {
		res, err := r.Retrieve(t.Context(), retrieve.Question{Text: question, K: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range res.Hits {
			found[h.Chunk.ID]++
		}
		n = max(n, len(res.Hits))
	}
	both := 0
	for _, count := range found {
		if count == 2 {
			both++
		}
	}
	if n == 0 {
		return 1
	}
	return float64(both) / float64(n)
}
