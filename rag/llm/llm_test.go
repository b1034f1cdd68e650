package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
)

func ask(text string) llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.User, Text: text}}}
}

func TestValidate(t *testing.T) {
	full := llm.Request{
		Messages:  []llm.Message{{Role: llm.System, Text: ""}, {Role: llm.User, Text: "a\x00"}, {Role: llm.Assistant, Text: "漢字"}},
		MaxTokens: 1, Temperature: new(2.0), Stop: []string{"\n"}, Seed: new(int64(-1)), Schema: json.RawMessage(` {"type": "object"} `),
	}
	if err := full.Validate(); err != nil {
		t.Error(err)
	}
	for says, change := range map[string]func(r *llm.Request){
		"no messages":                    func(r *llm.Request) { r.Messages = nil },
		`message 1 has role "tool"`:      func(r *llm.Request) { r.Messages[1].Role = "tool" },
		"message 2 is not valid UTF-8":   func(r *llm.Request) { r.Messages[2].Text = "\xc3" },
		"MaxTokens -1":                   func(r *llm.Request) { r.MaxTokens = -1 },
		"Temperature -0.1":               func(r *llm.Request) { r.Temperature = new(-.1) },
		"Temperature NaN":                func(r *llm.Request) { r.Temperature = new(math.NaN()) },
		"Temperature +Inf":               func(r *llm.Request) { r.Temperature = new(math.Inf(1)) },
		"stop 1 is empty":                func(r *llm.Request) { r.Stop = []string{"a", ""} },
		"stop 0 is empty or not valid":   func(r *llm.Request) { r.Stop = []string{"\xff"} },
		"schema is not JSON":             func(r *llm.Request) { r.Schema = json.RawMessage(`{"type"}`) },
		"invalid request: schema is not": func(r *llm.Request) { r.Schema = json.RawMessage{} },
	} {
		r := full
		r.Messages = append([]llm.Message(nil), full.Messages...)
		change(&r)
		if err := r.Validate(); !errors.Is(err, llm.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

func TestFunc(t *testing.T) {
	fails := errors.New("fails")
	for _, c := range []struct {
		text string
		err  error
		want error
	}{
		{"Paris.", nil, nil}, {"", nil, nil}, {"half", fails, fails}, {"\xff", nil, llm.ErrResponse},
	} {
		f := llm.Func(func(context.Context, llm.Request) (string, error) { return c.text, c.err })
		a, err := llm.Collect(f.Generate(t.Context(), ask("a")))
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%q: %v, want %v", c.text, err, c.want)
		}
		if err == nil && a != (llm.Answer{Text: c.text, Finish: llm.FinishStop}) || err != nil && a != (llm.Answer{}) {
			t.Errorf("%q: %+v", c.text, a)
		}
	}
	called := false
	f := llm.Func(func(context.Context, llm.Request) (string, error) { called = true; return "", nil })
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, errDone := llm.Collect(f.Generate(cancelled, ask("a")))
	_, errBad := llm.Collect(f.Generate(t.Context(), llm.Request{}))
	f.Generate(t.Context(), ask("never run"))
	if called || !errors.Is(errDone, context.Canceled) || !errors.Is(errBad, llm.ErrInvalid) {
		t.Errorf("called %v: %v, %v", called, errDone, errBad)
	}
}

type pair struct {
	d   llm.Delta
	err error
}

func stream(pairs ...pair) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		for _, p := range pairs {
			if !yield(p.d, p.err) {
				return
			}
		}
	}
}

func TestCollect(t *testing.T) {
	broken := errors.New("broken")
	use := &llm.Usage{InputTokens: 3, OutputTokens: 2, CachedTokens: 1}
	for name, c := range map[string]struct {
		pairs []pair
		want  llm.Answer
		err   error
	}{
		"whole": {[]pair{{llm.Delta{Text: "a", Model: "m"}, nil}, {llm.Delta{Text: "b", Finish: llm.FinishLength, Usage: use}, nil}},
			llm.Answer{Text: "ab", Finish: llm.FinishLength, Usage: *use, Model: "m"}, nil},
		"broken": {[]pair{{llm.Delta{Text: "a"}, nil}, {llm.Delta{Usage: use}, broken}, {llm.Delta{Text: "never"}, nil}},
			llm.Answer{Text: "a", Usage: *use}, broken},
		"no reason": {[]pair{{llm.Delta{Text: "a"}, nil}}, llm.Answer{Text: "a"}, llm.ErrResponse},
		"nothing":   {nil, llm.Answer{}, llm.ErrResponse},
	} {
		got, err := llm.Collect(stream(c.pairs...))
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, c.want, c.err)
		}
	}
}

type wrapper struct{ llm.Generator }

func (w wrapper) Unwrap() llm.Generator { return w.Generator }

type described struct{ llm.Generator }

func (described) Model() llm.Model { return llm.Model{Name: "m", Window: 10} }

func TestAs(t *testing.T) {
	f := llm.Func(nil)
	if d, ok := llm.As[llm.Describer](wrapper{wrapper{described{f}}}); !ok || d.Model().Window != 10 {
		t.Error("not found below two wrappers")
	}
	for _, g := range []llm.Generator{wrapper{f}, wrapper{nil}, nil} {
		if _, ok := llm.As[llm.Describer](g); ok {
			t.Errorf("found in %v", g)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	cause := errors.New("status 429")
	err := error(&llm.RateLimitError{After: time.Minute, Err: cause})
	if !errors.Is(err, llm.ErrRateLimited) || !errors.Is(err, cause) {
		t.Errorf("%v does not wrap both", err)
	}
	if d, ok := llm.RetryAfter(errors.Join(errors.New("other"), err)); !ok || d != time.Minute {
		t.Errorf("%v, %v", d, ok)
	}
	if _, ok := llm.RetryAfter(llm.ErrRateLimited); ok {
		t.Error("a delay that nobody named")
	}
}

func TestUsageAdd(t *testing.T) {
	if got := (llm.Usage{InputTokens: 1, OutputTokens: 2, CachedTokens: 3}).Add(llm.Usage{InputTokens: 10, OutputTokens: 20, CachedTokens: 30}); got != (llm.Usage{InputTokens: 11, OutputTokens: 22, CachedTokens: 33}) {
		t.Errorf("%+v", got)
	}
}
