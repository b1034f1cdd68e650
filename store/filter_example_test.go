package store_test

import (
	"fmt"
	"time"

	"github.com/quarry-go/quarry/store"
)

// The chunks that the examples below choose from.
var shelf = []store.Chunk{
	{ID: "a", DocID: "apples", Source: "wiki", Ordinal: 0, Meta: map[string]any{"year": int64(2023), "lang": "en", "tags": []string{"fruit", "red"}}},
	{ID: "b", DocID: "apples", Source: "wiki", Ordinal: 1, Meta: map[string]any{"year": int64(2024), "lang": "de"}},
	{ID: "c", DocID: "pears", Source: "shop", Ordinal: 0, Meta: map[string]any{"year": int64(2025), "tags": []string{"fruit"}}},
}

// passing prints the IDs of the chunks that pass a filter.
func passing(f store.Filter) {
	ids := []string{}
	for i := range shelf {
		if store.Match(f, &shelf[i]) {
			ids = append(ids, shelf[i].ID)
		}
	}
	fmt.Println(ids)
}

func ExampleAll() {
	passing(store.All())
	passing(store.Not(store.All()))
	// Output:
	// [a b c]
	// []
}

func ExampleIDs() {
	passing(store.IDs("a", "c", "x"))
	passing(store.IDs())
	// Output:
	// [a c]
	// []
}

func ExampleDocs() {
	passing(store.Docs("apples"))
	// Output: [a b]
}

// The neighbours of a chunk are those of its document with the ordinals around
// its own.
func ExampleOrdinals() {
	passing(store.And(store.Docs("apples"), store.Ordinals(1, 2)))
	// Output: [b]
}

func ExampleLt() {
	passing(store.Lt("year", 2024))
	passing(store.Lt("lang", "e")) // strings by their bytes; a chunk without the key never passes
	// Output:
	// [a]
	// [b]
}

func ExampleLe() {
	passing(store.Le("year", 2024.5)) // numbers compare by value, whatever their type
	// Output: [a b]
}

func ExampleGt() {
	passing(store.Gt("year", 2024))
	passing(store.Gt("year", time.Now())) // values of different kinds are in no order
	// Output:
	// [c]
	// []
}

func ExampleIn() {
	passing(store.In("year", 2023, 2025))
	// Output: [a c]
}

func ExampleExists() {
	passing(store.Exists("lang"))
	passing(store.Not(store.Exists("lang")))
	// Output:
	// [a b]
	// [c]
}

func ExampleContainsAny() {
	passing(store.ContainsAny("tags", "red", "green"))
	// Output: [a]
}
