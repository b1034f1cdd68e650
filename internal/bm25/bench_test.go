package bm25_test

import (
	"context"
	"testing"

	"github.com/quarry-go/quarry/internal/bm25"
	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/internal/text"
)

// BenchmarkAnalyze reads a corpus into terms, one corpus a round.
func BenchmarkAnalyze(b *testing.B) {
	for _, name := range []string{"scifact-train", "cmrc2018-trial"} {
		b.Run(name, func(b *testing.B) {
			c := load(b, realdata.Dir(b, name))
			b.SetBytes(c.size())
			b.ReportAllocs()
			var a text.Analyzer
			terms := 0
			for b.Loop() {
				for _, s := range c.texts {
					for range a.Terms(s) {
						terms++
					}
				}
			}
			b.ReportMetric(float64(terms)/float64(b.N), "terms/op")
		})
	}
}

// BenchmarkAdd indexes a corpus, one corpus a round.
func BenchmarkAdd(b *testing.B) {
	for _, name := range []string{"scifact-train", "cmrc2018-trial"} {
		b.Run(name, func(b *testing.B) {
			c := load(b, realdata.Dir(b, name))
			b.SetBytes(c.size())
			b.ReportAllocs()
			for b.Loop() {
				c.index(b)
			}
		})
	}
}

// BenchmarkSearch asks one question a round, analysis included.
func BenchmarkSearch(b *testing.B) {
	for _, name := range []string{"scifact-train", "cranfield", "cmrc2018-trial"} {
		b.Run(name, func(b *testing.B) {
			c := load(b, realdata.Dir(b, name))
			ix := c.index(b)
			b.ReportAllocs()
			b.ResetTimer()
			var a text.Analyzer
			for i := 0; b.Loop(); i++ {
				q := bm25.Query{Terms: a.Terms(c.queries[i%len(c.queries)].text), K: 10, At: 1}
				if _, err := ix.Search(context.Background(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func (c collection) size() (n int64) {
	for _, s := range c.texts {
		n += int64(len(s))
	}
	return n
}
