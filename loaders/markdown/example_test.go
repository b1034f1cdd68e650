package markdown_test

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/markdown"
)

func ExampleNew() {
	src := "---\ntags: [policy]\n---\n# Refunds\n\n## Who *approves*?\n\nThe manager.\n"
	for doc, err := range markdown.New(nil).Parse(context.Background(), loaders.BytesInput("refunds.md", []byte(src))) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(doc.Title, doc.Meta["tags"])
		for _, s := range doc.Spans {
			fmt.Printf("%s %d %q #%s\n", s.Kind, s.Level, s.Label, s.Anchor)
		}
	}
	// Output:
	// Refunds [policy]
	// heading 1 "Refunds" #refunds
	// heading 2 "Who approves?" #who-approves
}

func ExampleFormat() {
	formats := loaders.Formats{markdown.Format(nil)}
	f, ok := formats.Find("README.md", "", nil)
	fmt.Println(f.Name, ok)
	// Output: markdown true
}
