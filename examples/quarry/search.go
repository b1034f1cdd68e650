package main

import (
	"context"
	"errors"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/rag/assemble"
)

// nothing is the end of a search that found nothing.
var nothing = &status{exitPartly, errors.New("nothing relevant was found")}

func (a *app) search() *cobra.Command {
	return question("search", "Find passages", a.runSearch)
}

func (a *app) evidence() *cobra.Command {
	return question("evidence", "Print a cited context for a question, ready for a language model", a.runEvidence)
}

// question returns a command that asks one.
func question(name, short string, run func(context.Context, rag.Question) error) *cobra.Command {
	var k int
	c := &cobra.Command{
		Use:   name + " QUESTION",
		Short: short,
		Args:  cobra.MinimumNArgs(1),
		RunE: command(func(ctx context.Context, args []string) error {
			return run(ctx, rag.Question{Text: strings.Join(args, " "), K: k})
		}),
	}
	c.Flags().IntVarP(&k, "number", "k", 10, "how many passages to look for")
	return c
}

// hitResult is what --json prints of a hit.
type hitResult struct {
	ID       string  `json:"id"`
	Document string  `json:"document"`
	URI      string  `json:"uri"`
	Title    string  `json:"title"`
	Score    float64 `json:"score"`
	Start    int     `json:"start"`
	End      int     `json:"end"`
	Prefix   string  `json:"prefix"`
	Text     string  `json:"text"`
	Quote    string  `json:"quote"`
}

func (a *app) runSearch(ctx context.Context, q rag.Question) error {
	db, kb, err := a.read()
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := kb.Retrieve(ctx, q)
	if err != nil {
		return err
	}
	for i, h := range r.Hits {
		c, cited := h.Chunk, assemble.Cite(q.Text, h)
		if a.json {
			err := a.print(hitResult{c.ID, c.DocID, cited.URI, c.Origin.Title, h.Score, c.Start, c.End, c.Prefix, c.Text, cited.Quote})
			if err != nil {
				return err
			}
			continue
		}
		a.printf("%s %s  %s\n%s", color.CyanString("%d.", i+1), color.New(color.Bold).Sprint(cited.Place()), line(strings.Join(cited.Headings, " > ")), clip(cited.Quote, 4))
	}
	if len(r.Hits) == 0 {
		return nothing
	}
	return nil
}

// evidenceResult is what --json prints of an evidence.
type evidenceResult struct {
	Question  string           `json:"question"`
	Prompt    string           `json:"prompt"`
	Citations []citationResult `json:"citations"`
}

type citationResult struct {
	Number   int      `json:"number"`
	URI      string   `json:"uri"`
	Title    string   `json:"title"`
	Page     string   `json:"page,omitempty"`
	Headings []string `json:"headings,omitempty"`
	Symbol   string   `json:"symbol,omitempty"`
	Start    int      `json:"start"`
	End      int      `json:"end"`
	Quote    string   `json:"quote"`
}

func (a *app) runEvidence(ctx context.Context, q rag.Question) error {
	db, kb, err := a.read()
	if err != nil {
		return err
	}
	defer db.Close()
	ev, err := kb.Evidence(ctx, q)
	if err != nil {
		return err
	}
	if a.json {
		r := evidenceResult{Question: ev.Question, Prompt: ev.Prompt(), Citations: []citationResult{}}
		for _, c := range ev.Citations {
			r.Citations = append(r.Citations, citationResult{c.Number, c.URI, c.Title, c.Page, c.Headings, c.Symbol, c.Start, c.End, c.Quote})
		}
		if err := a.print(r); err != nil {
			return err
		}
	} else {
		a.printf("%s\n", ev.Prompt())
		for _, c := range ev.Citations {
			a.printf("%v\n", c)
		}
	}
	if ev.Empty() {
		return nothing
	}
	return nil
}
