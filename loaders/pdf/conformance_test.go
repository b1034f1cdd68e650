package pdf

import (
	"fmt"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/loadertest"
)

func TestConformance(t *testing.T) {
	var samples []loaders.Input
	for i, b := range [][]byte{[]byte((&builder{}).pages(show("one"), show("two")).file("")), []byte((&builder{}).pages(show("text")).file(""))} {
		samples = append(samples, loaders.BytesInput(fmt.Sprintf("sample%d.pdf", i), b))
	}
	loadertest.Parser(t, Format(nil), samples...)
}
