package openaillm_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/openaillm"
)

func ExampleNew() {
	// In place of a service such as Ollama at http://localhost:11434/v1.
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, `data: {"choices":[{"delta":{"content":"Rayleigh "}}]}`+"\n\n"+
			`data: {"choices":[{"delta":{"content":"scattering."},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
	}))
	defer service.Close()

	g := openaillm.New("llama3.2", &openaillm.Options{BaseURL: service.URL + "/v1"})
	r := llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Why is the sky blue?"}}, MaxTokens: 200}
	for d, err := range g.Generate(context.Background(), r) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(d.Text)
	}
	// Output: Rayleigh scattering.
}
