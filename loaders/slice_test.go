package loaders_test

import (
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/loadertest"
)

func TestSliceContract(t *testing.T) {
	loadertest.Run(t, loadertest.Harness{Loader: loaders.Slice(
		loaders.Document{ID: "a", Text: "x", Principals: []string{"p"}, Meta: map[string]any{"tags": []string{"x"}}},
		loaders.Document{ID: "b"},
	)})
}
