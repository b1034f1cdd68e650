package embedtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quarry-go/quarry/embed"
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
	{"model", "Model names the vector space and gives the same answer for the life of the Embedder", model, nil},
	{"count", "one vector a text", count, nil},
	{"dimension", "every vector has the length Model().Dim", dimension, nil},
	{"unit", "every vector is of finite numbers and unit length", unit, nil},
	{"order", "vectors are in the order of the texts", order, nil},
	{"repeat", "the same text and kind has the same vector in every call", repeat, nil},
	{"neighbours", "the vector of a text does not depend on the other texts of the request", neighbours, nil},
	{"kinds", "Passage and Query are embedded, any other kind is ErrInvalid", kinds, nil},
	{"prefixes", "the prefixes that Model names are put before the texts of their kind", prefixes, nil},
	{"none", "no texts give no vectors and no error", none, nil},
	{"invalid", "a text that is not valid UTF-8 or holds a NUL is ErrInvalid", invalid, nil},
	{"scripts", "valid text of any script and length has a vector, or a typed error", scripts, nil},
	{"context", "a context that has ended is the error", ended, nil},
	{"nothing", "on an error there are no vectors", nothing, nil},
	{"usage", "no count of Usage is negative", usage, nil},
	{"reads", "the request is only read", reads, nil},
	{"keeps", "the request is not kept after the call", keeps, nil},
	{"owned", "the caller owns the response", owned, nil},
	{"concurrent", "an Embedder is safe for concurrent use", concurrent, nil},
	{"hung", "a call ends when its context does, and Model makes no call", hung, func(o Options) bool { return o.Hung != nil }},
	{"long", "a text over the model's limit is ErrTooLong", long, func(o Options) bool { return o.TooLong != "" }},
}

var samples = []string{
	"Refunds over 500 euros need the approval of the finance team.",
	"The arguments of a deferred call are evaluated when defer runs.",
	"Basalt is a fine-grained volcanic rock.",
	"warranty",
	"line one\n\tline two, indented\nline three",
}

func model(ctx context.Context, k *kit) error {
	m := k.e.Model()
	if m.Dim < 1 {
		return fmt.Errorf("the model's Dim is %d", m.Dim)
	}
	if m.Name == "" {
		return errors.New("no name")
	}
	for _, r := range []embed.Request{{Texts: samples[:1]}, {Kind: embed.Query, Texts: samples[:2]}} {
		if now := k.e.Model(); now != m {
			return fmt.Errorf("was %+v, and then %+v", m, now)
		}
		if _, err := k.call(ctx, k.e, r); err != nil {
			return err
		}
	}
	if now := k.e.Model(); now != m {
		return fmt.Errorf("was %+v, and after two calls %+v", m, now)
	}
	return nil
}

func count(ctx context.Context, k *kit) error {
	_, err := k.embed(ctx, embed.Passage, slices.Concat(samples, samples[:2])...)
	return err
}

func dimension(ctx context.Context, k *kit) error {
	dim := k.e.Model().Dim
	for _, kind := range []embed.Kind{embed.Passage, embed.Query} {
		vs, err := k.embed(ctx, kind, samples...)
		if err != nil {
			return err
		}
		for i, v := range vs {
			if len(v) != dim {
				return fmt.Errorf("text %q: %d numbers, Dim is %d", samples[i], len(v), dim)
			}
		}
	}
	return nil
}

func unit(ctx context.Context, k *kit) error {
	for _, kind := range []embed.Kind{embed.Passage, embed.Query} {
		vs, err := k.embed(ctx, kind, samples...)
		if err != nil {
			return err
		}
		for i, v := range vs {
			if err := (embed.Response{Vectors: [][]float32{v}}).Check(1, len(v)); err != nil {
				return fmt.Errorf("text %q: %w", samples[i], err)
			}
		}
	}
	return nil
}

func order(ctx context.Context, k *kit) error {
	alone, err := k.alone(ctx, embed.Passage, samples...)
	if err != nil {
		return err
	}
	together, err := k.embed(ctx, embed.Passage, samples...)
	if err != nil {
		return err
	}
	for i, v := range together {
		if at := nearest(v, alone); at != i {
			return fmt.Errorf("vector %d of a request is that of text %d, or both texts have the same", i, at)
		}
	}
	return nil
}

func repeat(ctx context.Context, k *kit) error {
	first, err := k.alone(ctx, embed.Query, samples[:3]...)
	if err != nil {
		return err
	}
	second, err := k.alone(ctx, embed.Query, samples[:3]...)
	if err != nil {
		return err
	}
	return k.sameAll(samples, first, second)
}

func neighbours(ctx context.Context, k *kit) error {
	alone, err := k.alone(ctx, embed.Passage, samples...)
	if err != nil {
		return err
	}
	// A text twice in one request, and a request large enough to be split.
	texts := slices.Concat(samples, samples[:1])
	want := slices.Concat(alone, alone[:1])
	for i := len(texts); i < k.Batch; i++ {
		texts = append(texts, fmt.Sprintf("item number %d", i))
	}
	for _, n := range []int{len(want), len(texts)} {
		got, err := k.embed(ctx, embed.Passage, texts[:n]...)
		if err != nil {
			return err
		}
		if err := k.sameAll(texts, want, got[:len(want)]); err != nil {
			return fmt.Errorf("alone and among %d: %w", n, err)
		}
		last, err := k.alone(ctx, embed.Passage, texts[n-1])
		if err != nil {
			return err
		}
		if err := k.same(last[0], got[n-1]); err != nil {
			return fmt.Errorf("alone and as the last of %d: text %q: %w", n, texts[n-1], err)
		}
	}
	return nil
}

func kinds(ctx context.Context, k *kit) error {
	for _, kind := range []embed.Kind{embed.Passage, embed.Query} {
		if _, err := k.embed(ctx, kind, samples[0]); err != nil {
			return fmt.Errorf("kind %d: %w", kind, err)
		}
	}
	if _, err := k.call(ctx, k.e, embed.Request{Kind: 7, Texts: samples[:1]}); !errors.Is(err, embed.ErrInvalid) {
		return fmt.Errorf("kind 7: error %v", err)
	}
	return nil
}

// prefixes can compare the kinds where one prefix begins with the other, as
// the empty one does.
func prefixes(ctx context.Context, k *kit) error {
	m := k.e.Model()
	if m.PassagePrefix == m.QueryPrefix {
		return nil
	}
	passage, err := k.alone(ctx, embed.Passage, samples[0])
	if err != nil {
		return err
	}
	query, err := k.alone(ctx, embed.Query, samples[0])
	if err != nil {
		return err
	}
	if k.same(passage[0], query[0]) == nil {
		return errors.New("the prefixes differ and the vectors do not")
	}
	if rest, ok := strings.CutPrefix(m.QueryPrefix, m.PassagePrefix); ok {
		got, err := k.alone(ctx, embed.Passage, rest+samples[0])
		if err != nil {
			return err
		}
		return k.same(query[0], got[0])
	}
	if rest, ok := strings.CutPrefix(m.PassagePrefix, m.QueryPrefix); ok {
		got, err := k.alone(ctx, embed.Query, rest+samples[0])
		if err != nil {
			return err
		}
		return k.same(passage[0], got[0])
	}
	return nil
}

func none(ctx context.Context, k *kit) error {
	for _, texts := range [][]string{nil, {}} {
		resp, err := k.call(ctx, k.e, embed.Request{Texts: texts})
		if err != nil || len(resp.Vectors) != 0 {
			return fmt.Errorf("%d vectors, error %v", len(resp.Vectors), err)
		}
	}
	return nil
}

var bad = []string{"\xff", "caf\xc3", "\xed\xa0\x80", "before\x00after"}

func invalid(ctx context.Context, k *kit) error {
	for _, text := range bad {
		for kind, texts := range [][]string{{samples[0], text, samples[1]}, {text}} {
			_, err := k.call(ctx, k.e, embed.Request{Kind: embed.Kind(kind), Texts: texts})
			if !errors.Is(err, embed.ErrInvalid) {
				return fmt.Errorf("text %q among %d: error %v", text, len(texts), err)
			}
		}
	}
	return nil
}

func scripts(ctx context.Context, k *kit) error {
	typed := []error{embed.ErrInvalid, embed.ErrTooLong, embed.ErrResponse}
	for _, text := range []string{
		"", " ", "\n\t\r\n", "\u00a0\u200b\ufeff", "日本語のテキスト", "한국어", "עברית ועוד", "العربية", "हिन्दी",
		"👩‍👩‍👧‍👦🏳️‍🌈", "e\u0301" + strings.Repeat("\u0301", 50), "\U0010ffff\ufffd", "</s> <|endoftext|> [SEP] [MASK]",
		strings.Repeat("a", 300), `"quoted" \ and {"json": [1]}`, "\x01\x1b[31m\x7f",
	} {
		resp, err := k.call(ctx, k.e, embed.Request{Texts: []string{text}})
		if err == nil {
			err = resp.Check(1, k.e.Model().Dim)
			if err != nil {
				return fmt.Errorf("text %q: %w", text, err)
			}
			continue
		}
		if !slices.ContainsFunc(typed, func(t error) bool { return errors.Is(err, t) }) {
			return fmt.Errorf("text %q: error %v is none of the package's", text, err)
		}
	}
	return nil
}

func ended(ctx context.Context, k *kit) error {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := k.call(cancelled, k.e, embed.Request{Texts: samples}); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("context cancelled before the call: error %v", err)
	}
	late, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
	defer cancel()
	if _, err := k.call(late, k.e, embed.Request{Texts: samples}); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("deadline before the call: error %v", err)
	}
	return nil
}

func nothing(ctx context.Context, k *kit) error {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for _, c := range []struct {
		ctx   context.Context
		texts []string
	}{
		{ctx, []string{samples[0], "\xff"}},
		{cancelled, samples},
	} {
		resp, err := k.call(c.ctx, k.e, embed.Request{Texts: c.texts})
		if err == nil {
			return errors.New("no error for a request that must fail")
		}
		if resp.Vectors != nil {
			return fmt.Errorf("%d vectors beside the error %v", len(resp.Vectors), err)
		}
	}
	return nil
}

func usage(ctx context.Context, k *kit) error {
	for _, texts := range [][]string{nil, samples} {
		resp, err := k.call(ctx, k.e, embed.Request{Texts: texts})
		if err != nil {
			return err
		}
		if resp.Usage.Tokens < 0 || resp.Usage.Requests < 0 {
			return fmt.Errorf("%+v", resp.Usage)
		}
	}
	return nil
}

func reads(ctx context.Context, k *kit) error {
	for _, kind := range []embed.Kind{embed.Passage, embed.Query} {
		texts := slices.Clone(samples)
		if _, err := k.callWith(ctx, k.e, embed.Request{Kind: kind, Texts: texts}); err != nil {
			return err
		}
		if !slices.Equal(texts, samples) {
			return fmt.Errorf("the texts are now %q", texts)
		}
	}
	return nil
}

func keeps(ctx context.Context, k *kit) error {
	want, err := k.alone(ctx, embed.Passage, samples[:2]...)
	if err != nil {
		return err
	}
	texts := []string{samples[0]}
	for _, again := range [][]string{texts, {samples[1]}} {
		texts[0] = samples[0]
		if _, err := k.callWith(ctx, k.e, embed.Request{Texts: texts}); err != nil {
			return err
		}
		texts[0] = samples[1]
		got, err := k.callWith(ctx, k.e, embed.Request{Texts: again})
		if err != nil {
			return err
		}
		if err := k.sameAll(samples[1:], want[1:], got.Vectors); err != nil {
			return fmt.Errorf("a slice was changed after its call, and then: %w", err)
		}
	}
	return nil
}

func owned(ctx context.Context, k *kit) error {
	texts := []string{samples[0], samples[0], samples[1]}
	want, err := k.alone(ctx, embed.Passage, texts...)
	if err != nil {
		return err
	}
	got, err := k.embed(ctx, embed.Passage, texts...)
	if err != nil {
		return err
	}
	_ = append(got[0], 42)
	got[0][0] = 42
	if err := k.sameAll(texts[1:], want[1:], got[1:]); err != nil {
		return fmt.Errorf("a vector of the response was written to, and another changed: %w", err)
	}
	for _, v := range got {
		for i := range v {
			v[i] = float32(math.NaN())
		}
	}
	again, err := k.embed(ctx, embed.Passage, texts...)
	if err != nil {
		return err
	}
	if err := k.sameAll(texts, want, again); err != nil {
		return fmt.Errorf("a response was written to, and the next: %w", err)
	}
	return nil
}

func concurrent(ctx context.Context, k *kit) error {
	want, err := k.alone(ctx, embed.Passage, samples...)
	if err != nil {
		return err
	}
	errs := make([]error, 2*len(samples))
	var wg sync.WaitGroup
	for g := range errs {
		wg.Go(func() {
			i := g % len(samples)
			texts := slices.Concat(samples[i:], samples[:i])
			got, err := k.embed(ctx, embed.Passage, texts...)
			if err == nil {
				err = k.sameAll(texts, slices.Concat(want[i:], want[:i]), got)
			}
			k.e.Model()
			errs[g] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("%d calls at once: %w", len(errs), err)
		}
	}
	return nil
}

func hung(ctx context.Context, k *kit) error {
	r := embed.Request{Texts: samples[:1]}
	cancelled, cancel := context.WithCancel(ctx)
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := k.call(cancelled, k.Hung, r); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("context cancelled during the call: error %v", err)
	}
	late, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := k.call(late, k.Hung, r); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("deadline during the call: error %v", err)
	}
	done := make(chan struct{})
	go func() {
		k.Hung.Model()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(k.Patience):
		return fmt.Errorf("Model %w (%v)", errLate, k.Patience)
	}
}

func long(ctx context.Context, k *kit) error {
	for _, texts := range [][]string{{k.TooLong}, {samples[0], k.TooLong}} {
		if _, err := k.call(ctx, k.e, embed.Request{Texts: texts}); !errors.Is(err, embed.ErrTooLong) {
			return fmt.Errorf("among %d texts: error %v", len(texts), err)
		}
	}
	return nil
}
