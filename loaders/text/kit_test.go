package text_test

import (
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/loadertest"
	"github.com/quarry-go/quarry/loaders/text"
)

func TestContract(t *testing.T) {
	loadertest.Parser(t, text.Format(nil),
		loaders.BytesInput("a.txt", []byte("Title\n\nSome words, été.\n")),
		loaders.BytesInput("b.log", []byte("caf\xe9\r\n")),
		loaders.BytesInput("c.txt", []byte("\xff\xfea\x00b\x00")))
}
