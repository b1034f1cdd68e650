package llmtest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/llmtest"
)

func ExampleSay() {
	m := llmtest.Say("The finance team [1].")
	answer, err := llm.Collect(m.Generate(context.Background(), ask("Who approves refunds?")))
	fmt.Println(answer.Text, err)
	fmt.Println(m.Requests()[0].Messages[0].Text)
	// Output:
	// The finance team [1]. <nil>
	// Who approves refunds?
}

// A model that is asked to slow down at first, and breaks off at last.
func ExampleScript() {
	m := llmtest.Script(
		llmtest.RateLimited(2*time.Second),
		llmtest.Words("one two three"),
		llmtest.Reply{Pieces: []string{"half an "}, Err: llm.ErrUnavailable},
	)
	for range 3 {
		answer, err := llm.Collect(m.Generate(context.Background(), ask("Count.")))
		fmt.Printf("%q %v\n", answer.Text, err)
	}
	// Output:
	// "" rate limited (retry after 2s): as scripted
	// "one two three" <nil>
	// "half an " model unavailable
}

// A model that answers as a function of the request.
func ExampleAnswer() {
	m := llmtest.Answer(func(call int, r llm.Request) llmtest.Reply {
		return llmtest.Text(fmt.Sprintf("answer %d to %q", call, r.Messages[0].Text))
	})
	answer, err := llm.Collect(m.Generate(context.Background(), ask("a?")))
	fmt.Println(answer.Text, answer.Usage.OutputTokens, err)
	// Output: answer 0 to "a?" 4 <nil>
}
