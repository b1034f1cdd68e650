package llmtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
)

type generate = func(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error]

type genFunc generate

func (f genFunc) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return f(ctx, r)
}

// obedient honours every field: it repeats the last message word by word.
func obedient() *Scripted {
	return Answer(func(_ int, r llm.Request) Reply {
		said := "echo: " + r.Messages[len(r.Messages)-1].Text
		if r.Schema != nil {
			said = `{"count": 10}`
		}
		for _, stop := range r.Stop {
			said, _, _ = strings.Cut(said, stop)
		}
		reply := Words(said)
		if r.MaxTokens > 0 && len(reply.Pieces) > r.MaxTokens {
			reply.Pieces, reply.Finish = reply.Pieces[:r.MaxTokens], llm.FinishLength
		}
		return reply
	})
}

// counted tells in open how many of g's sequences are running.
func counted(g llm.Generator, open *atomic.Int64) llm.Generator {
	return genFunc(func(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
		return func(yield func(llm.Delta, error) bool) {
			open.Add(1)
			defer open.Add(-1)
			g.Generate(ctx, r)(yield)
		}
	})
}

// each changes the pairs of right answers; f may yield any number for one.
func each(f func(i int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool) llm.Generator {
	return genFunc(func(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
		return func(yield func(llm.Delta, error) bool) {
			i := 0
			for d, err := range obedient().Generate(ctx, r) {
				if !f(i, d, err, yield) {
					return
				}
				i++
			}
		}
	})
}

// with changes requests, or what comes before a right answer.
func with(f func(ctx context.Context, r *llm.Request) context.Context) llm.Generator {
	return genFunc(func(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
		return func(yield func(llm.Delta, error) bool) {
			obedient().Generate(f(ctx, &r), r)(yield)
		}
	})
}

type renaming struct {
	llm.Generator
	calls atomic.Int64
}

func (r *renaming) Model() llm.Model {
	return llm.Model{Name: fmt.Sprint("model ", r.calls.Add(1))}
}

// A breach is a wrong generator with the rule that must be the first to refuse it.
type breach struct {
	what string
	rule string
	g    llm.Generator
	opts Options
}

func breaches() []breach {
	var open, lost atomic.Int64
	count := func() int { return int(open.Load()) }
	return []breach{
		{what: "says nothing", rule: "answer", g: Answer(func(int, llm.Request) Reply { return Text("") })},
		{what: "always fails", rule: "answer", g: Answer(func(int, llm.Request) Reply { return Reply{Err: llm.ErrUnavailable} })},
		{what: "panics", rule: "answer", g: Answer(func(int, llm.Request) Reply { panic("no script") })},
		{what: "never finishes", rule: "finish", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			d.Finish = ""
			return yield(d, err)
		})},
		{what: "finishes twice", rule: "finish", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			return yield(d, err) && (d.Finish == "" || yield(d, err))
		})},
		{what: "finishes at once", rule: "finish", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			if err == nil {
				d.Finish = llm.FinishStop
			}
			return yield(d, err)
		})},
		{what: "speaks after the end", rule: "finish", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			return yield(d, err) && (d.Finish == "" || yield(llm.Delta{Text: "PS"}, nil))
		})},
		{what: "has reasons of its own", rule: "finish", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			if d.Finish != "" {
				d.Finish = "end_turn"
			}
			return yield(d, err)
		})},
		{what: "cuts code points", rule: "text", g: each(func(i int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			if i == 0 && err == nil {
				return yield(llm.Delta{Text: d.Text + "\xe2\x82"}, nil) && yield(llm.Delta{Text: "\xac"}, nil)
			}
			return yield(d, err)
		})},
		{what: "tells the usage all the time", rule: "usage", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			d.Usage = &llm.Usage{OutputTokens: 1}
			return yield(d, err)
		})},
		{what: "counts down", rule: "usage", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			if d.Usage != nil {
				d.Usage.InputTokens = -1
			}
			return yield(d, err)
		})},
		{what: "changes its name", rule: "model", g: &renaming{Generator: obedient()}},
		{what: "knows no system messages", rule: "messages", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			if len(r.Messages) > 0 && r.Messages[0].Role == llm.System {
				r.Messages = nil
			}
			return ctx
		})},
		{what: "invents a message", rule: "invalid", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			if len(r.Messages) == 0 {
				r.Messages = []llm.Message{{Role: llm.User, Text: "Say something."}}
			}
			return ctx
		})},
		{what: "repairs text", rule: "invalid", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			for i := range r.Messages {
				r.Messages[i].Text = strings.ToValidUTF8(r.Messages[i].Text, "?")
			}
			return ctx
		})},
		{what: "ignores the context", rule: "context", g: with(func(context.Context, *llm.Request) context.Context { return context.Background() })},
		{what: "hides the context's error", rule: "context", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			if errors.Is(err, context.Canceled) {
				err = llm.ErrUnavailable
			}
			return yield(d, err)
		})},
		{what: "goes on after an error", rule: "errors", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			return yield(d, err) && (err == nil || yield(llm.Delta{Finish: llm.FinishStop}, nil))
		})},
		{what: "excuses itself", rule: "errors", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			if err != nil {
				d.Text = "Sorry, something went wrong."
			}
			return yield(d, err)
		})},
		{what: "finishes with an error", rule: "errors", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			if err != nil {
				d.Finish = llm.FinishStop
			}
			return yield(d, err)
		})},
		{what: "ignores MaxTokens", rule: "fields", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			r.MaxTokens = min(0, r.MaxTokens)
			return ctx
		})},
		{what: "ignores Stop", rule: "fields", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			if r.Validate() == nil {
				r.Stop = nil
			}
			return ctx
		})},
		{what: "ignores Schema", rule: "fields", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			if r.Validate() == nil {
				r.Schema = nil
			}
			return ctx
		})},
		{what: "fails on a seed", rule: "fields", g: Answer(func(_ int, r llm.Request) Reply {
			reply := obedient().reply(0, r)
			if r.Seed != nil {
				reply.Err = llm.ErrInvalid
			}
			return reply
		})},
		{what: "asks before it is run", rule: "lazy", opts: Options{Open: count}, g: genFunc(func(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
			open.Add(1)
			return func(yield func(llm.Delta, error) bool) {
				defer open.Add(-1)
				obedient().Generate(ctx, r)(yield)
			}
		})},
		{what: "does not notice that the loop was left", rule: "leave", g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
			yield(d, err)
			return true
		})},
		{what: "lets the request of a left loop go on", rule: "leave", opts: Options{Open: func() int { return int(lost.Load()) }, Patience: time.Second},
			g: each(func(_ int, d llm.Delta, err error, yield func(llm.Delta, error) bool) bool {
				if !yield(d, err) {
					lost.Add(1)
					return false
				}
				return true
			})},
		{what: "sorts the stops", rule: "reads", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			if len(r.Stop) > 1 {
				r.Stop[0], r.Stop[1] = r.Stop[1], r.Stop[0]
			}
			return ctx
		})},
		{what: "raises the temperature", rule: "reads", g: with(func(ctx context.Context, r *llm.Request) context.Context {
			if r.Temperature != nil {
				*r.Temperature += 0.1
			}
			return ctx
		})},
		{what: "answers another's question", rule: "concurrent", opts: Options{Same: true}, g: func() llm.Generator {
			var mu sync.Mutex
			var last llm.Request
			return with(func(ctx context.Context, r *llm.Request) context.Context {
				mu.Lock()
				last = *r
				mu.Unlock()
				for range 100 {
					runtime.Gosched()
				}
				mu.Lock()
				*r = last
				mu.Unlock()
				return ctx
			})
		}()},
		{what: "waits for its service for ever", rule: "hung", g: obedient(), opts: Options{
			Hung:     with(func(context.Context, *llm.Request) context.Context { select {} }),
			Patience: time.Second,
		}},
		{what: "ends an answer with its context", rule: "hung", g: obedient(), opts: Options{
			Hung: genFunc(func(ctx context.Context, _ llm.Request) iter.Seq2[llm.Delta, error] {
				return func(yield func(llm.Delta, error) bool) {
					<-ctx.Done()
					yield(llm.Delta{Finish: llm.FinishStop}, nil)
				}
			}),
		}},
		{what: "takes a cut answer for a whole one", rule: "cut", g: obedient(), opts: Options{Cut: obedient()}},
	}
}

func firstBroken(ctx context.Context, k *kit) (string, error) {
	for _, r := range rules {
		if r.needs != nil && !r.needs(k.Options) {
			continue
		}
		if err := r.check(ctx, k); err != nil {
			return r.name, err
		}
	}
	return "", nil
}

func TestWrongGeneratorsAreRefused(t *testing.T) {
	for _, w := range breaches() {
		t.Run(w.what, func(t *testing.T) {
			name, err := firstBroken(t.Context(), newKit(w.g, &w.opts))
			if name != w.rule {
				t.Errorf("broken rule %q (%v), want %q", name, err, w.rule)
			}
		})
	}
}

// Every rule of the kit must be one that can be broken.
func TestEveryRuleHasAWrongGenerator(t *testing.T) {
	broken := map[string]bool{}
	for _, w := range breaches() {
		broken[w.rule] = true
	}
	for _, r := range rules {
		if !broken[r.name] {
			t.Errorf("no generator breaks the rule %q first", r.name)
		}
	}
}

func TestScriptedKeepsTheContract(t *testing.T) {
	var open atomic.Int64
	Run(t, counted(obedient(), &open), &Options{
		Same: true,
		Hung: counted(Answer(func(int, llm.Request) Reply { return Reply{Pieces: []string{"a ", "b "}, Hang: true} }), &open),
		Cut:  counted(Answer(func(int, llm.Request) Reply { return Reply{Pieces: []string{"a "}, Err: llm.ErrUnavailable} }), &open),
		Open: func() int { return int(open.Load()) },
	})
}

// A Generator that refuses the fields that it cannot honour is a right one.
func TestFuncKeepsTheContract(t *testing.T) {
	Run(t, llm.Func(func(_ context.Context, r llm.Request) (string, error) {
		if r.MaxTokens > 0 || r.Stop != nil || r.Schema != nil {
			return "", errors.ErrUnsupported
		}
		return "echo: " + r.Messages[len(r.Messages)-1].Text, nil
	}), &Options{Same: true, Request: &llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Hello, you."}}}})
}
