package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/store"
)

// benchChunks is how many chunks the searches of Bench look through.
const benchChunks = 2000

// batch is how many chunks a Write of Bench puts.
const batch = 100

// Bench measures the implementation behind h: ingest in Writes of 100 chunks,
// and search by text, by vector, and by both with a filter that one chunk in
// twenty passes, over 2,000 chunks. Beside time and allocations it reports, an
// operation, the hits found and the growth of h.Counters. What the store
// declares absent is skipped.
func Bench(b *testing.B, h Harness) {
	h, err := h.withDefaults()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ingest", func(b *testing.B) {
		f := newBenchFixture(b, h)
		chunks := f.chunks(batch)
		n := 0
		f.measure(b, func() (int, error) {
			for i := range chunks { // new documents each time
				chunks[i].DocID = fmt.Sprintf("doc%d-%d", n, i/10)
				chunks[i].ID = fmt.Sprintf("%s#%d", chunks[i].DocID, i%10)
			}
			n++
			_, err := f.store.Write(b.Context(), store.Change{Upsert: chunks, Docs: RecordsOf(chunks), Space: f.space})
			return 0, err
		})
		b.ReportMetric(batch, "chunks/op")
	})
	b.Run("text", func(b *testing.B) {
		f := newBenchFixture(b, h).filled(b)
		f.search(b, f.info.Features.Lexical, func(i int) store.Query { return store.Query{Text: someWords[i%len(someWords)]} })
	})
	b.Run("vector", func(b *testing.B) {
		f := newBenchFixture(b, h).filled(b)
		f.search(b, f.info.Features.Vectors, func(i int) store.Query { return store.Query{Vector: f.vectors[i%len(f.vectors)]} })
	})
	rare := store.And(store.Eq("draft", true), store.Not(store.Exists("absent")))
	b.Run("filtered-text", func(b *testing.B) {
		f := newBenchFixture(b, h).filled(b)
		f.search(b, f.info.Features.Lexical, func(i int) store.Query {
			return store.Query{Text: someWords[i%len(someWords)], Filter: rare}
		})
	})
	b.Run("filtered-vector", func(b *testing.B) {
		f := newBenchFixture(b, h).filled(b)
		f.search(b, f.info.Features.Vectors, func(i int) store.Query {
			return store.Query{Vector: f.vectors[i%len(f.vectors)], Filter: rare}
		})
	})
}

// benchFixture is a store to measure, and what to ask of it.
type benchFixture struct {
	h       Harness
	rand    *rand.Rand
	db      store.DB
	store   store.Store
	info    store.Info
	space   string
	dim     int
	vectors [][]float32
}

func newBenchFixture(b *testing.B, h Harness) *benchFixture {
	db, err := h.Open()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	s, err := db.Namespace("bench")
	if err != nil {
		b.Fatal(err)
	}
	f := &benchFixture{h: h, rand: rand.New(rand.NewPCG(h.Seed, 0)), db: db, store: s, info: s.Info()}
	if f.info.Features.Vectors {
		f.space, f.dim = orDefault(f.info.Space, h.Space), orDefault(f.info.Dim, h.Dim)
		for range 64 {
			f.vectors = append(f.vectors, RandomVector(f.rand, f.dim))
		}
	}
	return f
}

// chunks returns random chunks with one key of Meta, true of one in twenty.
func (f *benchFixture) chunks(n int) []store.Chunk {
	chunks := RandomChunks(f.rand, n, f.dim)
	for i := range chunks {
		chunks[i].Meta = map[string]any{"draft": i%20 == 0}
	}
	return chunks
}

func (f *benchFixture) filled(b *testing.B) *benchFixture {
	for part := range slices.Chunk(f.chunks(benchChunks), batch) {
		c := store.Change{Upsert: part, Docs: RecordsOf(part), Space: f.space}
		if _, err := f.store.Write(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	if f.h.Settle != nil {
		if err := f.h.Settle(b.Context(), f.db); err != nil {
			b.Fatal(err)
		}
	}
	return f
}

// search measures the ten best of a query that changes from call to call.
func (f *benchFixture) search(b *testing.B, can bool, query func(i int) store.Query) {
	if !can {
		b.Skip("Info does not declare it")
	}
	i := 0
	f.measure(b, func() (int, error) {
		q := query(i)
		q.K = 10
		i++
		hits, err := f.store.Search(b.Context(), q)
		return len(hits), err
	})
}

// measure runs an operation that returns how many hits it had.
func (f *benchFixture) measure(b *testing.B, op func() (int, error)) {
	before := f.counters()
	hits := 0
	b.ReportAllocs()
	for b.Loop() {
		n, err := op()
		if err != nil {
			b.Fatal(err)
		}
		hits += n
	}
	if hits > 0 {
		b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
	}
	for name, v := range f.counters() {
		b.ReportMetric((v-before[name])/float64(b.N), name+"/op")
	}
}

func (f *benchFixture) counters() map[string]float64 {
	if f.h.Counters == nil {
		return nil
	}
	return f.h.Counters(f.db)
}
