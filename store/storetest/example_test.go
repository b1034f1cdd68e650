package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// A test of an implementation is one call.
func ExampleRun() {
	_ = func(t *testing.T) { // TestStore in the implementation's package
		storetest.Run(t, storetest.Harness{
			Open: func() (store.DB, error) { return storetest.NewReference(), nil },
		})
	}
}

func ExampleNewReference() {
	ctx := context.Background()
	db := storetest.NewReference()
	s, err := db.Namespace("a")
	if err != nil {
		fmt.Println(err)
		return
	}
	done, err := s.Write(ctx, store.Change{Upsert: []store.Chunk{{ID: "1", DocID: "doc", Text: "blue whale", End: 10}}})
	fmt.Println(done.Upserted, err)
	hits, err := s.Search(ctx, store.Query{Text: "whale", K: 1})
	fmt.Println(len(hits), err)
	// Output:
	// 1 <nil>
	// 1 <nil>
}

// A Write that is killed anywhere leaves no record that vouches for chunks
// that are not there.
func ExampleNewWeak() {
	ctx := context.Background()
	chunks := storetest.RandomChunks(rand.New(rand.NewPCG(1, 1)), 8, 0)
	change := store.Change{Upsert: chunks, Docs: storetest.RecordsOf(chunks)}
	for n := 0; ; n++ {
		db := storetest.NewWeak(nil)
		s, err := db.Namespace("a")
		if err != nil {
			fmt.Println(err)
			return
		}
		db.KillAfter(n)
		_, err = s.Write(ctx, change)
		db.Restart()
		db.Settle()
		if whole := storetest.CheckWhole(ctx, s); whole != nil {
			fmt.Println("killed after", n, whole)
		}
		if err == nil {
			fmt.Println("it takes", n, "sub-requests")
			return
		}
		if !errors.Is(err, store.ErrUnavailable) {
			fmt.Println(err)
			return
		}
	}
	// Output: it takes 14 sub-requests
}

func ExampleRandomFilter() {
	r := rand.New(rand.NewPCG(3, 2))
	chunks := storetest.RandomChunks(r, 100, 8)
	f := storetest.RandomFilter(r)
	passed := 0
	for i := range chunks {
		if store.Match(f, &chunks[i]) {
			passed++
		}
	}
	fmt.Println(store.CheckFilter(f), passed)
	// Output: <nil> 30
}
