package pdf_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/pdf"
)

// A small file without a cross-reference table, as a damaged one may be.
const small = `%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>> endobj
4 0 obj <</Length 60>>
stream
BT /F1 12 Tf 72 700 Td [(Who) -300 (approves) -300 (refunds?)] TJ ET
endstream endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
`

func ExampleNew() {
	p := pdf.New(nil)
	for doc, err := range p.Parse(context.Background(), loaders.BytesInput("policy.pdf", []byte(small))) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, s := range doc.Spans {
			fmt.Printf("%s#%s p. %s: %s\n", doc.ID, s.Anchor, s.Label, doc.Text[s.Start:s.End])
		}
	}
	// Output: policy.pdf#page=1 p. 1: Who approves refunds?
}

func ExampleFormat() {
	formats := loaders.Formats{pdf.Format(nil)}
	f, ok := formats.Find("download", "", []byte(strings.TrimSpace(small)))
	fmt.Println(f.Name, ok)
	// Output: pdf true
}
