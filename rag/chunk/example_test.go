package chunk_test

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
)

func ExampleNew() {
	packer, err := chunk.New(&chunk.Options{Size: 64, MaxPrefix: .3})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := loaders.Document{
		ID:    "refunds.md",
		Title: "Handbook",
		Text:  "Refunds\nA lead approves refunds up to 500 euros. Above that, the director does.\n\nTravel\nBook by train.\n",
		Spans: []loaders.Span{
			{Kind: loaders.Heading, Start: 0, End: 7, Label: "Refunds", Level: 1},
			{Kind: loaders.Heading, Start: 81, End: 87, Label: "Travel", Level: 1},
		},
	}
	for piece, err := range packer.Chunk(context.Background(), d) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %q\n", piece.Prefix, d.Text[piece.Start:piece.End])
	}
	// Output:
	// Handbook: "Refunds\nA lead approves refunds up to 500 euros. "
	// Handbook > Refunds: "Above that, the director does.\n\n"
	// Handbook: "Travel\nBook by train.\n"
}

func ExampleJoin() {
	fmt.Println(chunk.Join("Handbook > Refunds", "A lead approves refunds."))
	fmt.Println(chunk.Join("", "Trips are booked by train."))
	// Output:
	// Handbook > Refunds
	// A lead approves refunds.
	// Trips are booked by train.
}
