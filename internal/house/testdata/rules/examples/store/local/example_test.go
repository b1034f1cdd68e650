package local_test

import (
	"fmt"

	"github.com/quarry-go/quarry/store/local"
)

func ExampleOpen() {
	_, err := local.Open("dir")
	fmt.Println(err)
	// Output: <nil>
}

func ExampleMemory() {
	fmt.Println(local.Memory())
}
