package openaillm

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/rag/llm"
)

// A chunk is a piece of an answer, or all of one that is not streamed.
type chunk struct {
	Model   string
	Choices []struct {
		Delta, Message content
		Finish         string `json:"finish_reason"`
	}
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
		Details    struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	}
	Error json.RawMessage
}

type content struct {
	Content string
	Refusal string
	Tools   []json.RawMessage `json:"tool_calls"`
}

func decode(data []byte) (chunk, error) {
	var c chunk
	if !utf8.Valid(data) { // encoding/json would repair it
		return c, fmt.Errorf("%w: not valid UTF-8", llm.ErrResponse)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%w: %w", llm.ErrResponse, err)
	}
	return c, nil
}

// An answer is what is known of one so far.
type answer struct {
	finish  llm.Finish
	refused bool
	usage   *llm.Usage
	model   string

	keep bool // the text is needed at the end
	text strings.Builder
}

// add takes a chunk and returns the text in it.
func (a *answer) add(c chunk) (string, error) {
	if c.Model != "" {
		a.model = c.Model
	}
	if c.Usage != nil {
		a.usage = &llm.Usage{
			InputTokens:  max(0, c.Usage.Prompt),
			OutputTokens: max(0, c.Usage.Completion),
			CachedTokens: max(0, c.Usage.Details.Cached),
		}
	}
	if len(c.Choices) == 0 {
		return "", nil
	}
	choice := c.Choices[0]
	text := choice.Delta.Content + choice.Message.Content
	if refusal := choice.Delta.Refusal + choice.Message.Refusal; refusal != "" {
		text += refusal
		a.refused = true
	}
	if a.keep {
		a.text.WriteString(text)
		if a.text.Len() > maxAnswer {
			return text, fmt.Errorf("%w: over %d bytes", llm.ErrResponse, maxAnswer)
		}
	}
	if len(choice.Delta.Tools)+len(choice.Message.Tools) > 0 {
		return text, fmt.Errorf("%w: the model called a tool, and was given none", llm.ErrResponse)
	}
	if choice.Finish == "" {
		return text, nil
	}
	finish, err := finishOf(choice.Finish)
	if err != nil {
		return text, err
	}
	a.finish = finish
	return text, nil
}

// finishOf returns the reason by the names that services have for it.
func finishOf(reason string) (llm.Finish, error) {
	switch strings.ToLower(reason) {
	case "stop", "eos", "eos_token", "end_turn", "stop_sequence":
		return llm.FinishStop, nil
	case "length", "max_tokens", "model_length":
		return llm.FinishLength, nil
	case "content_filter":
		return llm.FinishFilter, nil
	case "error", "insufficient_system_resource", "abort":
		return "", fmt.Errorf("%w: the answer ended with %q", llm.ErrUnavailable, reason)
	}
	return "", fmt.Errorf("%w: the answer ended with %q", llm.ErrResponse, reason)
}

// end yields the last Delta of an answer that is complete.
func (a *answer) end(emit func(llm.Delta) error) error {
	if a.finish == "" {
		return fmt.Errorf("%w: the answer ended without a reason", llm.ErrResponse)
	}
	if a.refused {
		a.finish = llm.FinishFilter
	}
	if a.keep && a.finish == llm.FinishStop && !json.Valid([]byte(a.text.String())) {
		return fmt.Errorf("%w: the answer is not JSON, the service may not know schemas", llm.ErrResponse)
	}
	return emit(llm.Delta{Finish: a.finish, Usage: a.usage, Model: a.model})
}
