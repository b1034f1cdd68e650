package openaillm_test

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/openaillm"
)

// A model that Ollama serves.
func ExampleNew() {
	g := openaillm.New("llama3.2", &openaillm.Options{BaseURL: "http://localhost:11434/v1"})
	r := llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Why is the sky blue?"}}, MaxTokens: 200}
	for d, err := range g.Generate(context.Background(), r) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(d.Text)
	}
}
