package openaiembed_test

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/openaiembed"
)

// OpenAI's service, with the key in OPENAI_API_KEY.
func ExampleNew() {
	e := openaiembed.New("text-embedding-3-small", nil)
	fmt.Println(e.Model().Dim)
	// Output: 1536
}

// A model that Ollama serves, with the prefixes that it was trained with.
func ExampleNew_local() {
	e := openaiembed.New("nomic-embed-text", &openaiembed.Options{
		BaseURL:       "http://localhost:11434/v1",
		PassagePrefix: "search_document: ",
		QueryPrefix:   "search_query: ",
	})
	r, err := e.Embed(context.Background(), embed.Request{Kind: embed.Query, Texts: []string{"Who approves refunds?"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(r.Vectors[0]))
}
