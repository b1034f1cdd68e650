package pgstore_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/internal/servers"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/pgstore"
	"github.com/quarry-go/quarry/store/storetest"
)

// pool returns a pool of the test server, and a schema that is dropped at the
// end of the test.
func pool(t testing.TB) (p *pgxpool.Pool, schema string) {
	t.Helper()
	ctx := context.Background()
	p, err := pgxpool.New(ctx, servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	schema = fmt.Sprintf("test_%d_%d", os.Getpid(), schemas.Add(1))
	if _, err := p.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS vector"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := p.Exec(ctx, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		p.Close()
	})
	return p, schema
}

var schemas atomic.Int64

// harness opens a store in new tables each time.
func harness(t *testing.T, o pgstore.Options) storetest.Harness {
	p, schema := pool(t)
	tables := 0
	at := map[store.DB]string{}
	return storetest.Harness{
		Open: func() (store.DB, error) {
			tables++
			o := o
			o.Table = fmt.Sprintf("%s.t%d", schema, tables)
			db, err := pgstore.Open(t.Context(), p, &o)
			at[db] = o.Table
			return db, err
		},
		Reopen: func(old store.DB) (store.DB, error) {
			o := o
			o.Table = at[old]
			db, err := pgstore.Open(t.Context(), p, &o)
			at[db] = o.Table
			return db, err
		},
	}
}

func TestConformance(t *testing.T) {
	h := harness(t, pgstore.Options{Schema: storetest.Schema()})
	if os.Getenv("QUARRY_LONG") == "1" {
		h.Filters, h.Queries = 10_000, 100_000
	}
	storetest.Run(t, h)
}

// volatile returns a store that declares itself Volatile: it cannot be opened
// again in the test.
func volatile(db store.DB, err error) (store.DB, error) {
	if err != nil {
		return nil, err
	}
	return forgetful{db}, nil
}

type forgetful struct{ store.DB }

func (f forgetful) Namespace(name string) (store.Store, error) {
	s, err := f.DB.Namespace(name)
	if err != nil {
		return nil, err
	}
	return forgetfulStore{s}, nil
}

type forgetfulStore struct{ store.Store }

func (s forgetfulStore) Info() store.Info {
	info := s.Store.Info()
	info.Features.Durability = store.Volatile
	return info
}
