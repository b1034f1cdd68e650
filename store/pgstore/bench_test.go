package pgstore_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/pgstore"
	"github.com/quarry-go/quarry/store/storetest"
)

// cpu returns the processor time that this process has used: the client's, not
// the server's.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// passages returns n chunks of about 1,200 bytes with vectors of 384 dimensions.
func passages(n int) []store.Chunk {
	r := rand.New(rand.NewPCG(1, 4))
	words := strings.Fields("the defer statement pushes a function call onto list of saved calls executed after surrounding returns commonly used to simplify functions that perform various clean up actions channel receive goroutine select interface method value type parameter constraint memory model package")
	chunks := make([]store.Chunk, n)
	for i := range chunks {
		var t strings.Builder
		for t.Len() < 1200 {
			t.WriteString(words[r.IntN(len(words))])
			t.WriteString(strconv.Itoa(r.IntN(40)))
			t.WriteByte(' ')
		}
		chunks[i] = store.Chunk{
			ID: fmt.Sprintf("%064x", i), DocID: fmt.Sprintf("%064x", i/10), Source: "docs", Ordinal: i % 10, Version: "1",
			Text: t.String(), End: t.Len(), Vector: storetest.RandomVector(r, 384),
			Origin: store.Origin{URI: "file:///docs/spec.html", Title: "Specification"},
			Meta:   map[string]any{"page": int64(i), "lang": "en"},
		}
	}
	return chunks
}

// bare does with pgx what a program without this package would: one table with a
// tsvector and an HNSW index, rows by unnest.
type bare struct{ p *pgxpool.Pool }

func (x bare) create(b *testing.B, table string) {
	for _, s := range []string{
		"CREATE TABLE " + table + " (ns text, id text, doc text, body text, meta jsonb, embedding vector(384), words tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED, PRIMARY KEY (ns, id))",
		"CREATE INDEX ON " + table + " USING hnsw (embedding vector_cosine_ops)",
		"CREATE INDEX ON " + table + " USING gin (words)",
		"CREATE INDEX ON " + table + " USING gin (meta)",
	} {
		if _, err := x.p.Exec(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}

func vectorText(v []float32) string {
	t := []byte{'['}
	for i, x := range v {
		if i > 0 {
			t = append(t, ',')
		}
		t = strconv.AppendFloat(t, float64(x), 'g', -1, 32)
	}
	return string(append(t, ']'))
}

func (x bare) write(b *testing.B, table string, chunks []store.Chunk) {
	var ids, docs, bodies, metas, vectors []string
	for _, c := range chunks {
		meta, err := json.Marshal(c.Meta)
		if err != nil {
			b.Fatal(err)
		}
		ids, docs, bodies, metas, vectors = append(ids, c.ID), append(docs, c.DocID), append(bodies, c.Text), append(metas, string(meta)), append(vectors, vectorText(c.Vector))
	}
	if _, err := x.p.Exec(b.Context(), "INSERT INTO "+table+" SELECT $1, id, doc, body, meta::jsonb, embedding::vector FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS t (id, doc, body, meta, embedding) ON CONFLICT (ns, id) DO UPDATE SET body = excluded.body, meta = excluded.meta, embedding = excluded.embedding",
		"n", ids, docs, bodies, metas, vectors); err != nil {
		b.Fatal(err)
	}
}

func (x bare) search(b *testing.B, table string, v []float32) {
	rows, err := x.p.Query(b.Context(), "SELECT id, doc, body, meta::text, 1 - (embedding <=> $1::text::vector) FROM "+table+" WHERE ns = 'n' AND meta @> '{\"lang\": \"en\"}' ORDER BY embedding <=> $1::text::vector LIMIT 10", vectorText(v))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c store.Chunk, err error) {
		var meta string
		var score float64
		if err := r.Scan(&c.ID, &c.DocID, &c.Text, &meta, &score); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(meta), &c.Meta)
	}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkClient compares the processor time of the client, over chunks written
// in changes of 100, and over filtered searches for 10, with that of pgx alone.
func BenchmarkClient(b *testing.B) {
	const n = 2000
	chunks := passages(n)
	p, schema := pool(b)
	raw := bare{p}
	tables := 0
	fresh := func() string { tables++; return fmt.Sprintf("%s.b%d", schema, tables) }
	report := func(b *testing.B, spent time.Duration, unit string, n int) {
		b.ReportMetric(float64(spent)/float64(b.N*n)/1e3, "client-µs/"+unit)
	}
	b.Run("write/pgx", func(b *testing.B) {
		var spent time.Duration
		for b.Loop() {
			table := fresh()
			raw.create(b, table)
			begin := cpu(b)
			for i := 0; i < n; i += 100 {
				raw.write(b, table, chunks[i:i+100])
			}
			spent += cpu(b) - begin
		}
		report(b, spent, "chunk", n)
	})
	b.Run("write/pgstore", func(b *testing.B) {
		var spent time.Duration
		for b.Loop() {
			s := opened(b, p, fresh())
			begin := cpu(b)
			for i := 0; i < n; i += 100 {
				if _, err := s.Write(b.Context(), store.Change{Upsert: chunks[i : i+100], Space: "s"}); err != nil {
					b.Fatal(err)
				}
			}
			spent += cpu(b) - begin
		}
		report(b, spent, "chunk", n)
	})
	table := fresh()
	raw.create(b, table)
	s := opened(b, p, fresh())
	for i := 0; i < n; i += 100 {
		raw.write(b, table, chunks[i:i+100])
		if _, err := s.Write(b.Context(), store.Change{Upsert: chunks[i : i+100], Space: "s"}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("search/pgx", func(b *testing.B) {
		begin := cpu(b)
		for i := 0; b.Loop(); i++ {
			raw.search(b, table, chunks[i%n].Vector)
		}
		report(b, cpu(b)-begin, "search", 1)
	})
	b.Run("search/pgstore", func(b *testing.B) {
		begin := cpu(b)
		for i := 0; b.Loop(); i++ {
			q := store.Query{Vector: chunks[i%n].Vector, K: 10, Filter: store.Eq("lang", "en"), Fields: store.FieldText | store.FieldMeta}
			if hits, err := s.Search(b.Context(), q); err != nil || len(hits) != 10 {
				b.Fatal(len(hits), err)
			}
		}
		report(b, cpu(b)-begin, "search", 1)
	})
	b.Run("words/pgstore", func(b *testing.B) {
		begin := cpu(b)
		for i := 0; b.Loop(); i++ {
			if _, err := s.Search(b.Context(), store.Query{Text: "defer statement12 channel3", K: 10, Fields: store.FieldText}); err != nil {
				b.Fatal(err)
			}
		}
		report(b, cpu(b)-begin, "search", 1)
	})
}

func opened(b *testing.B, p *pgxpool.Pool, table string) store.Store {
	b.Helper()
	db, err := pgstore.Open(b.Context(), p, &pgstore.Options{Table: table})
	if err != nil {
		b.Fatal(err)
	}
	s, err := db.Namespace("n")
	if err != nil {
		b.Fatal(err)
	}
	return s
}
