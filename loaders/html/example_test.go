package html_test

import (
	"context"
	"fmt"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/html"
)

const handbook = `<!DOCTYPE html>
<html lang="en"><head><title>Handbook</title></head><body>
<nav><a href="/">Home</a></nav>
<h1>Refunds</h1>
<p>A refund needs an <em>approval</em>.</p>
<h2 id="limits">Limits</h2>
<table>
<tr><th>Amount<th>Who approves
<tr><td>up to 100<td>the clerk
<tr><td>more<td>the manager
</table>
</body></html>`

func ExampleNew() {
	p := html.New(nil)
	for doc, err := range p.Parse(context.Background(), loaders.BytesInput("handbook.html", []byte(handbook))) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s (%s)\n\n%s\n\n", doc.Title, doc.Lang, doc.Text)
		for _, s := range doc.Spans {
			if s.Kind == loaders.Heading {
				fmt.Printf("level %d %q #%s\n", s.Level, s.Label, s.Anchor)
			}
		}
	}
	// Output:
	// Handbook (en)
	//
	// Refunds
	//
	// A refund needs an approval.
	//
	// Limits
	//
	// | Amount | Who approves |
	// | --- | --- |
	// | up to 100 | the clerk |
	// | more | the manager |
	//
	// level 1 "Refunds" #
	// level 2 "Limits" #limits
}

func ExampleFormat() {
	formats := loaders.Formats{html.Format(nil)}
	f, ok := formats.Find("download", "text/html; charset=utf-8", nil)
	fmt.Println(f.Name, ok)
	// Output: html true
}
