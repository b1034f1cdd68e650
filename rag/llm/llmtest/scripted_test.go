package llmtest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/llmtest"
)

func ask(text string) llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.User, Text: text}}}
}

func TestScriptInTurn(t *testing.T) {
	broken := errors.New("broken")
	m := llmtest.Script(
		llmtest.Words("one two"),
		llmtest.Reply{Pieces: []string{"half"}, Err: broken},
		llmtest.RateLimited(3*time.Second),
	)
	a, err := llm.Collect(m.Generate(t.Context(), ask("count to two")))
	if want := (llm.Answer{Text: "one two", Finish: llm.FinishStop, Usage: llm.Usage{InputTokens: 3, OutputTokens: 2}, Model: "scripted"}); err != nil || a != want {
		t.Errorf("got %+v, %v", a, err)
	}
	a, err = llm.Collect(m.Generate(t.Context(), ask("again")))
	if a.Text != "half" || !errors.Is(err, broken) {
		t.Errorf("got %+v, %v", a, err)
	}
	_, err = llm.Collect(m.Generate(t.Context(), ask("again")))
	if after, ok := llm.RetryAfter(err); !ok || after != 3*time.Second || !errors.Is(err, llm.ErrRateLimited) {
		t.Errorf("got %v", err)
	}
	if _, err = llm.Collect(m.Generate(t.Context(), ask("too much"))); !errors.Is(err, llm.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if r := m.Requests(); len(r) != 4 || r[0].Messages[0].Text != "count to two" {
		t.Errorf("requests %v", r)
	}
}

func TestHangAndLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := llmtest.Script(llmtest.Reply{Pieces: []string{"a"}, Hang: true}, llmtest.Words("a b c"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a, err := llm.Collect(m.Generate(ctx, ask("hang")))
		if a.Text != "a" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %+v, %v", a, err)
		}
		for range m.Generate(t.Context(), ask("leave")) {
			break
		}
		if m.Left() != 1 {
			t.Errorf("left %d, want 1", m.Left())
		}
	})
}
