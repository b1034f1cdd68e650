package files_test

import (
	"context"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/code"
	"github.com/quarry-go/quarry/loaders/files"
	"github.com/quarry-go/quarry/loaders/text"
)

func ExampleFS() {
	fsys := fstest.MapFS{
		"guide.txt":     {Data: []byte("Refunds\n\nThe office approves them.\n")},
		"cmd/main.go":   {Data: []byte("package main\n\nfunc main() {}\n")},
		"cmd/main_x.go": {Data: []byte("package main\n")},
		"logo.png":      {Data: []byte("\x89PNG\r\n\x1a\n")},
	}
	l := files.FS(fsys, &files.Options{
		Formats: loaders.Formats{code.Format(nil), text.Format(nil)},
		Exclude: []string{"*_x.go"},
		URI:     "https://example.org/src",
	})
	for d, err := range l.Load(context.Background()) {
		if err != nil {
			fmt.Println("not read:", err)
			continue
		}
		fmt.Println(d.URI, d.Title)
	}
	// Output:
	// https://example.org/src/cmd/main.go main.go
	// https://example.org/src/guide.txt Refunds
	// not read: logo.png: no parser for this kind of content: .png (PNG image)
}

func ExampleDir() {
	l := files.Dir("testdata", &files.Options{Formats: loaders.Formats{text.Format(nil)}})
	for ref, err := range l.List(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ref.ID, ref.Version != "") // nothing is read yet
		for d, err := range ref.Load(context.Background()) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(d.Text)
		}
	}
	// Output:
	// notes/monday.txt true
	// The harbour was quiet.
}
