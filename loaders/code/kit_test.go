package code_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/code"
	"github.com/quarry-go/quarry/loaders/loadertest"
)

func TestContract(t *testing.T) {
	paths, err := filepath.Glob("testdata/sample.*")
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	var samples []loaders.Input
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, loaders.BytesInput(strings.TrimSuffix(p, ".txt"), b))
	}
	loadertest.Parser(t, code.Format(nil), samples...)
}
