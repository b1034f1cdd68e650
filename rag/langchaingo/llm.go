package langchaingo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"github.com/quarry-go/quarry/rag/llm"
)

// LLM returns a model for langchaingo that answers through g, with the errors
// of g. It takes text in the roles system, human, generic and AI, and the call
// options MaxTokens, Temperature, StopWords, Seed and StreamingFunc. Other
// parts, roles and options are refused with [errors.ErrUnsupported], except for
// Metadata, which is only for providers that know it.
func LLM(g llm.Generator) llms.Model { return &model{g} }

type model struct{ g llm.Generator }

func (m *model) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, m, prompt, options...)
}

func (m *model) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	// Numbers that no caller asks for show which options were given.
	o := llms.CallOptions{Temperature: math.NaN(), Seed: math.MinInt}
	for _, option := range options {
		option(&o)
	}
	r, err := requestOf(messages, o)
	if err != nil {
		return nil, fmt.Errorf("langchaingo: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var refused error
	answer, err := llm.Collect(func(yield func(llm.Delta, error) bool) {
		for d, err := range m.g.Generate(ctx, r) {
			if err == nil && d.Text != "" && o.StreamingFunc != nil {
				if refused = o.StreamingFunc(ctx, []byte(d.Text)); refused != nil {
					return
				}
			}
			if !yield(d, err) {
				return
			}
		}
	})
	if refused != nil {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{
		Content:    answer.Text,
		StopReason: stopReasons[answer.Finish],
		GenerationInfo: map[string]any{
			"PromptTokens":       answer.Usage.InputTokens,
			"CompletionTokens":   answer.Usage.OutputTokens,
			"TotalTokens":        answer.Usage.InputTokens + answer.Usage.OutputTokens,
			"PromptCachedTokens": answer.Usage.CachedTokens,
		},
	}}}, nil
}

// stopReasons are the reasons as langchaingo's client for OpenAI names them.
var stopReasons = map[llm.Finish]string{
	llm.FinishStop:   "stop",
	llm.FinishLength: "length",
	llm.FinishFilter: "content_filter",
}

func requestOf(messages []llms.MessageContent, o llms.CallOptions) (llm.Request, error) {
	r := llm.Request{MaxTokens: o.MaxTokens, Stop: slices.Clone(o.StopWords)}
	if !math.IsNaN(o.Temperature) {
		r.Temperature = &o.Temperature
	}
	if o.Seed != math.MinInt {
		r.Seed = new(int64(o.Seed))
	}
	for option, given := range map[string]bool{
		"Model":                  o.Model != "",
		"CandidateCount":         o.CandidateCount > 1,
		"N":                      o.N > 1,
		"TopK":                   o.TopK != 0,
		"TopP":                   o.TopP != 0,
		"MinLength":              o.MinLength != 0,
		"MaxLength":              o.MaxLength != 0,
		"RepetitionPenalty":      o.RepetitionPenalty != 0,
		"FrequencyPenalty":       o.FrequencyPenalty != 0,
		"PresencePenalty":        o.PresencePenalty != 0,
		"JSONMode":               o.JSONMode,
		"Tools":                  len(o.Tools) > 0 || o.ToolChoice != nil,
		"Functions":              len(o.Functions) > 0,
		"ResponseMIMEType":       o.ResponseMIMEType != "",
		"StreamingReasoningFunc": o.StreamingReasoningFunc != nil,
	} {
		if given {
			return r, fmt.Errorf("%w: option %s", errors.ErrUnsupported, option)
		}
	}
	for i, m := range messages {
		role, ok := roleOf(m.Role)
		if !ok {
			return r, fmt.Errorf("%w: message %d has role %q", errors.ErrUnsupported, i, m.Role)
		}
		var texts []string
		for _, p := range m.Parts {
			text, ok := p.(llms.TextContent)
			if !ok {
				return r, fmt.Errorf("%w: message %d has a part %T", errors.ErrUnsupported, i, p)
			}
			texts = append(texts, text.Text)
		}
		r.Messages = append(r.Messages, llm.Message{Role: role, Text: strings.Join(texts, "\n")})
	}
	return r, nil
}

func roleOf(t llms.ChatMessageType) (llm.Role, bool) {
	switch t {
	case llms.ChatMessageTypeSystem:
		return llm.System, true
	case llms.ChatMessageTypeHuman, llms.ChatMessageTypeGeneric:
		return llm.User, true
	case llms.ChatMessageTypeAI:
		return llm.Assistant, true
	}
	return "", false
}
