package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/auto"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/store"
)

func (a *app) parse() *cobra.Command {
	return &cobra.Command{
		Use:   "parse PATH",
		Short: "Print the documents of a file or folder as JSON Lines, with their structure",
		Args:  cobra.ExactArgs(1),
		RunE: command(func(ctx context.Context, args []string) error {
			return a.eachDocument(ctx, args[0], func(d loaders.Document) error { return a.print(d) })
		}),
	}
}

func (a *app) chunk() *cobra.Command {
	var o chunk.Options
	c := &cobra.Command{
		Use:   "chunk PATH",
		Short: "Print the chunks of a file or folder as JSON Lines",
		Args:  cobra.ExactArgs(1),
		RunE: command(func(ctx context.Context, args []string) error {
			packer, err := chunk.New(&o)
			if err != nil {
				return &status{exitUsage, err}
			}
			return a.eachDocument(ctx, args[0], func(d loaders.Document) error { return a.printChunks(ctx, packer, d) })
		}),
	}
	c.Flags().IntVar(&o.Size, "size", chunk.DefaultSize, "greatest size of a chunk with its prefix, in characters")
	c.Flags().IntVar(&o.Overlap, "overlap", 0, "how much a chunk repeats of the one before it, in characters")
	return c
}

// chunkResult is a chunk as it would be stored.
type chunkResult struct {
	Document string       `json:"document"`
	Ordinal  int          `json:"ordinal"`
	Start    int          `json:"start"`
	End      int          `json:"end"`
	Prefix   string       `json:"prefix"`
	Text     string       `json:"text"`
	Marks    []store.Mark `json:"marks"`
}

func (a *app) printChunks(ctx context.Context, c chunk.Chunker, d loaders.Document) error {
	n := 0
	for p, err := range c.Chunk(ctx, d) {
		if err != nil {
			return err
		}
		if err := a.print(chunkResult{d.ID, n, p.Start, p.End, p.Prefix, d.Text[p.Start:p.End], p.Marks}); err != nil {
			return err
		}
		n++
	}
	return nil
}

// eachDocument calls f for each document of a file or folder. What cannot be
// read is named, and the others follow.
func (a *app) eachDocument(ctx context.Context, path string, f func(loaders.Document) error) error {
	failed := 0
	for d, err := range documents(ctx, path) {
		if e, ok := errors.AsType[*loaders.DocError](err); ok {
			fmt.Fprintf(a.err, "quarry: %s\n", line(e))
			failed++
			continue
		}
		if err != nil {
			return err
		}
		if err := f(d); err != nil {
			return err
		}
	}
	if failed > 0 {
		return &status{exitPartly, fmt.Errorf("%d files could not be read", failed)}
	}
	return nil
}

func documents(ctx context.Context, path string) iter.Seq2[loaders.Document, error] {
	return func(yield func(loaders.Document, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(loaders.Document{}, err)
			return
		}
		defer f.Close()
		info, err := f.Stat()
		switch {
		case err != nil:
			yield(loaders.Document{}, err)
		case info.IsDir():
			auto.Dir(path, nil).Load(ctx)(yield)
		default:
			in := loaders.Input{
				Ref: filepath.ToSlash(path), Name: filepath.Base(path), Modified: info.ModTime(),
				ReaderAt: f, Size: info.Size(), Budget: loaders.NewBudget(loaders.Limits{}),
			}
			auto.Formats(nil).Parse(ctx, in)(yield)
		}
	}
}
