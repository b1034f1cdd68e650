package main

import (
	"context"
	"fmt"
	"log"

	"github.com/quarry-go/quarry/loaders/auto"
	"github.com/quarry-go/quarry/rag"
)

func main() {
	ctx := context.Background()
	kb, err := rag.Open("./kb", nil) // a folder; no key, no server
	if err != nil {
		log.Fatal(err)
	}
	defer kb.Close()

	rep, err := kb.Sync(ctx, "handbook", auto.Dir("./docs", nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rep) // a document that failed is in the report: rep.Err() for the strict

	ev, err := kb.Evidence(ctx, rag.Question{Text: "Who approves refunds?"})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range ev.Citations { // none where nothing relevant was found: ev.Empty()
		fmt.Println(c)
	}
	// ev.Prompt() is the text to send to a model: the passages and the question.
}
