package html_test

import (
	"fmt"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/html"
	"github.com/quarry-go/quarry/loaders/loadertest"
)

func TestConformance(t *testing.T) {
	var samples []loaders.Input
	for i, b := range [][]byte{[]byte(handbook), []byte("<pre>a\n b</pre><ul><li>c</ul>")} {
		samples = append(samples, loaders.BytesInput(fmt.Sprintf("sample%d.html", i), b))
	}
	loadertest.Parser(t, html.Format(nil), samples...)
}
