package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/quarry-go/quarry/rag/llm"
)

// fields asks with one field more at a time, and looks for its effect.
func fields(ctx context.Context, k *kit) error {
	plain, err := k.ask(ctx, k.request())
	if err != nil {
		return err
	}
	words := strings.Fields(plain.text())
	if len(words) < 2 {
		return fmt.Errorf("the answer is %q", plain.text())
	}
	limit := 0 // of tokens, for answers that need not end by themselves
	for _, f := range []struct {
		name  string
		set   func(r *llm.Request)
		check func(s *stream) error
	}{
		{"MaxTokens", func(r *llm.Request) { r.MaxTokens = 1 }, func(s *stream) error {
			limit = 100
			d := s.last()
			if d.Finish != llm.FinishLength || d.Usage != nil && d.Usage.OutputTokens > 1 {
				return fmt.Errorf("one token: answer %q, Finish %q, usage %+v", s.text(), d.Finish, d.Usage)
			}
			return nil
		}},
		{"Stop", func(r *llm.Request) { r.Stop = []string{words[1]} }, func(s *stream) error {
			if strings.Contains(s.text(), words[1]) {
				return fmt.Errorf("stop %q: answer %q", words[1], s.text())
			}
			return nil
		}},
		{"Schema", func(r *llm.Request) {
			r.Schema = json.RawMessage(`{"type":"object","properties":{"count":{"type":"integer"}},"required":["count"],"additionalProperties":false}`)
			r.MaxTokens = max(r.MaxTokens, limit)
		}, func(s *stream) error {
			var got struct{ Count *int }
			if s.last().Finish == llm.FinishStop && (json.Unmarshal([]byte(s.text()), &got) != nil || got.Count == nil) {
				return fmt.Errorf("schema: answer %q", s.text())
			}
			return nil
		}},
		{"Temperature", func(r *llm.Request) { r.Temperature = new(0.0) }, nil},
		{"Seed", func(r *llm.Request) { r.Seed = new(int64(42)) }, nil},
	} {
		r := k.request()
		f.set(&r)
		s, err := k.run(ctx, k.g, r, nil)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", f.name, err)
		case errors.Is(s.err, errors.ErrUnsupported) && len(s.deltas) == 0:
			continue
		case s.err != nil:
			return fmt.Errorf("%s: %w", f.name, s.err)
		case f.check == nil:
			continue
		}
		if err := f.check(s); err != nil {
			return err
		}
	}
	return nil
}
