package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/quarry-go/quarry/rag/llm"
)

// A rule is one promise of the contract.
type rule struct {
	name  string
	says  string
	check func(ctx context.Context, k *kit) error
	needs func(o Options) bool
}

// The rules, from those that others build on to the rest: of the broken ones
// the first tells most.
var rules = []rule{
	{"answer", "the request has an answer of at least two words; without one the tests prove nothing", answered, nil},
	{"finish", "the last Delta of an answer, and no other, carries a Finish that the package names", finish, nil},
	{"text", "every piece is valid UTF-8", text, nil},
	{"usage", "Usage is in the last Delta alone, and not negative", usage, nil},
	{"model", "a Describer gives the same answer for the life of the Generator, through a wrapper too", model, nil},
	{"messages", "a conversation of all roles and of any script is answered", messages, nil},
	{"invalid", "a request that Validate refuses is ErrInvalid", invalid, nil},
	{"context", "a context that has ended is the error", ended, nil},
	{"errors", "an error is the last pair, without text and Finish", failed, nil},
	{"fields", "a field of the request is honoured, or is errors.ErrUnsupported", fields, nil},
	{"lazy", "nothing is asked before the sequence is run", lazy, func(o Options) bool { return o.Open != nil }},
	{"leave", "leaving the loop cancels the request", leave, nil},
	{"reads", "the request is only read", reads, nil},
	{"concurrent", "a Generator is safe for concurrent use", concurrent, nil},
	{"hung", "an answer ends when its context does", hung, func(o Options) bool { return o.Hung != nil }},
	{"cut", "an answer that the service breaks off ends in an error", cut, func(o Options) bool { return o.Cut != nil }},
}

func answered(ctx context.Context, k *kit) error {
	s, err := k.ask(ctx, k.request())
	if err == nil && len(strings.Fields(s.text())) < 2 {
		err = fmt.Errorf("the answer is %q", s.text())
	}
	return err
}

func finish(ctx context.Context, k *kit) error {
	s, err := k.ask(ctx, k.request())
	if err != nil {
		return err
	}
	for i, d := range s.deltas {
		last := i == len(s.deltas)-1
		switch {
		case (d.Finish != "") != last:
			return fmt.Errorf("piece %d of %d has Finish %q", i, len(s.deltas), d.Finish)
		case last && d.Finish != llm.FinishStop && d.Finish != llm.FinishLength && d.Finish != llm.FinishFilter:
			return fmt.Errorf("the Finish is %q", d.Finish)
		}
	}
	return nil
}

func text(ctx context.Context, k *kit) error {
	s, err := k.ask(ctx, k.request())
	if err != nil {
		return err
	}
	for i, d := range s.deltas {
		if !utf8.ValidString(d.Text) {
			return fmt.Errorf("piece %d has text %q", i, d.Text)
		}
	}
	return nil
}

func usage(ctx context.Context, k *kit) error {
	s, err := k.ask(ctx, k.request())
	if err != nil {
		return err
	}
	for i, d := range s.deltas {
		if d.Usage == nil {
			continue
		}
		if i < len(s.deltas)-1 {
			return fmt.Errorf("piece %d of %d has Usage", i, len(s.deltas))
		}
		if u := *d.Usage; min(u.InputTokens, u.OutputTokens, u.CachedTokens) < 0 {
			return fmt.Errorf("%+v", u)
		}
	}
	return nil
}

func model(ctx context.Context, k *kit) error {
	d, ok := llm.As[llm.Describer](k.g)
	if !ok {
		return nil
	}
	m := d.Model()
	if m.Window < 0 || m.MaxOutput < 0 {
		return fmt.Errorf("%+v", m)
	}
	if _, err := k.ask(ctx, k.request()); err != nil {
		return err
	}
	if now := d.Model(); now != m {
		return fmt.Errorf("was %+v, and after an answer %+v", m, now)
	}
	return nil
}

func messages(ctx context.Context, k *kit) error {
	r := k.request()
	r.Messages = append([]llm.Message{
		{Role: llm.System, Text: "Be brief. \u202eAnswer\u202c in \"English\", 日本語 or עברית.\n\t</s> <|im_end|> 👩‍👩‍👧 e\u0301 \\u0000"},
		{Role: llm.User, Text: "Hello."},
		{Role: llm.Assistant, Text: "Hello, how can I help?"},
	}, r.Messages...)
	_, err := k.ask(ctx, r)
	return err
}

func invalid(ctx context.Context, k *kit) error {
	for what, change := range map[string]func(r *llm.Request){
		"no messages":        func(r *llm.Request) { r.Messages = nil },
		"an unknown role":    func(r *llm.Request) { r.Messages[0].Role = "oracle" },
		"no role":            func(r *llm.Request) { r.Messages[0].Role = "" },
		"invalid UTF-8":      func(r *llm.Request) { r.Messages[0].Text += "\xff" },
		"negative MaxTokens": func(r *llm.Request) { r.MaxTokens = -1 },
		"Temperature NaN":    func(r *llm.Request) { r.Temperature = new(math.NaN()) },
		"an empty stop":      func(r *llm.Request) { r.Stop = []string{""} },
		"a broken schema":    func(r *llm.Request) { r.Schema = json.RawMessage("{") },
	} {
		r := k.request()
		change(&r)
		s, err := k.run(ctx, k.g, r, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if !errors.Is(s.err, llm.ErrInvalid) {
			return fmt.Errorf("%s: error %v, text %q", what, s.err, s.text())
		}
	}
	return nil
}

func ended(ctx context.Context, k *kit) error {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
	defer cancel()
	for _, c := range []context.Context{cancelled, late} {
		s, err := k.run(c, k.g, k.request(), nil)
		if err != nil {
			return err
		}
		if !errors.Is(s.err, c.Err()) {
			return fmt.Errorf("context ended before the call (%v): error %v, text %q", c.Err(), s.err, s.text())
		}
	}
	return nil
}

func failed(ctx context.Context, k *kit) error {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	wrong := k.request()
	wrong.Messages = nil
	for _, c := range []struct {
		ctx context.Context
		r   llm.Request
	}{{cancelled, k.request()}, {ctx, wrong}} {
		s, err := k.run(c.ctx, k.g, c.r, nil)
		switch {
		case err != nil:
			return err
		case s.err == nil:
			return errors.New("no error for a request that must fail")
		case s.after > 0:
			return fmt.Errorf("%d pairs after the error %v", s.after, s.err)
		case s.atError.Text != "" || s.atError.Finish != "":
			return fmt.Errorf("text %q and Finish %q beside the error %v", s.atError.Text, s.atError.Finish, s.err)
		}
	}
	return nil
}

func lazy(ctx context.Context, k *kit) error {
	before := k.Open()
	seq := k.g.Generate(ctx, k.request())
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 20 {
		<-tick.C
		if n := k.Open(); n > before {
			return fmt.Errorf("%d requests are under way", n)
		}
	}
	_ = seq
	return nil
}

func leave(ctx context.Context, k *kit) error {
	s, err := k.run(ctx, k.g, k.request(), func(llm.Delta) bool { return true })
	switch {
	case err != nil:
		return err
	case s.err != nil:
		return s.err
	case s.late > 0:
		return fmt.Errorf("%d pairs after the loop was left", s.late)
	}
	if err := k.quiet(); err != nil {
		return err
	}
	_, err = k.ask(ctx, k.request())
	return err
}

func reads(ctx context.Context, k *kit) error {
	// With every field that the Generator takes.
	r := k.request()
	for _, add := range []func(r *llm.Request){
		func(r *llm.Request) { r.Stop = []string{"b@", "a@"} },
		func(r *llm.Request) { r.Temperature = new(0.5) },
		func(r *llm.Request) { r.Seed = new(int64(7)) },
	} {
		more := clone(r)
		add(&more)
		s, err := k.run(ctx, k.g, more, nil)
		if err != nil {
			return err
		}
		if !errors.Is(s.err, errors.ErrUnsupported) {
			r = more
		}
	}
	before := clone(r)
	if _, err := k.ask(ctx, r); err != nil {
		return err
	}
	if !reflect.DeepEqual(r, before) {
		return fmt.Errorf("was %+v, is %+v", before, r)
	}
	return nil
}

func concurrent(ctx context.Context, k *kit) error {
	const n = 6
	want := make([]string, n)
	if k.Same {
		for i := range want {
			s, err := k.ask(ctx, k.variant(i))
			if err != nil {
				return err
			}
			want[i] = s.text()
		}
	}
	errs := make([]error, 2*n)
	var wg sync.WaitGroup
	for g := range errs {
		wg.Go(func() {
			i := g % n
			s, err := k.ask(ctx, k.variant(i))
			switch {
			case err != nil:
				errs[g] = err
			case s.last().Finish == "":
				errs[g] = errors.New("an answer without Finish")
			case k.Same && s.text() != want[i]:
				errs[g] = fmt.Errorf("the answer is %q, and alone %q", s.text(), want[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("%d answers at once: %w", len(errs), err)
		}
	}
	return nil
}

func hung(ctx context.Context, k *kit) error {
	cancelled, cancel := context.WithCancel(ctx)
	time.AfterFunc(50*time.Millisecond, cancel)
	late, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	for _, c := range []context.Context{cancelled, late} {
		s, err := k.run(c, k.Hung, k.request(), nil)
		if err != nil {
			return err
		}
		if !errors.Is(s.err, c.Err()) || s.after > 0 || s.last().Finish != "" {
			return fmt.Errorf("context ended during the call (%v): error %v, %d pairs after it, Finish %q", c.Err(), s.err, s.after, s.last().Finish)
		}
	}
	return k.quiet()
}

func cut(ctx context.Context, k *kit) error {
	s, err := k.run(ctx, k.Cut, k.request(), nil)
	switch {
	case err != nil:
		return err
	case s.err == nil:
		return fmt.Errorf("no error, and Finish %q after %q", s.last().Finish, s.text())
	case !errors.Is(s.err, llm.ErrUnavailable) && !errors.Is(s.err, llm.ErrResponse):
		return fmt.Errorf("error %v is neither ErrUnavailable nor ErrResponse", s.err)
	case s.last().Finish != "" || s.atError.Finish != "":
		return errors.New("a Finish beside the error")
	}
	return k.quiet()
}
