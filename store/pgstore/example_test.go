package pgstore_test

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/store/pgstore"
)

// A knowledge base on PostgreSQL differs from one in a folder by one line.
func ExampleConnect() {
	ctx := context.Background()
	db, err := pgstore.Connect(ctx, os.Getenv("DATABASE_URL"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	kb, err := rag.New(&rag.Options{DB: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	ev, err := kb.Evidence(ctx, rag.Question{Text: "Who approves refunds?"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ev.Prompt())
}

// A service that has a pool shares it, and keeps the passages in a schema of its
// own.
func ExampleOpen() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	db, err := pgstore.Open(ctx, pool, &pgstore.Options{Table: "app.passages", RowSecurity: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close() // the pool stays open
}

// The statements for a role that may create what the program may not.
func ExampleDDL() {
	ddl, err := pgstore.DDL(&pgstore.Options{Table: "app.passages", Space: "text-embedding-3-small", Dim: 1536})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ddl)
}

// A table that another program keeps, with vectors of its own.
func ExampleReadOnly() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	db, err := pgstore.ReadOnly(ctx, pool, pgstore.Columns{
		Table: "shop.articles", ID: "id", Text: "body", Vector: "embedding", URI: "url", Meta: "attributes", Space: "text-embedding-3-small",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
}
