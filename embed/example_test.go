package embed_test

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/embed"
)

// A function that turns texts into vectors becomes an Embedder; what it
// returns is checked and normalised.
func ExampleFunc() {
	m := embed.Model{Name: "length and spaces", Dim: 2}
	e := embed.Func(m, func(_ context.Context, r embed.Request) (embed.Response, error) {
		var resp embed.Response
		for _, t := range r.Texts {
			spaces := 0
			for _, c := range t {
				if c == ' ' {
					spaces++
				}
			}
			resp.Vectors = append(resp.Vectors, []float32{float32(len(t)), float32(spaces)})
		}
		return resp, nil
	})
	r, err := e.Embed(context.Background(), embed.Request{Texts: []string{"a bc", "   "}})
	fmt.Printf("%.2f %v\n", r.Vectors, err)
	// Output: [[0.97 0.24] [0.71 0.71]] <nil>
}
