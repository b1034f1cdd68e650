package text_test

import (
	"fmt"

	"github.com/quarry-go/quarry/internal/text"
)

func ExampleAnalyzer() {
	var a text.Analyzer
	for term := range a.Terms("The server's parseFile, 检索") {
		fmt.Printf("%s ", term)
	}
	// Output:
	// server parsefil pars file 检 索 检索
}
