package remote

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// The engine keeps the contract over drivers of every kind.
func TestConformance(t *testing.T) {
	for name, set := range map[string]func(*memory){
		"plain": func(*memory) {},
		"narrow, unordered, answers no filter": func(m *memory) {
			m.order, m.batch, m.most = false, Batch{Chunks: 7, Bytes: 20000, IDs: 50}, 200
			m.page = 400
			m.can = func(f store.Filter) bool { _, ids := f.(store.HasID); return ids }
		},
		"answers some filters, retries": func(m *memory) {
			m.page, m.batch = 100, Batch{Chunks: 100, IDs: 1000}
			m.can = func(f store.Filter) bool {
				switch f := f.(type) {
				case store.Negation:
					return false
				case store.Compare:
					return f.Op == store.OpEq
				}
				return true
			}
			r := rand.New(rand.NewPCG(1, 1))
			m.fault = func() (error, bool) {
				if r.IntN(200) == 0 {
					return store.ErrUnavailable, r.IntN(2) == 0
				}
				return nil, false
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.Harness{Open: func() (store.DB, error) {
				m := newMemory()
				set(m)
				return New(m, nil), nil
			}, Space: "s"}
			if os.Getenv("QUARRY_LONG") != "1" {
				h.Filters, h.Steps, h.Histories = 60, 30, 1
			}
			storetest.Run(t, h)
		})
	}
}
