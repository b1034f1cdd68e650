package local

import (
	"fmt"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store"
)

// P12: what was replaced or deleted does not stay in memory, nor in the logs.
func TestDeadIsFreed(t *testing.T) {
	const live = 60
	db, err := Open("", &Options{LogBytes: 10_000, fs: memfs.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	most := int64(0)
	for i := range 3000 {
		c := text(fmt.Sprint(i%live), "some words of a chunk")
		c.Docs = []store.Doc{{ID: fmt.Sprint(i % live)}}
		if i%3 == 0 {
			c.Delete = store.Docs(fmt.Sprint(i % live))
		}
		if err := write(db, c); err != nil {
			t.Fatal(err)
		}
		s := db.Stats()
		if s.Dead > (s.Chunks+s.Docs)/3+2 {
			t.Fatalf("change %d: %+v", i, s)
		}
		most = max(most, s.LogBytes)
	}
	s := db.Stats()
	if s.Chunks != live || s.Docs != live || s.Changes != 3000 || s.Namespaces != 1 || s.Upkeep != nil {
		t.Errorf("%+v", s)
	}
	if limit := 2*(db.liveBytes()+10_000) + 2000; most > limit {
		t.Errorf("logs of %d bytes, want at most %d", most, limit)
	}
}
