package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/internal/servers"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/pgstore"
	"github.com/quarry-go/quarry/store/storetest"
)

// unit returns a vector of a length that points along one axis.
func unit(dim, axis int) []float32 {
	v := make([]float32, dim)
	v[axis] = 1
	return v
}

func change(space string, chunks ...store.Chunk) store.Change {
	return store.Change{Upsert: chunks, Space: space, Docs: storetest.RecordsOf(chunks)}
}

func chunk(id, text string, vector []float32) store.Chunk {
	return store.Chunk{ID: id, DocID: "doc " + id, Source: "source", Version: "1", Text: text, End: len(text), Vector: vector}
}

func mustOpen(t *testing.T, conn pgstore.Conn, o *pgstore.Options) store.DB {
	t.Helper()
	db, err := pgstore.Open(t.Context(), conn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func namespace(t *testing.T, db store.DB, name string) store.Store {
	t.Helper()
	s, err := db.Namespace(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The statements that DDL prints make what Open needs, for a role that may
// create nothing.
func TestDDL(t *testing.T) {
	p, schema := pool(t)
	o := &pgstore.Options{Table: schema + ".made", Space: "it's \\ a space", Dim: 3, NoCreate: true}
	if _, err := pgstore.Open(t.Context(), p, o); !errors.Is(err, store.ErrInvalid) {
		t.Fatalf("open without tables: %v", err)
	}
	ddl, err := pgstore.DDL(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // twice, since it says IF NOT EXISTS
		if _, err := p.Exec(t.Context(), ddl); err != nil {
			t.Fatalf("%v\n%s", err, ddl)
		}
	}
	role := "role_" + schema
	for _, s := range []string{
		"CREATE ROLE " + role + " LOGIN",
		"GRANT USAGE ON SCHEMA " + schema + " TO " + role,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO " + role,
	} {
		if _, err := p.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	defer p.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
	db, err := pgstore.Connect(t.Context(), as(t, role), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := namespace(t, db, "n")
	if _, err := s.Write(t.Context(), change(o.Space, chunk("a", "words", unit(3, 0)))); err != nil {
		t.Fatal(err)
	}
	if info := s.Info(); info.Space != o.Space || info.Dim != 3 {
		t.Errorf("space %q of %d", info.Space, info.Dim)
	}
	denied := *o
	denied.NoCreate, denied.Table = false, schema+".other"
	if _, err := pgstore.Connect(t.Context(), as(t, role), &denied); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("creating without the right: %v", err)
	}
}

// as returns the URL of the test server for another role.
func as(t *testing.T, role string) string {
	u, err := url.Parse(servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

func TestSpace(t *testing.T) {
	p, schema := pool(t)
	o := &pgstore.Options{Table: schema + ".t"}
	s := namespace(t, mustOpen(t, p, o), "n")
	if _, err := s.Write(t.Context(), change("one", chunk("a", "words", unit(3, 0)))); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*pgstore.Options{
		"another space":  {Table: o.Table, Space: "two", Dim: 3},
		"another length": {Table: o.Table, Space: "one", Dim: 4},
	} {
		if _, err := pgstore.Open(t.Context(), p, o); !errors.Is(err, store.ErrSpace) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Another program has found the tables empty and comes second.
	late := namespace(t, mustOpen(t, p, o), "m")
	if _, err := late.Write(t.Context(), change("two", chunk("a", "words", unit(3, 0)))); !errors.Is(err, store.ErrSpace) {
		t.Errorf("a write of another space: %v", err)
	}
	if _, err := late.Write(t.Context(), change("one", chunk("a", "words", unit(3, 0)))); err != nil {
		t.Error(err)
	}
}

// Vectors that are too long for an index in single precision.
func TestHalfPrecision(t *testing.T) {
	p, schema := pool(t)
	for i, dim := range []int{2000, 2001, 4000} {
		s := namespace(t, mustOpen(t, p, &pgstore.Options{Table: fmt.Sprintf("%s.t%d", schema, i)}), "n")
		if _, err := s.Write(t.Context(), change("s", chunk("a", "words", unit(dim, 0)), chunk("b", "words", unit(dim, 1)))); err != nil {
			t.Fatal(err)
		}
		hits, err := s.Search(t.Context(), store.Query{Vector: unit(dim, 1), K: 1, Fields: store.FieldVector})
		if err != nil || len(hits) != 1 || hits[0].Chunk.ID != "b" || len(hits[0].Chunk.Vector) != dim {
			t.Errorf("%d dimensions: %d hits, %v", dim, len(hits), err)
		}
	}
	s := namespace(t, mustOpen(t, p, &pgstore.Options{Table: schema + ".more"}), "n")
	if _, err := s.Write(t.Context(), change("s", chunk("a", "words", unit(4001, 0)))); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("4001 dimensions: %v", err)
	}
}

// Many programs may open a new store at one time.
func TestConcurrentOpen(t *testing.T) {
	p, schema := pool(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			db, err := pgstore.Open(t.Context(), p, &pgstore.Options{Table: schema + ".t"})
			if err != nil {
				t.Error(err)
				return
			}
			s, err := db.Namespace(fmt.Sprint(i))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Write(t.Context(), change("s", chunk("a", "words", unit(3, 0)))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestForeignTable(t *testing.T) {
	p, schema := pool(t)
	if _, err := p.Exec(t.Context(), "CREATE TABLE "+schema+".t (id text)"); err != nil {
		t.Fatal(err)
	}
	_, err := pgstore.Open(t.Context(), p, &pgstore.Options{Table: schema + ".t"})
	if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "no column") && !strings.Contains(err.Error(), "not there") {
		t.Errorf("%v", err)
	}
	for _, o := range []*pgstore.Options{{Dim: 3}, {Space: "s"}, {Table: "a.b.c"}, {Schema: store.Schema{Fields: []store.Field{{Key: "-"}}}}} {
		if _, err := pgstore.Open(t.Context(), p, o); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// In a transaction of the caller's, the store is part of it.
func TestTransaction(t *testing.T) {
	p, schema := pool(t)
	o := &pgstore.Options{Table: schema + ".t"}
	outside := namespace(t, mustOpen(t, p, o), "n")
	for _, commit := range []bool{false, true} {
		tx, err := p.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		inside := namespace(t, mustOpen(t, tx, o), "n")
		if _, err := inside.Write(t.Context(), change("", chunk("a", "words", nil))); err != nil {
			t.Fatal(err)
		}
		if _, err := inside.Write(t.Context(), change("", chunk("", "no ID", nil))); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("a bad write: %v", err)
		}
		if c, err := inside.Get(t.Context(), []string{"a"}, 0); err != nil || len(c) != 1 {
			t.Errorf("inside: %d chunks, %v", len(c), err)
		}
		if c, err := outside.Get(t.Context(), []string{"a"}, 0); err != nil || len(c) != 0 {
			t.Errorf("outside before the end: %d chunks, %v", len(c), err)
		}
		end := tx.Rollback
		if commit {
			end = tx.Commit
		}
		if err := end(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, err := outside.Get(t.Context(), []string{"a"}, 0); err != nil || (len(c) == 1) != commit {
			t.Errorf("outside, commit %v: %d chunks, %v", commit, len(c), err)
		}
	}
}

// The server itself keeps namespaces apart, whatever SQL is run.
func TestRowSecurity(t *testing.T) {
	p, schema := pool(t)
	role := "owner_" + schema
	if _, err := p.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN; GRANT CREATE, USAGE ON SCHEMA "+schema+" TO "+role); err != nil {
		t.Fatal(err)
	}
	defer p.Exec(context.Background(), "DROP OWNED BY "+role+" CASCADE; DROP ROLE "+role)
	own, err := pgxpool.New(t.Context(), as(t, role))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	o := &pgstore.Options{Table: schema + ".t", RowSecurity: true}
	db := mustOpen(t, own, o)
	for _, name := range []string{"a", "b"} {
		if _, err := namespace(t, db, name).Write(t.Context(), change("s", chunk(name, "canary", unit(3, 0)))); err != nil {
			t.Fatal(err)
		}
	}
	for ns, want := range map[string]int{"a": 1, "b": 1, "c": 0, "": 0} {
		err := pgx.BeginFunc(t.Context(), own, func(tx pgx.Tx) error {
			if ns != "" {
				if _, err := tx.Exec(t.Context(), "SELECT set_config('quarry.namespace', $1, true)", ns); err != nil {
					return err
				}
			}
			var n int
			if err := tx.QueryRow(t.Context(), "SELECT count(*) FROM "+o.Table).Scan(&n); err != nil {
				return err
			}
			if n != want {
				t.Errorf("a statement for namespace %q sees %d chunks, want %d", ns, n, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	tables := 0
	storetest.Run(t, storetest.Harness{
		Open: func() (store.DB, error) {
			tables++
			return volatile(pgstore.Open(t.Context(), own, &pgstore.Options{Table: fmt.Sprintf("%s.r%d", schema, tables), RowSecurity: true}))
		},
		Filters: 50, Steps: 20, Histories: 1,
	})
}

func TestErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // it takes connections and says nothing
	silent := listener.Addr().String()
	for name, c := range map[string]struct {
		url  string
		want error
	}{
		"nobody there":   {"postgres://user:s3cret@127.0.0.1:1/db", store.ErrUnavailable},
		"says nothing":   {"postgres://user:s3cret@" + silent + "/db?sslmode=disable", context.DeadlineExceeded},
		"not a URL":      {"postgres://user:s3cret@host:port/db", store.ErrInvalid},
		"unknown option": {"postgres://user:s3cret@127.0.0.1/db?sslmode=perhaps", store.ErrInvalid},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := pgstore.Connect(ctx, c.url, nil)
		cancel()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the password is in %v", name, err)
		}
	}
	if _, err := pgstore.Connect(t.Context(), as(t, "nosuchrole"), nil); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("unknown role: %v", err)
	}
}
