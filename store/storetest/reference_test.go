package storetest

import (
	"testing"

	"github.com/quarry-go/quarry/store"
)

func TestReference(t *testing.T) {
	Run(t, Harness{Open: func() (store.DB, error) { return NewReference(), nil }})
}
