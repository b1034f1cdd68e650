package retrieve_test

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// library returns a store of three passages, and the embedder of its vectors.
func library() (store.Store, embed.Embedder) {
	s, err := storetest.NewReference().Namespace("library")
	if err != nil {
		panic(err)
	}
	e := embedtest.Words(256)
	c := store.Change{Space: e.Model().Space()}
	for i, text := range []string{"A lead approves refunds.", "Trips are booked by train.", "Refunds take two days."} {
		r, err := e.Embed(context.Background(), embed.Request{Texts: []string{text}})
		if err != nil {
			panic(err)
		}
		c.Upsert = append(c.Upsert, store.Chunk{ID: fmt.Sprint(i), DocID: "handbook", Ordinal: i, Text: text, End: len(text), Vector: r.Vectors[0]})
	}
	if _, err := s.Write(context.Background(), c); err != nil {
		panic(err)
	}
	return s, e
}

// show prints the passages that r finds for a question.
func show(r retrieve.Retriever, text string) {
	res, err := r.Retrieve(context.Background(), retrieve.Question{Text: text, K: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range res.Hits {
		fmt.Println(h.Chunk.Text)
	}
}

func ExampleText() {
	s, _ := library()
	show(retrieve.Text(s), "Who approves refunds?")
	// Output:
	// A lead approves refunds.
	// Refunds take two days.
}

func ExampleVector() {
	s, e := library()
	show(retrieve.Vector(s, e), "booked by train")
	// Output:
	// Trips are booked by train.
	// Refunds take two days.
}

func ExampleHybrid() {
	s, e := library()
	show(retrieve.Hybrid(s, e, nil), "Who approves refunds?")
	// Output:
	// A lead approves refunds.
	// Refunds take two days.
}

func ExampleFuse() {
	s, e := library()
	// Trust meaning more than words.
	o := &retrieve.FuseOptions{Weights: []float64{.3, .7}}
	show(retrieve.Fuse(o, retrieve.Text(s), retrieve.Vector(s, e)), "days by train")
	// Output:
	// Trips are booked by train.
	// Refunds take two days.
}
