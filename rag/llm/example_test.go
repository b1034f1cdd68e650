package llm_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/quarry-go/quarry/rag/llm"
)

// Any function that answers is a Generator.
func ExampleFunc() {
	shout := llm.Func(func(_ context.Context, r llm.Request) (string, error) {
		return strings.ToUpper(r.Messages[len(r.Messages)-1].Text), nil
	})
	for d, err := range shout.Generate(context.Background(), ask("hello")) {
		fmt.Println(d.Text, d.Finish, err)
	}
	// Output: HELLO stop <nil>
}
