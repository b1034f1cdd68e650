package rag_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/quarry-go/quarry/loaders/auto"
	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/store/local"
)

// The documents of a small company.
var docs = fstest.MapFS{
	"refunds.md": {Data: []byte("# Refunds\n\nRefunds above 500 need the approval of finance.\n\nSmaller ones are made at once.\n")},
	"travel.md":  {Data: []byte("# Travel\n\nTravel is booked a week ahead.\n")},
}

// A knowledge base in a folder: sync documents into it, and print a context
// for a question with its citations.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "quarry-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	kb, err := rag.Open(filepath.Join(dir, "kb"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kb.Close()
	report, err := kb.Sync(ctx, "handbook", auto.FS(docs, nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)

	ev, err := kb.Evidence(ctx, rag.Question{Text: "Who approves refunds above 500?"})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range ev.Citations {
		fmt.Println(c)
	}
	// Output:
	// 2 added, 0 changed, 0 unchanged, 0 deleted, 0 failed, 0 skipped; 2 chunks written, 0 embedded
	// [1] Refunds "Refunds above 500 need the approval of finance."
}

// A knowledge base without files, filled document by document.
func ExampleMemory() {
	ctx := context.Background()
	kb, err := rag.Memory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kb.Close()
	_, err = kb.Put(ctx,
		rag.Document{ID: "tea", URI: "tea.txt", Text: "Green tea is brewed at 80 degrees."},
		rag.Document{ID: "coffee", URI: "coffee.txt", Text: "Coffee is brewed at 93 degrees."})
	if err != nil {
		log.Fatal(err)
	}
	r, err := kb.Retrieve(ctx, rag.Question{Text: "green tea", K: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Hits[0].Chunk.Text)
	// Output:
	// Green tea is brewed at 80 degrees.
}

// A knowledge base over a store of the program's own, with a namespace for
// each tenant.
func ExampleNew() {
	ctx := context.Background()
	db := local.Memory(nil)
	defer db.Close()
	kb, err := rag.New(&rag.Options{DB: db})
	if err != nil {
		log.Fatal(err)
	}
	for _, tenant := range []string{"acme", "globex"} {
		doc := rag.Document{ID: "plan", Text: "The secret plan of " + tenant + "."}
		if _, err := kb.Namespace(tenant).Put(ctx, doc); err != nil {
			log.Fatal(err)
		}
	}
	r, err := kb.Namespace("acme").Retrieve(ctx, rag.Question{Text: "secret plan"})
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range r.Hits {
		fmt.Println(h.Chunk.Text)
	}
	// Output:
	// The secret plan of acme.
}

// Any client's own message type takes the evidence.
func ExampleAttach() {
	ctx := context.Background()
	kb, err := rag.Memory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kb.Close()
	if _, err := kb.Put(ctx, rag.Document{ID: "tea", Text: "Green tea is brewed at 80 degrees."}); err != nil {
		log.Fatal(err)
	}
	ev, err := kb.Evidence(ctx, rag.Question{Text: "How is green tea brewed?"})
	if err != nil {
		log.Fatal(err)
	}

	type message struct{ Role, Content string } // as some client has it
	msgs := []message{{"system", "Be brief."}}
	msgs = rag.Attach(msgs, ev, func(role, text string) message { return message{role, text} })
	fmt.Println(len(msgs), msgs[1].Role)
	// Output:
	// 2 user
}

// A function is model enough; its citations are checked.
func ExampleKB_Ask() {
	ctx := context.Background()
	kb, err := rag.Memory(&rag.Options{
		Model: llm.Func(func(ctx context.Context, r llm.Request) (string, error) {
			return `At "80 degrees" [1].`, nil // a real one would read r.Messages
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer kb.Close()
	if _, err := kb.Put(ctx, rag.Document{ID: "tea", URI: "tea.txt", Text: "Green tea is brewed at 80 degrees."}); err != nil {
		log.Fatal(err)
	}
	answer, err := kb.Ask(ctx, rag.Question{Text: "How hot is green tea brewed?"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text)
	for _, c := range answer.Citations {
		fmt.Println(c.Verdict, c.Place.URI)
	}
	// Output:
	// At "80 degrees" [1].
	// quoted tea.txt
}
