package loadertest

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

// A loaderKit is one run over one loader.
type loaderKit struct {
	Harness
	lister loaders.Lister // nil if the loader is none
}

func loaderRules(h Harness) []rule {
	h.Workers = cmp.Or(h.Workers, 4)
	k := &loaderKit{Harness: h}
	k.lister, _ = h.Loader.(loaders.Lister)
	load := []rule{
		{"document", "a Document has an ID and a Ref, valid UTF-8 without NUL, Meta of the types of package store, and spans that are sorted, within the text, on UTF-8 boundaries, and of one Kind never overlap partly", k.document},
		{"once", "Load yields each document once, and no two documents of one load share an ID", k.once},
		{"order", "Load yields the same documents in the same order while the source does not change", k.order},
		{"errors", "an error comes with a zero Document; one that is no *DocError is the last pair; a *DocError names its Ref and the cause", k.errors},
		{"break", "leaving the sequence early releases what it holds, and the next Load is as any other", k.leave},
		{"context", "when the context ends, the last pair's error wraps the context's error", k.context},
		{"concurrent", "a Loader is safe for concurrent use", k.concurrent},
		{"owner", "whoever receives a Document owns its slices and map", k.owner},
	}
	list := []rule{
		{"list-once", "List yields each Ref once, with an ID that is valid UTF-8", k.listOnce},
		{"list-order", "List yields the same Refs with the same Versions while the source does not change", k.listOrder},
		{"list-errors", "an error comes with a zero Ref; one that is no *DocError is the last pair", k.listErrors},
		{"list-agrees", "the documents of Load are those of every Ref's Load in List's order, and each names its Ref", k.agree},
		{"list-unread", "List says what is there without reading it", k.unread},
		{"list-break", "leaving the listing early releases what it holds, and the next is as any other", k.listLeave},
		{"list-context", "when the context ends, the last pair's error of a listing wraps the context's error", k.listContext},
		{"list-concurrent", "a Lister is safe for concurrent use", k.listConcurrent},
		{"ref-later", "a Ref can be loaded after its listing, and again", k.later},
		{"ref-context", "when the context ends, the last pair's error of a Ref's Load wraps the context's error", k.refContext},
	}
	change := []rule{
		{"anew", "each Load reads the source anew", k.anew},
		{"version", "an equal Version means that Load would give the same documents; that of a changed Ref is another", k.version},
	}
	if k.lister != nil {
		load = append(load, list...)
	}
	return append(load, change...)
}

func (k *loaderKit) load(t *trial) []pair[loaders.Document] {
	pairs := collect(t, k.Loader.Load(t.ctx))
	for _, p := range pairs {
		if _, ok := docError(p.err); p.err != nil && !ok {
			t.Fatalf("Load ends with %v", p.err)
		}
	}
	return pairs
}

func (k *loaderKit) list(t *trial) []pair[loaders.Ref] {
	pairs := collect(t, k.lister.List(t.ctx))
	for _, p := range pairs {
		if _, ok := docError(p.err); p.err != nil && !ok {
			t.Fatalf("List ends with %v", p.err)
		}
	}
	return pairs
}

func (k *loaderKit) document(t *trial) {
	docs := values(k.load(t))
	if len(docs) < 2 {
		t.Faultf("the source under test has %d documents; the kit needs 2", len(docs))
	}
	for _, d := range docs {
		if broken := document(d); broken != "" {
			t.Faultf("%s", broken)
		}
	}
}

func (k *loaderKit) once(t *trial) {
	seen := map[string]bool{}
	for _, d := range values(k.load(t)) {
		if seen[d.ID] {
			t.Faultf("document %q comes twice", d.ID)
		}
		seen[d.ID] = true
	}
}

func (k *loaderKit) order(t *trial) {
	first := k.load(t)
	for range 2 {
		if diff := same(first, k.load(t)); diff != "" {
			t.Faultf("%s", diff)
		}
	}
}

func (k *loaderKit) errors(t *trial) { faultsOfErrors(t, collect(t, k.Loader.Load(t.ctx))) }

func (k *loaderKit) leave(t *trial) {
	first := k.load(t)
	for n := 1; n <= min(len(first), 3); n++ {
		leave(k.Loader.Load(t.ctx), n)
		k.released(t, "leaving Load")
	}
	if diff := same(first, k.load(t)); diff != "" {
		t.Faultf("after leaving early: %s", diff)
	}
	k.released(t, "Load")
}

// leave leaves a sequence after n pairs.
func leave[T any](seq iter.Seq2[T, error], n int) {
	for range seq {
		if n--; n == 0 {
			return
		}
	}
}

// released requires that nothing is held any more.
func (k *loaderKit) released(t *trial, after string) {
	if k.Held == nil {
		return
	}
	if n := k.Held(); n != 0 {
		t.Faultf("%d things are still held after %s", n, after)
	}
}

func (k *loaderKit) context(t *trial) {
	ends(t, len(k.load(t)), k.Loader.Load)
	k.released(t, "the end of the context")
}

// ends requires that a sequence of n pairs ends with the context's error when
// the context ends before, or after the first pair.
func ends[T any](t *trial, n int, seq func(context.Context) iter.Seq2[T, error]) {
	for after := range min(n, 2) {
		ctx, cancel := context.WithCancel(t.ctx)
		if after == 0 {
			cancel()
		}
		var last error
		pairs := 0
		for _, err := range seq(ctx) {
			if pairs++; pairs == after {
				cancel()
			}
			last = err
		}
		cancel()
		if !errors.Is(last, context.Canceled) {
			t.Faultf("the context ended after %d pairs; of %d pairs the last has error %v", after, pairs, last)
		} else if de, ok := docError(last); ok {
			t.Faultf("the end of the context is told as the fault of one document: %v", de)
		}
	}
	ctx, cancel := context.WithDeadline(t.ctx, time.Unix(0, 0))
	defer cancel()
	var last error
	for _, err := range seq(ctx) {
		last = err
	}
	if !errors.Is(last, context.DeadlineExceeded) {
		t.Faultf("the deadline was over; the last error is %v", last)
	}
}

func (k *loaderKit) concurrent(t *trial) {
	first := k.load(t)
	t.Together(k.Workers, func(int) {
		for range 2 {
			if diff := same(first, k.load(t)); diff != "" {
				t.Faultf("beside other loads: %s", diff)
			}
		}
	})
}

func (k *loaderKit) owner(t *trial) {
	var first []pair[loaders.Document]
	for d, err := range k.Loader.Load(t.ctx) {
		first = append(first, pair[loaders.Document]{d.Clone(), err})
		spoil(d)
	}
	if diff := same(first, k.load(t)); diff != "" {
		t.Faultf("a change of what one Load gave reached the next: %s", diff)
	}
}

func (k *loaderKit) anew(t *trial) {
	if k.Change == nil {
		t.Skipf("the harness has no Change")
	}
	first := k.load(t)
	if _, err := k.Change(); err != nil {
		t.Fatalf("Change: %v", err)
	}
	if same(first, k.load(t)) == "" {
		t.Faultf("the source changed, and Load gives what it gave before")
	}
}
