// Quarry keeps a knowledge base in a folder: it syncs documents into it, and
// finds cited passages in it.
//
//	quarry sync docs
//	quarry search "who approves refunds"
//	quarry evidence "Who approves refunds?"
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/quarry-go/quarry/internal/sanitize"
	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/store"
)

// The exit codes.
const (
	exitError   = 1 // it could not be done
	exitUsage   = 2 // it was not asked properly
	exitPartly  = 3 // sync: some documents failed; search, evidence: nothing was found
	exitSignal  = 130
	exitCorrupt = 4 // check: the store is damaged
)

// A status ends the program with a code and, unless it is empty, a message.
type status struct {
	code int
	err  error
}

func (s *status) Error() string { return s.err.Error() }
func (s *status) Unwrap() error { return s.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{out: stdout, err: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := exitUsage // what cobra itself reports
	var s *status
	if errors.As(err, &s) {
		code = s.code
	}
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "quarry: interrupted; what was written stays, and the next sync goes on from there")
		return exitSignal
	}
	if err.Error() != "" {
		fmt.Fprintf(stderr, "%s %s\n", color.RedString("quarry:"), sanitize.Text(err.Error()))
		if hint := hint(err); hint != "" {
			fmt.Fprintf(stderr, "        %s\n", hint)
		}
	}
	return code
}

// hint says what a person can do about an error.
func hint(err error) string {
	switch {
	case errors.Is(err, store.ErrLocked):
		return "another quarry has this knowledge base open; wait for it or name another with --kb"
	case errors.Is(err, store.ErrCorrupt):
		return "run 'quarry check' to see what is damaged; the documents themselves are not touched, so the folder can be removed and synced again"
	case errors.Is(err, rag.ErrMassDelete):
		return "if the documents are really gone: quarry sync --max-delete 1"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full; what was written before stays"
	case errors.Is(err, os.ErrPermission):
		return "the folder of the knowledge base must be writable"
	}
	return ""
}

// app is what the commands share.
type app struct {
	out, err io.Writer
	kb       string
	json     bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "quarry",
		Short: "Cited passages from your own documents",
		Long: "Quarry syncs documents into a knowledge base and finds cited passages in it.\n" +
			"Without an embedding model this is keyword search.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	kb := os.Getenv("QUARRY_KB")
	if kb == "" {
		kb = ".quarry"
	}
	root.PersistentFlags().StringVar(&a.kb, "kb", kb, "folder of the knowledge base; QUARRY_KB in the environment sets it too")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON: one object a line")
	root.AddCommand(a.sync(), a.search(), a.evidence(), a.parse(), a.chunk(), a.stats(), a.check(), a.copy())
	return root
}

// command returns f as a command's function, with the exit code for its errors.
func command(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		err := f(c.Context(), args)
		var s *status
		if err == nil || errors.As(err, &s) {
			return err
		}
		return &status{exitError, err}
	}
}

// open opens the knowledge base to write to it, and makes it where there is none.
func (a *app) open() (*rag.KB, error) { return rag.Open(a.kb, nil) }

// exists says what to do where there is no knowledge base.
func (a *app) exists() error {
	if _, err := os.Stat(a.kb); err != nil {
		return fmt.Errorf("no knowledge base: %w; make one with 'quarry sync DIR'", err)
	}
	return nil
}
