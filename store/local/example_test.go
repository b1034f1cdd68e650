package local_test

import (
	"context"
	"fmt"
	"os"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

// chunk returns a chunk that is a whole document.
func chunk(id, text string) store.Chunk {
	return store.Chunk{ID: id, DocID: id, Text: text, End: len(text)}
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "quarry")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	db, err := local.Open(dir, nil)
	if err != nil {
		panic(err)
	}
	handbook, err := db.Namespace("handbook")
	if err != nil {
		panic(err)
	}
	_, err = handbook.Write(ctx, store.Change{Upsert: []store.Chunk{
		chunk("1", "Refunds over 100 euros are approved by the head of sales."),
		chunk("2", "Holidays are entered a month ahead."),
	}})
	if err != nil {
		panic(err)
	}
	if err := db.Close(); err != nil {
		panic(err)
	}

	if db, err = local.Open(dir, nil); err != nil {
		panic(err)
	}
	defer db.Close()
	if handbook, err = db.Namespace("handbook"); err != nil {
		panic(err)
	}
	hits, err := handbook.Search(ctx, store.Query{Text: "who approves refunds?", K: 1, Fields: store.FieldText})
	if err != nil {
		panic(err)
	}
	fmt.Println(hits[0].Chunk.Text)
	// Output: Refunds over 100 euros are approved by the head of sales.
}

func ExampleMemory() {
	ctx := context.Background()
	db := local.Memory(nil)
	defer db.Close()
	numbers, err := db.Namespace("numbers")
	if err != nil {
		panic(err)
	}
	east, north := chunk("east", ""), chunk("north", "")
	east.Vector, north.Vector = []float32{1, 0}, []float32{0, 1}
	_, err = numbers.Write(ctx, store.Change{Upsert: []store.Chunk{east, north}, Space: "compass"})
	if err != nil {
		panic(err)
	}
	hits, err := numbers.Search(ctx, store.Query{Vector: []float32{.6, .8}, K: 2})
	if err != nil {
		panic(err)
	}
	for _, h := range hits {
		fmt.Printf("%s %.1f\n", h.Chunk.ID, h.Score)
	}
	// Output:
	// north 0.8
	// east 0.6
}
