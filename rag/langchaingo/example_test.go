package langchaingo_test

import (
	"context"
	"fmt"

	"github.com/tmc/langchaingo/embeddings"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/fake"
	"github.com/tmc/langchaingo/llms/openai"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/rag/langchaingo"
	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/llmtest"
)

// Any of langchaingo's models answers as a Generator.
func ExampleModel() {
	g := langchaingo.Model(fake.NewFakeLLM([]string{"The finance team."}))
	a, err := llm.Collect(g.Generate(context.Background(), llm.Request{
		Messages: []llm.Message{{Role: llm.User, Text: "Who approves refunds?"}},
	}))
	fmt.Println(a.Text, err)
	// Output: The finance team. <nil>
}

// Any Generator answers in langchaingo's chains.
func ExampleLLM() {
	m := langchaingo.LLM(llmtest.Say("The finance team."))
	text, err := llms.GenerateFromSinglePrompt(context.Background(), m, "Who approves refunds?")
	fmt.Println(text, err)
	// Output: The finance team. <nil>
}

// langchaingo's client for OpenAI as an Embedder, with the key in OPENAI_API_KEY.
func ExampleEmbedder() {
	client, err := openai.New(openai.WithEmbeddingModel("text-embedding-3-small"))
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := embeddings.NewEmbedder(client, embeddings.WithStripNewLines(false))
	if err != nil {
		fmt.Println(err)
		return
	}
	embedder, err := langchaingo.Embedder(e, embed.Model{Name: "text-embedding-3-small", Dim: 1536})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(embedder.Model().Space())
}
