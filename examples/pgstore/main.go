// Pgstore is the quickstart on PostgreSQL with pgvector: it indexes a folder into
// a table and prints the passages that answer a question.
//
//	go run ./examples/pgstore postgres://user@host/database FOLDER QUESTION
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/quarry-go/quarry/loaders/auto"
	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/store/pgstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pgstore:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, args []string) error {
	if len(args) != 3 {
		return errors.New("usage: pgstore URL FOLDER QUESTION")
	}
	db, err := pgstore.Connect(ctx, args[0], nil)
	if err != nil {
		return err
	}
	defer db.Close()
	kb, err := rag.New(&rag.Options{DB: db})
	if err != nil {
		return err
	}

	report, err := kb.Sync(ctx, "docs", auto.Dir(args[1], nil), nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, report)
	ev, err := kb.Evidence(ctx, rag.Question{Text: args[2], K: 3})
	if err != nil {
		return err
	}
	for _, c := range ev.Citations {
		fmt.Fprintln(w, c)
	}
	return nil
}
