// Quickstart indexes a folder of documents and prints, for each question, the
// passages that answer it and where they stand. It needs no key, no server
// and no model.
//
//	go run ./examples/quickstart                     # the documents of your Go installation
//	go run ./examples/quickstart FOLDER QUESTION...  # your own
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/quarry-go/quarry/loaders/auto"
	"github.com/quarry-go/quarry/rag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, args []string) error {
	folder, questions, err := choose(ctx, w, args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	kb, err := rag.Open(dir, nil)
	if err != nil {
		return err
	}
	defer kb.Close()
	report, err := kb.Sync(ctx, "docs", auto.Dir(folder, nil), nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Indexed %d documents of %s: %d chunks in %v.\n", report.Added, folder, report.Chunks, report.Duration.Round(1e6))
	left := append(report.Failed, report.Skipped...)
	for i, e := range left {
		if i == 5 {
			fmt.Fprintf(w, "... and %d more\n", len(left)-i)
			break
		}
		fmt.Fprintf(w, "Left out %s\n", visible(e.Error()))
	}

	for _, q := range questions {
		ev, err := kb.Evidence(ctx, rag.Question{Text: q, K: 3})
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\n%s\n", q)
		if ev.Empty() {
			fmt.Fprintln(w, "  Nothing relevant was found.")
		}
		for i, c := range ev.Citations {
			fmt.Fprintf(w, "\n  %v\n", c)
			if len(c.Headings) > 0 {
				fmt.Fprintf(w, "      under %s\n", visible(strings.Join(c.Headings, " > ")))
			}
			if p := ev.Passages[i]; i == 0 {
				fmt.Fprint(w, indent(p.Text[c.QuoteStart-p.Start:], 6))
			}
		}
	}
	fmt.Fprint(w, `
What a model would be given is ev.Prompt(): these passages between marks, and the question.
Next: your own folder   go run ./examples/quickstart FOLDER "A question"
      a lasting index   go run ./examples/quarry sync FOLDER, then search and evidence
      a program         the README's first lines
`)
	return nil
}

// choose returns what to index and ask: what the arguments say, else the
// documents of the Go installation, else this repository's own.
func choose(ctx context.Context, w io.Writer, args []string) (folder string, questions []string, err error) {
	if len(args) == 1 {
		return "", nil, fmt.Errorf("name a folder and a question")
	}
	if len(args) > 1 {
		return args[0], args[1:], nil
	}
	if root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output(); err == nil {
		folder = filepath.Join(strings.TrimSpace(string(root)), "doc")
	}
	if _, err := os.Stat(filepath.Join(folder, "go_spec.html")); err == nil {
		return folder, []string{
			"When are the arguments of a deferred function call evaluated?",
			"Does a read from a closed channel block?",
			"What does the memory model guarantee about a send on a channel and its receive?",
		}, nil
	}
	if _, err := os.Stat("go.mod"); err != nil {
		return "", nil, fmt.Errorf("this Go installation has no documents; name a folder and a question")
	}
	fmt.Fprintln(w, "This Go installation has no documents; the ones of this repository are used instead.")
	return ".", []string{
		"Which packages may import which?",
		"What is not guaranteed about prompt injection?",
		"How is a new loader added?",
	}, nil
}

// indent returns the first lines of a text, each behind a bar.
func indent(text string, lines int) string {
	var b strings.Builder
	for i, l := range strings.Split(strings.TrimSpace(visible(text)), "\n") {
		if i == lines {
			b.WriteString("      | ...\n")
			break
		}
		fmt.Fprintf(&b, "      | %s\n", strings.TrimRight(l, " \t\r"))
	}
	return b.String()
}

// visible returns a text of a document without what would control a terminal.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}
