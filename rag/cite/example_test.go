package cite_test

import (
	"fmt"

	"github.com/quarry-go/quarry/rag/cite"
)

func ExampleVerify() {
	passages := []cite.Source{{Number: 1, Text: "Refunds above 500 need the approval of finance."}}
	r := cite.Verify(`Refunds "need the approval of finance" [1]. They take a week [2].`, passages)
	for _, c := range r.Citations {
		fmt.Println(c.Number, c.Verdict)
	}
	// Output:
	// 1 quoted
	// 2 unknown
}
