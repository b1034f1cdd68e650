package code_test

import (
	"context"
	"fmt"
	"log"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/code"
)

func ExampleNew() {
	in := loaders.BytesInput("queue.py", []byte(`import heapq

# A queue that gives the smallest first.
class Queue:
    def push(self, x):
        heapq.heappush(self.items, x)
`))
	for d, err := range code.New(nil).Parse(context.Background(), in) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Title, d.Meta["language"])
		for _, s := range d.Spans {
			fmt.Printf("%s:%s %s %q\n", d.Title, s.Anchor[1:], s.Kind, s.Label)
		}
	}
	// Output:
	// queue.py python
	// queue.py:1 code ""
	// queue.py:3 symbol "Queue"
	// queue.py:5 symbol "Queue.push"
}

func ExampleFormat() {
	formats := loaders.Formats{code.Format(&code.Options{Languages: map[string]string{".inc": "php"}})}
	for _, name := range []string{"a.go", "b.inc", "c.png"} {
		_, ok := formats.Find(name, "", nil)
		fmt.Println(name, ok)
	}
	// Output:
	// a.go true
	// b.inc true
	// c.png false
}
