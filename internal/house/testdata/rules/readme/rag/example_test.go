package rag_test

import "fmt"

func Example() {
	fmt.Println("tested")
	if true {
		fmt.Println("twice")
	}
	// Output:
	// tested
	// twice
}

func TestHeld() {}
