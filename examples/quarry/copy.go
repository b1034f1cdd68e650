package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
	"github.com/quarry-go/quarry/store/pgstore"
)

func (a *app) copy() *cobra.Command {
	var table string
	c := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Move a knowledge base to another store, without embedding anything again",
		Long: "Copy makes TO hold what FROM holds: chunks, vectors, and what a sync needs to go on.\n" +
			"Each is a folder, or a database of PostgreSQL with pgvector: postgres://user@host/name.\n" +
			"A copy that was interrupted goes on when it is made again, and the end is verified.",
		Args: cobra.ExactArgs(2),
	}
	c.Flags().StringVar(&table, "table", "", "table of PostgreSQL, perhaps with a schema: app.passages (default quarry)")
	c.RunE = command(func(ctx context.Context, args []string) error { return a.runCopy(ctx, args[0], args[1], table) })
	return c
}

// copyResult is what --json prints of a copy.
type copyResult struct {
	Chunks    int `json:"chunks"`
	Documents int `json:"documents"`
	Written   int `json:"written"`
	Deleted   int `json:"deleted"`
}

func (a *app) runCopy(ctx context.Context, from, to, table string) (err error) {
	if !database(from) {
		if _, err := os.Stat(from); err != nil {
			return fmt.Errorf("nothing to copy: %w", err)
		}
	}
	src, err := openStore(ctx, from, table, true)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := openStore(ctx, to, table, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()

	last := time.Now()
	r, err := store.CopyAll(ctx, dst, src, &store.CopyOptions{Progress: func(r store.CopyReport) {
		if !a.json && time.Since(last) >= lineEvery {
			last = time.Now()
			fmt.Fprintf(a.err, "%d chunks compared, %d written\n", r.Chunks, r.Written)
		}
	}})
	if err != nil {
		return err
	}
	if a.json {
		return a.print(copyResult{r.Chunks, r.Docs, r.Written, r.Deleted})
	}
	a.printf("%d chunks of %d documents: %d written, %d deleted, and verified\n", r.Chunks, r.Docs, r.Written, r.Deleted)
	return nil
}

// database reports whether a place is a database and not a folder.
func database(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// openStore opens what a place names.
func openStore(ctx context.Context, place, table string, read bool) (store.DB, error) {
	if database(place) {
		return pgstore.Connect(ctx, place, &pgstore.Options{Table: table, NoCreate: read})
	}
	db, err := local.Open(place, &local.Options{ReadOnly: read})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", place, err)
	}
	return db, nil
}
