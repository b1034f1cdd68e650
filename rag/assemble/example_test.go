package assemble_test

import (
	"fmt"

	"github.com/quarry-go/quarry/rag/assemble"
	"github.com/quarry-go/quarry/store"
)

func ExampleAssemble() {
	const doc = "Refunds take a week. Refunds above 500 need the approval of finance."
	hits := []store.Hit{{Score: 1, Chunk: store.Chunk{
		ID: "c1", DocID: "d1", Text: doc, End: len(doc),
		Origin: store.Origin{URI: "policy.pdf"},
		Marks:  []store.Mark{{Kind: "page", End: len(doc), Label: "12", Anchor: "page=12"}},
	}}}
	ev, err := assemble.Assemble("Who approves refunds above 500?", hits, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range ev.Citations {
		fmt.Println(c)
	}
	// Output:
	// [1] policy.pdf#page=12 p. 12 "Refunds above 500 need the approval of finance."
}
