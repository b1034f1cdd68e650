package openaillm_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quarry-go/quarry/internal/servers"
	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/llmtest"
)

func TestRealContract(t *testing.T) {
	var busy atomic.Int64
	r := ask("Count from one to ten, in words.")
	r.MaxTokens = 12         // a small model may go on for long
	r.Temperature = new(0.0) // and may count in figures, if it is left to chance
	llmtest.Run(t, at(servers.Chat(t)), &llmtest.Options{
		Request: &r,
		Hung:    at(hung(t, &busy, begun)),
		Cut:     at(answer(t, 200, "text/event-stream", begun)),
	})
}

func TestRealStream(t *testing.T) {
	g := at(servers.Chat(t))
	r := llm.Request{
		Messages:    []llm.Message{{Role: llm.System, Text: "You are a helpful assistant."}, {Role: llm.User, Text: "What is the capital of France?"}},
		Temperature: new(0.0), Seed: new(int64(1)), MaxTokens: 60,
	}
	var pieces []llm.Delta
	for d, err := range g.Generate(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		pieces = append(pieces, d)
	}
	a, err := llm.Collect(g.Generate(t.Context(), r))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pieces: %+v", len(pieces), a)
	if len(pieces) < 5 || !strings.Contains(a.Text, "Paris") || a.Finish != llm.FinishStop || a.Model == "" {
		t.Errorf("%d pieces: %+v", len(pieces), a)
	}
	if a.Usage.InputTokens < 20 || a.Usage.OutputTokens < 5 || a.Usage.OutputTokens > 60 {
		t.Errorf("usage %+v", a.Usage)
	}
}

func TestRealSchema(t *testing.T) {
	r := ask("Name a city and its country.")
	r.Schema = json.RawMessage(`{"type":"object","properties":{"city":{"type":"string","maxLength":20},"country":{"enum":["France","Japan"]}},"required":["city","country"],"additionalProperties":false}`)
	r.Temperature, r.MaxTokens = new(0.0), 100
	a, err := llm.Collect(at(servers.Chat(t)).Generate(t.Context(), r))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", a)
	var got struct{ City, Country string }
	if err := json.Unmarshal([]byte(a.Text), &got); err != nil || got.Country != "France" && got.Country != "Japan" {
		t.Errorf("%s: %v", a.Text, err)
	}
}

// Leaving the loop frees the server: it has one slot, and a long answer.
func TestRealLeave(t *testing.T) {
	g := at(servers.Chat(t))
	long := ask("Write a very long story about a dragon, at least two thousand words.")
	long.MaxTokens = 4000
	for range 3 {
		for d, err := range g.Generate(t.Context(), long) {
			if err != nil {
				t.Fatal(err)
			}
			if d.Text != "" {
				break
			}
		}
	}
	// The answers that were left would take many minutes.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	short := ask("Hi")
	short.MaxTokens = 2
	if _, err := llm.Collect(g.Generate(ctx, short)); err != nil {
		t.Fatal(err)
	}
}

func TestRealRefusals(t *testing.T) {
	g := at(servers.Chat(t))
	for name, c := range map[string]struct {
		change func(r *llm.Request)
		want   error
	}{
		"too long":   {func(r *llm.Request) { r.Messages[0].Text = strings.Repeat("word ", 20000) }, llm.ErrTooLong},
		"bad schema": {func(r *llm.Request) { r.Schema = json.RawMessage(`{"type":"nonsense"}`) }, llm.ErrInvalid},
	} {
		r := ask("Hi")
		c.change(&r)
		a, err := llm.Collect(g.Generate(t.Context(), r))
		t.Logf("%s: %v", name, err)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if _, err := llm.Collect(at(servers.Chat(t)+"/nowhere").Generate(t.Context(), ask("Hi"))); !errors.Is(err, llm.ErrInvalid) {
		t.Errorf("unknown path: %v", err)
	}
}
