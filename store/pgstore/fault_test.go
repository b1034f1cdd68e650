package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/pgstore"
	"github.com/quarry-go/quarry/store/storetest"
)

// A server that ends sessions in the middle of writes loses nothing that was
// acknowledged, and leaves nothing half.
func TestLostSessions(t *testing.T) {
	admin, schema := pool(t)
	config := admin.Config()
	config.ConnConfig.RuntimeParams["application_name"] = schema
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := namespace(t, mustOpen(t, p, &pgstore.Options{Table: schema + ".t"}), "n")

	ctx, stop := context.WithCancel(t.Context())
	var ended atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			tag, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'", schema)
			if err != nil {
				t.Error(err)
				return
			}
			ended.Add(tag.RowsAffected())
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	acknowledged := map[string]int{}
	i := 0
	for ; ended.Load() < 15 && i < 2000; i++ {
		doc := fmt.Sprintf("doc%d", i%20)
		n := 20 + i%40
		c := store.Change{Delete: store.Docs(doc), Space: "s", Docs: []store.Doc{{ID: doc, Version: fmt.Sprint(i), Chunks: n}}}
		for j := range n {
			u := chunk(fmt.Sprintf("%s/%d/%d", doc, i, j), "words", unit(64, j%64))
			u.DocID, u.Ordinal, u.Version = doc, j, fmt.Sprint(i)
			c.Upsert = append(c.Upsert, u)
		}
		switch _, err := s.Write(t.Context(), c); {
		case err == nil:
			acknowledged[doc] = n
		case errors.Is(err, store.ErrUnavailable): // it may be there or not
			delete(acknowledged, doc)
		default:
			t.Errorf("write %d: %v", i, err)
		}
	}
	stop()
	wg.Wait()
	if ended.Load() < 15 {
		t.Errorf("only %d sessions were ended", ended.Load())
	}
	t.Logf("%d writes, %d sessions ended", i, ended.Load())
	if err := storetest.CheckWhole(t.Context(), s); err != nil {
		t.Error(err)
	}
	for d, err := range s.Docs(t.Context(), store.DocQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := acknowledged[d.ID]; ok && n != d.Chunks {
			t.Errorf("document %s has %d chunks, the last acknowledged write %d", d.ID, d.Chunks, n)
		}
		delete(acknowledged, d.ID)
	}
	if len(acknowledged) > 0 {
		t.Errorf("acknowledged, and not there: %v", acknowledged)
	}
}
