package bm25_test

import (
	"context"
	"fmt"
	"log"

	"github.com/quarry-go/quarry/internal/bm25"
	"github.com/quarry-go/quarry/internal/text"
)

func ExampleNew() {
	var a text.Analyzer
	ix := bm25.New()
	for i, s := range []string{"The cat sat on the mat.", "Dogs chase cats.", "A mat of straw."} {
		if err := ix.Add(uint32(i), 1, a.Terms(s)); err != nil {
			log.Fatal(err)
		}
	}
	if err := ix.Delete(0, 2); err != nil {
		log.Fatal(err)
	}
	for _, at := range []uint64{1, 2} {
		hits, err := ix.Search(context.Background(), bm25.Query{Terms: a.Terms("cats on mats"), K: 10, At: at})
		if err != nil {
			log.Fatal(err)
		}
		for _, h := range hits {
			fmt.Printf("at %d: entry %d, %.3f\n", at, h.Ord, h.Score)
		}
	}
	// Output:
	// at 1: entry 0, 0.406
	// at 1: entry 2, 0.238
	// at 1: entry 1, 0.203
	// at 2: entry 2, 0.343
	// at 2: entry 1, 0.291
}
