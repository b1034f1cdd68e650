package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/quarry-go/quarry/loaders/auto"
	"github.com/quarry-go/quarry/rag"
)

// syncFlags are the flags of sync.
type syncFlags struct {
	source    string
	maxDelete float64
	dryRun    bool
	verbose   bool
}

func (a *app) sync() *cobra.Command {
	var f syncFlags
	c := &cobra.Command{
		Use:   "sync DIR...",
		Short: "Make the knowledge base hold the documents of folders",
		Long: "Sync reads what is new or changed in each folder, and removes what is gone from it.\n" +
			"Files that did not change are not opened. Each folder is a source of its own, named\n" +
			"by its absolute path unless --source names it.",
		Args: cobra.MinimumNArgs(1),
		RunE: command(func(ctx context.Context, args []string) error { return a.runSync(ctx, args, f) }),
	}
	c.Flags().StringVar(&f.source, "source", "", "name of the source; for one folder only")
	c.Flags().Float64Var(&f.maxDelete, "max-delete", 0, "share of a source's documents that may be deleted at once; 1 allows all")
	c.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be done, and do nothing")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "name every file that was skipped")
	return c
}

func (a *app) runSync(ctx context.Context, dirs []string, f syncFlags) error {
	if f.source != "" && len(dirs) > 1 {
		return &status{exitUsage, errors.New("--source names one folder only")}
	}
	kb, err := a.open()
	if err != nil {
		return err
	}
	defer kb.Close()
	failed := 0
	for _, dir := range dirs {
		source := f.source
		if source == "" {
			if source, err = filepath.Abs(dir); err != nil {
				return err
			}
		}
		r, err := a.syncOne(ctx, kb, source, dir, f)
		if err != nil {
			return err
		}
		failed += len(r.Failed)
	}
	if err := kb.Close(); err != nil {
		return err
	}
	if failed > 0 {
		return &status{exitPartly, fmt.Errorf("%d documents failed; all others are in", failed)}
	}
	return nil
}

func (a *app) syncOne(ctx context.Context, kb *rag.KB, source, dir string, f syncFlags) (rag.Report, error) {
	l := auto.Dir(dir, nil)
	o := &rag.SyncOptions{MaxDelete: f.maxDelete}
	if f.dryRun {
		p, err := kb.Plan(ctx, source, l, o)
		if err == nil {
			err = a.printPlan(dir, p)
		}
		return p.Report, err
	}
	bar := newProgress(a.err, a.json)
	o.Progress = bar.update
	r, err := kb.Sync(ctx, source, l, o)
	bar.done()
	if err != nil && (ctx.Err() != nil || r.Writes == 0) {
		return r, err
	}
	if perr := a.printReport(dir, r, f.verbose); perr != nil {
		return r, perr
	}
	return r, err
}

// syncResult is what --json prints of a sync.
type syncResult struct {
	Dir       string       `json:"dir"`
	Source    string       `json:"source"`
	Added     int          `json:"added"`
	Changed   int          `json:"changed"`
	Unchanged int          `json:"unchanged"`
	Deleted   int          `json:"deleted"`
	Chunks    int          `json:"chunks"`
	Embedded  int          `json:"embedded"`
	Seconds   float64      `json:"seconds"`
	Failed    []fileResult `json:"failed"`
	Skipped   []fileResult `json:"skipped"`
	Warnings  []fileResult `json:"warnings"`
	Planned   bool         `json:"planned,omitempty"`
	Add       []string     `json:"add,omitempty"`
	Change    []string     `json:"change,omitempty"`
	Delete    []string     `json:"delete,omitempty"`
}

type fileResult struct {
	Path  string `json:"path"`
	Cause string `json:"cause"`
}

func resultOf(dir string, r rag.Report) syncResult {
	s := syncResult{
		Dir: dir, Source: r.Source, Added: r.Added, Changed: r.Changed, Unchanged: r.Unchanged, Deleted: r.Deleted,
		Chunks: r.Chunks, Embedded: r.Embedded, Seconds: r.Duration.Seconds(),
		Failed: files(r.Failed), Skipped: files(r.Skipped), Warnings: []fileResult{},
	}
	for _, w := range r.Warnings {
		s.Warnings = append(s.Warnings, fileResult{w.Ref, w.Text})
	}
	return s
}

func files(errs []*rag.DocError) []fileResult {
	out := []fileResult{}
	for _, e := range errs {
		out = append(out, fileResult{e.Ref, e.Err.Error()})
	}
	return out
}

func (a *app) printReport(dir string, r rag.Report, verbose bool) error {
	if a.json {
		return a.print(resultOf(dir, r))
	}
	for _, e := range r.Failed {
		a.printf("%s %s\n", color.RedString("failed "), line(e))
	}
	if verbose {
		for _, e := range r.Skipped {
			a.printf("%s %s\n", color.YellowString("skipped"), line(e))
		}
	}
	for i, w := range r.Warnings {
		if i == 10 && !verbose {
			a.printf("%s ... and %d more; -v shows them\n", color.YellowString("warning"), len(r.Warnings)-i)
			break
		}
		a.printf("%s %s: %s\n", color.YellowString("warning"), line(w.Ref), line(w.Text))
	}
	a.printf("%s: %d added, %d changed, %d unchanged, %d deleted; %d chunks written in %v\n",
		dir, r.Added, r.Changed, r.Unchanged, r.Deleted, r.Chunks, r.Duration.Round(time.Millisecond))
	if n := len(r.Skipped); n > 0 && !verbose {
		a.printf("%d files skipped, of kinds that no parser reads or over a limit; -v names them\n", n)
	}
	return nil
}

func (a *app) printPlan(dir string, p rag.Plan) error {
	if a.json {
		s := resultOf(dir, p.Report)
		s.Planned, s.Add, s.Change, s.Delete = true, p.Add, p.Change, p.Delete
		return a.print(s)
	}
	for _, list := range []struct {
		verb string
		refs []string
	}{{"add", p.Add}, {"change", p.Change}, {"delete", p.Delete}} {
		for _, ref := range list.refs {
			a.printf("would %s %s\n", list.verb, line(ref))
		}
	}
	a.printf("%s: would add %d, change %d, delete %d documents and write %d chunks; %d are unchanged, %d fail, %d are skipped\n",
		dir, p.Added, p.Changed, p.Deleted, p.Chunks, p.Unchanged, len(p.Failed), len(p.Skipped))
	return nil
}
