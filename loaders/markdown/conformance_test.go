package markdown_test

import (
	"fmt"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/loadertest"
	"github.com/quarry-go/quarry/loaders/markdown"
)

func TestConformance(t *testing.T) {
	var samples []loaders.Input
	for i, b := range [][]byte{[]byte("---\ntags: [a]\n---\n# A\n\n| b | c |\n|---|---|\n| d | e |\n\n- f\n\n```go\ng\n```\n"), []byte("text[^1]\n\n[^1]: note\n")} {
		samples = append(samples, loaders.BytesInput(fmt.Sprintf("sample%d.md", i), b))
	}
	loadertest.Parser(t, markdown.Format(nil), samples...)
}
