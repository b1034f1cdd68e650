package store_test

import (
	"context"
	"fmt"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

func Example() {
	ctx := context.Background()
	db := storetest.NewReference() // any store.DB
	defer db.Close()
	s, err := db.Namespace("handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	text := "Refunds above 100 euros are approved by two people."
	_, err = s.Write(ctx, store.Change{
		Upsert: []store.Chunk{{ID: "refunds#0", DocID: "refunds", Text: text, End: len(text), Meta: map[string]any{"lang": "en"}}},
		Docs:   []store.Doc{{ID: "refunds", Chunks: 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	hits, err := s.Search(ctx, store.Query{Text: "who approves refunds", K: 3, Filter: store.Eq("lang", "en"), Fields: store.FieldText})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range hits {
		fmt.Println(h.Chunk.ID, h.Chunk.Text)
	}
	// Output: refunds#0 Refunds above 100 euros are approved by two people.
}

// A filter is a tree of conditions on Meta and on the chunk's own fields.
func ExampleFilter() {
	recent := store.Ge("published", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	f := store.And(
		store.Sources("wiki", "handbook"),
		store.Readable("ann", "group:finance"),
		store.Or(recent, store.Contains("tags", "evergreen")),
		store.Not(store.Eq("draft", true)),
	)
	c := store.Chunk{Source: "wiki", Meta: map[string]any{"tags": []string{"evergreen", "money"}}}
	fmt.Println(store.Match(f, &c))
	c.Meta["draft"] = true
	fmt.Println(store.Match(f, &c))
	// Output:
	// true
	// false
}

// A chunk that lacks the key passes no comparison, and so passes its Not.
func ExampleNe() {
	c := store.Chunk{Meta: map[string]any{"lang": "en"}}
	fmt.Println(store.Match(store.Ne("lang", "de"), &c))
	fmt.Println(store.Match(store.Ne("author", "ann"), &c))
	fmt.Println(store.Match(store.Not(store.Eq("author", "ann")), &c))
	// Output:
	// true
	// false
	// true
}

func ExampleCanonicalMeta() {
	meta, err := store.CanonicalMeta(map[string]any{"page": 12, "price": float32(9.5)})
	fmt.Printf("%T %T %v\n", meta["page"], meta["price"], err)
	_, err = store.CanonicalMeta(map[string]any{"page": nil})
	fmt.Println(err)
	// Output:
	// int64 float64 <nil>
	// invalid argument: meta page: nil; leave the key out
}

func ExampleAs() {
	s, err := storetest.NewReference().Namespace("handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	snap, ok := store.As[store.Snapshotter](s)
	if !ok {
		fmt.Println("this store has no snapshots")
		return
	}
	view, release, err := snap.Snapshot(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release()
	fmt.Println(view.Info().Features.Atomicity == store.AtomicChange)
	// Output: true
}
