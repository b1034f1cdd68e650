package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

func (a *app) stats() *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Count what the knowledge base holds, source by source",
		Args:  cobra.NoArgs,
		RunE:  command(func(ctx context.Context, _ []string) error { return a.runStats(ctx) }),
	}
}

// statsResult is what --json prints of a knowledge base.
type statsResult struct {
	Documents int            `json:"documents"`
	Chunks    int            `json:"chunks"`
	DiskBytes int64          `json:"disk_bytes"`
	Sources   []sourceResult `json:"sources"`
}

type sourceResult struct {
	Source    string `json:"source"`
	Documents int    `json:"documents"`
	Chunks    int    `json:"chunks"`
}

func (a *app) runStats(ctx context.Context) error {
	db, kb, err := a.read()
	if err != nil {
		return err
	}
	defer db.Close()
	r := statsResult{DiskBytes: db.Stats().LogBytes, Sources: []sourceResult{}}
	at := map[string]int{}
	for d, err := range kb.Documents(ctx, "") {
		if err != nil {
			return err
		}
		i, ok := at[d.Source]
		if !ok {
			i = len(r.Sources)
			at[d.Source] = i
			r.Sources = append(r.Sources, sourceResult{Source: d.Source})
		}
		r.Sources[i].Documents++
		r.Sources[i].Chunks += d.Chunks
		r.Documents++
		r.Chunks += d.Chunks
	}
	if a.json {
		return a.print(r)
	}
	a.printf("%d documents, %d chunks, %.1f MB on disk\n", r.Documents, r.Chunks, float64(r.DiskBytes)/1e6)
	for _, s := range r.Sources {
		a.printf("  %s: %d documents, %d chunks\n", s.Source, s.Documents, s.Chunks)
	}
	return nil
}

// read opens the store and its knowledge base for reading.
func (a *app) read() (*local.DB, *rag.KB, error) {
	if err := a.exists(); err != nil {
		return nil, nil, err
	}
	db, err := local.Open(a.kb, &local.Options{ReadOnly: true})
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", a.kb, err)
	}
	kb, err := rag.New(&rag.Options{DB: db})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, kb, nil
}

func (a *app) check() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Read every byte of the knowledge base and compare every checksum",
		Args:  cobra.NoArgs,
		RunE:  command(func(ctx context.Context, _ []string) error { return a.runCheck(ctx) }),
	}
}

// checkResult is what --json prints of a check.
type checkResult struct {
	OK        bool   `json:"ok"`
	Error     string `json:"error,omitempty"`
	Files     int    `json:"files"`
	Bytes     int64  `json:"bytes"`
	Documents int    `json:"documents"`
	Chunks    int    `json:"chunks"`
}

func (a *app) runCheck(ctx context.Context) error {
	if err := a.exists(); err != nil {
		return err
	}
	r, err := local.Check(ctx, a.kb)
	if err != nil && !errors.Is(err, store.ErrCorrupt) {
		return err
	}
	if a.json {
		res := checkResult{OK: err == nil, Files: r.Files, Bytes: r.Bytes, Documents: r.Docs, Chunks: r.Chunks}
		if err != nil {
			res.Error = err.Error()
		}
		if perr := a.print(res); perr != nil {
			return perr
		}
	} else if err == nil {
		a.printf("%s: %d files, %.1f MB, %d documents, %d chunks: every checksum holds\n",
			color.GreenString("ok"), r.Files, float64(r.Bytes)/1e6, r.Docs, r.Chunks)
	}
	if err != nil {
		return &status{exitCorrupt, err}
	}
	return nil
}
