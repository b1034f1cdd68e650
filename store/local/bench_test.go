package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

const benchDim = 384

// vocabulary has words as often as a language: the nth about 1/n of the first.
var vocabulary = func() []string {
	rng := rand.New(rand.NewPCG(1, 1))
	words := make([]string, 20_000)
	for i := range words {
		b := make([]byte, 3+rng.IntN(8))
		for j := range b {
			b[j] = 'a' + byte(rng.IntN(26))
		}
		words[i] = string(b)
	}
	return words
}()

func prose(rng *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		n := len(vocabulary)
		for range 2 {
			n = rng.IntN(n) + 1
		}
		b.WriteString(vocabulary[n-1])
		b.WriteByte(' ')
	}
	return b.String()
}

// benchChunks returns chunks of about 1 KB with a vector, numbered from first.
func benchChunks(rng *rand.Rand, first, n int) store.Change {
	c := store.Change{Space: "bench"}
	for i := first; i < first+n; i++ {
		text := prose(rng, 1000)
		c.Upsert = append(c.Upsert, store.Chunk{
			ID: fmt.Sprintf("chunk-%032d", i), DocID: fmt.Sprintf("doc-%032d", i/16), Source: "bench", Ordinal: i % 16,
			Text: text, End: len(text), Vector: storetest.RandomVector(rng, benchDim),
		})
	}
	return c
}

// counted opens a store that counts its syncs and written bytes.
func counted(b *testing.B) (db *DB, syncs, bytes *int) {
	syncs, bytes = new(int), new(int)
	dir, err := vfs.OpenDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	fsys := errfs.Wrap(dir, func(o errfs.Op) error {
		switch o.Kind {
		case errfs.KindSync, errfs.KindSyncDir:
			*syncs++
		case errfs.KindWrite:
			*bytes += o.Size
		}
		return nil
	})
	if db, err = Open("", &Options{fs: fsys}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
		dir.Close()
	})
	return db, syncs, bytes
}

// Durable ingest: 256 chunks a change, each of 1 KB of text and 384 dimensions.
func BenchmarkIngest(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 2))
	changes := make([]store.Change, 16)
	for i := range changes {
		changes[i] = benchChunks(rng, 256*i, 256)
	}
	db, syncs, bytes := counted(b)
	n, i := &namespace{db: db, name: "x"}, 0
	*syncs, *bytes = 0, 0
	for b.Loop() {
		c := changes[i%len(changes)]
		if i >= len(changes) { // new chunks, or the old ones would be replaced
			for j := range c.Upsert {
				c.Upsert[j].ID = fmt.Sprintf("chunk-%032d", 256*i+j)
			}
		}
		if _, err := n.Write(context.Background(), c); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(256*i)/b.Elapsed().Seconds(), "chunks/s")
	b.ReportMetric(float64(*syncs)/float64(i), "syncs/commit")
	b.ReportMetric(float64(*bytes)/float64(256*i), "written-B/chunk")
}

// A change of one chunk, in turns with the sync of a file that as much was
// added to; then changes of many writers.
func BenchmarkCommit(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 3))
	chunks := benchChunks(rng, 0, 64).Upsert
	b.Run("one", func(b *testing.B) {
		db, syncs, bytes := counted(b)
		n, i := &namespace{db: db, name: "x"}, 0
		f, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		var commits, bare []time.Duration
		*syncs, *bytes = 0, 0
		for b.Loop() {
			start := time.Now()
			if _, err := n.Write(context.Background(), store.Change{Upsert: chunks[i%64 : i%64+1], Space: "bench"}); err != nil {
				b.Fatal(err)
			}
			commits = append(commits, time.Since(start))
			i++
			data := make([]byte, *bytes/i)
			start = time.Now()
			if _, err := f.Write(data); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			bare = append(bare, time.Since(start))
		}
		slices.Sort(commits)
		slices.Sort(bare)
		b.ReportMetric(float64(commits[i/2].Microseconds()), "commit-p50-us")
		b.ReportMetric(float64(bare[i/2].Microseconds()), "sync-p50-us")
		b.ReportMetric(float64(*syncs)/float64(i), "syncs/commit")
	})
	b.Run("many", func(b *testing.B) {
		db, syncs, _ := counted(b)
		n := &namespace{db: db, name: "x"}
		*syncs = 0
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, err := n.Write(context.Background(), store.Change{Upsert: chunks[i%64 : i%64+1], Space: "bench"}); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(*syncs)/float64(b.N), "syncs/commit")
	})
}

// Searches over 20,000 chunks.
func BenchmarkSearch(b *testing.B) {
	rng := rand.New(rand.NewPCG(4, 4))
	db := Memory(nil)
	n := &namespace{db: db, name: "x"}
	for first := 0; first < 20_000; first += 1000 {
		if _, err := n.Write(context.Background(), benchChunks(rng, first, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	sixteen := make([]string, 16)
	for i := range sixteen {
		sixteen[i] = fmt.Sprintf("doc-%032d", i*70)
	}
	for _, f := range []struct {
		name   string
		filter store.Filter
	}{
		{"all", nil}, {"256 of 16 documents", store.Docs(sixteen...)}, {"half by metadata", store.Ordinals(0, 7)},
	} {
		queries := make([]store.Query, 64)
		for i := range queries {
			queries[i] = store.Query{Text: prose(rng, 40), K: 10, Filter: f.filter}
		}
		b.Run("words/"+f.name, func(b *testing.B) { searches(b, n, queries) })
		for i := range queries {
			queries[i].Text, queries[i].Vector = "", storetest.RandomVector(rng, benchDim)
		}
		b.Run("vector/"+f.name, func(b *testing.B) { searches(b, n, queries) })
	}
}

func searches(b *testing.B, n *namespace, queries []store.Query) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := n.Search(context.Background(), queries[i%len(queries)]); err != nil {
			b.Fatal(err)
		}
	}
}

// Ten thousand namespaces of one small document each: memory, open files, and
// the time to open.
func BenchmarkNamespaces(b *testing.B) {
	const namespaces = 10_000
	dir := b.TempDir()
	db, err := Open(dir, nil)
	if err != nil {
		b.Fatal(err)
	}
	files := openFiles()
	var g group
	for i := range namespaces {
		c := text("1", "a small document of one chunk")
		c.Docs = []store.Doc{{ID: "1"}}
		r, err := (&namespace{db: db, name: fmt.Sprint("tenant ", i)}).request(context.Background(), &c)
		if err != nil {
			b.Fatal(err)
		}
		r.done = func() {}
		if err := db.stage(&g, r); err != nil {
			b.Fatal(err)
		}
	}
	db.flush(&g)
	more := openFiles() - files
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	db = nil
	before := heap()
	for b.Loop() {
		if db != nil {
			db.Close()
		}
		if db, err = Open(dir, nil); err != nil {
			b.Fatal(err)
		}
	}
	if n := db.Stats().Namespaces; n != namespaces {
		b.Fatalf("%d namespaces", n)
	}
	b.ReportMetric(float64(heap()-before)/namespaces, "heap-B/namespace")
	b.ReportMetric(float64(more), "more-files")
	db.Close()
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func openFiles() int {
	names, _ := os.ReadDir("/proc/self/fd")
	return len(names)
}
