package langchaingo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"github.com/quarry-go/quarry/internal/openai"
	"github.com/quarry-go/quarry/rag/llm"
)

// Model returns an [llm.Generator] that answers through m, streaming where m
// does. It is safe for concurrent use if m is, as langchaingo's clients are.
//
// MaxTokens, Temperature, Stop and Seed are handed on. Stop holds with every
// m, since the text is watched here too; whether m heeds the others is up to
// its package of langchaingo, and some do not. Without a Temperature
// langchaingo's client for OpenAI asks for 0. A Schema, and a Seed of 0, which
// langchaingo takes for none, are refused with [errors.ErrUnsupported].
//
// Many of langchaingo's models end an answer without a reason; that counts as
// [llm.FinishStop], except for those that always give one. Its errors are
// text: they are told apart by what they say, as far as that goes, and a rate
// limit has no delay.
func Model(m llms.Model) llm.Generator { return &generator{model: m, reasons: tellsReason(m)} }

type generator struct {
	model   llms.Model
	reasons bool // an answer without a reason was cut
}

// tellsReason reports whether m belongs to a client that gives a reason with
// every whole answer, and returns a broken one without an error.
func tellsReason(m llms.Model) bool {
	t := reflect.TypeOf(m)
	if t == nil || t.Kind() != reflect.Pointer {
		return false
	}
	_, provider, _ := strings.Cut(t.Elem().PkgPath(), "langchaingo/llms/")
	return provider == "openai" || provider == "anthropic" || provider == "mistral"
}

func (g *generator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		err := ctx.Err()
		if err == nil {
			err = r.Validate()
		}
		var options []llms.CallOption
		if err == nil {
			options, err = optionsOf(r)
		}
		out := &emitter{yield: yield, stops: r.Stop}
		if err == nil {
			err = g.generate(ctx, r, options, out)
		}
		if err != nil && err != errLeft {
			out.fail(fmt.Errorf("langchaingo: %w", err))
		}
	}
}

func optionsOf(r llm.Request) ([]llms.CallOption, error) {
	if r.Schema != nil {
		return nil, fmt.Errorf("%w: Schema", errors.ErrUnsupported)
	}
	var options []llms.CallOption
	if r.MaxTokens > 0 {
		options = append(options, llms.WithMaxTokens(r.MaxTokens))
	}
	if r.Temperature != nil {
		options = append(options, llms.WithTemperature(*r.Temperature))
	}
	if len(r.Stop) > 0 {
		options = append(options, llms.WithStopWords(slices.Clone(r.Stop)))
	}
	if r.Seed != nil {
		if *r.Seed == 0 || int64(int(*r.Seed)) != *r.Seed {
			return nil, fmt.Errorf("%w: Seed %d", errors.ErrUnsupported, *r.Seed)
		}
		options = append(options, llms.WithSeed(int(*r.Seed)))
	}
	return options, nil
}

var roles = map[llm.Role]llms.ChatMessageType{
	llm.System:    llms.ChatMessageTypeSystem,
	llm.User:      llms.ChatMessageTypeHuman,
	llm.Assistant: llms.ChatMessageTypeAI,
}

type outcome struct {
	resp *llms.ContentResponse
	err  error
}

// generate runs the model beside the caller: a model that heeds no context
// must not keep a caller who leaves. Pieces come one at a time, so all have
// come when the outcome does.
func (g *generator) generate(parent context.Context, r llm.Request, options []llms.CallOption, out *emitter) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	pieces := make(chan string)
	done := make(chan outcome, 1)
	options = append(options, llms.WithStreamingFunc(func(_ context.Context, piece []byte) error {
		select {
		case pieces <- string(piece):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	var messages []llms.MessageContent
	for _, m := range r.Messages {
		messages = append(messages, llms.TextParts(roles[m.Role], m.Text))
	}
	go func() {
		var o outcome
		o.err = guard(func() (err error) {
			o.resp, err = g.model.GenerateContent(ctx, messages, options...)
			return err
		})
		done <- o
	}()
	for {
		select {
		case <-parent.Done():
			return parent.Err()
		case piece := <-pieces:
			if err := out.piece(piece); err == errStopped {
				return out.finish(llm.Delta{Finish: llm.FinishStop})
			} else if err != nil {
				return err
			}
		case o := <-done:
			// Some clients return a broken answer as a whole one.
			if err := parent.Err(); err != nil {
				return err
			}
			if o.err != nil {
				return llmError(o.err)
			}
			return g.end(o.resp, out)
		}
	}
}

// end yields what was not streamed, and the last Delta.
func (g *generator) end(resp *llms.ContentResponse, out *emitter) error {
	if resp == nil || len(resp.Choices) == 0 || resp.Choices[0] == nil {
		return fmt.Errorf("%w: no choices", llm.ErrResponse)
	}
	choice := resp.Choices[0]
	streamed := out.all.String()
	rest, ok := strings.CutPrefix(choice.Content, streamed)
	if !ok && choice.Content != "" && strings.TrimSpace(choice.Content) != strings.TrimSpace(streamed) {
		return fmt.Errorf("%w: the whole answer is not what was streamed", llm.ErrResponse)
	}
	if ok && rest != "" {
		if err := out.piece(rest); err == errStopped {
			return out.finish(llm.Delta{Finish: llm.FinishStop, Usage: usageOf(choice.GenerationInfo)})
		} else if err != nil {
			return err
		}
	}
	if choice.StopReason == "" && g.reasons {
		return fmt.Errorf("%w: the answer broke off", llm.ErrUnavailable)
	}
	finish, err := finishOf(choice.StopReason)
	if err != nil {
		return err
	}
	return out.finish(llm.Delta{Finish: finish, Usage: usageOf(choice.GenerationInfo)})
}

// finishOf returns the reason by the names that langchaingo's providers have
// for it.
func finishOf(reason string) (llm.Finish, error) {
	switch strings.TrimPrefix(strings.ToLower(reason), "finishreason") {
	case "", "stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "finish", "endoftext":
		return llm.FinishStop, nil
	case "length", "max_tokens", "maxtokens", "model_length":
		return llm.FinishLength, nil
	case "content_filter", "content_filtered", "guardrail_intervened", "safety", "recitation", "refusal":
		return llm.FinishFilter, nil
	}
	return "", fmt.Errorf("%w: the answer ended with %q", llm.ErrResponse, reason)
}

// usageOf reads the token counts by the names that langchaingo's providers
// have for them. Nil means that there are none.
func usageOf(info map[string]any) *llm.Usage {
	first := func(names ...string) int {
		for _, n := range names {
			switch v := reflect.ValueOf(info[n]); {
			case v.CanInt() && v.Int() > 0:
				return int(v.Int())
			case v.CanFloat() && v.Float() > 0:
				return int(v.Float())
			}
		}
		return 0
	}
	u := llm.Usage{
		InputTokens:  first("PromptTokens", "InputTokens"),
		OutputTokens: first("CompletionTokens", "OutputTokens"),
		CachedTokens: first("PromptCachedTokens", "CachedTokens", "CacheReadInputTokens"),
	}
	if _, ok := info["CacheCreationInputTokens"]; ok { // Anthropic counts them apart
		u.InputTokens += u.CachedTokens + first("CacheCreationInputTokens")
	}
	if u.InputTokens == 0 && u.OutputTokens == 0 {
		return nil
	}
	return &u
}

// llmError returns err as an error of package llm.
func llmError(err error) error {
	sentinel := llm.ErrResponse
	switch fault(err) {
	case openai.Invalid:
		sentinel = llm.ErrInvalid
	case openai.Unsupported:
		sentinel = errors.ErrUnsupported
	case openai.TooLong, openai.TooLarge:
		sentinel = llm.ErrTooLong
	case openai.RateLimited:
		return &llm.RateLimitError{Err: err}
	case openai.Unauthorized:
		sentinel = llm.ErrUnauthorized
	case openai.Unavailable:
		sentinel = llm.ErrUnavailable
	}
	return wrap(sentinel, err)
}
