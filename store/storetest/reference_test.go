package storetest

import (
	"os"
	"testing"

	"github.com/quarry-go/quarry/store"
)

// long says whether tests may take minutes.
func long() bool { return os.Getenv("QUARRY_LONG") == "1" }

// sized returns h with the sizes of a long run, where there may be one.
func sized(h Harness) Harness {
	if long() {
		h.Filters, h.Steps, h.Histories = 10_000, 400, 10
	}
	return h
}

func TestReference(t *testing.T) {
	Run(t, sized(Harness{Open: func() (store.DB, error) { return NewReference(), nil }}))
}
