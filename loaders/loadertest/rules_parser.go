package loadertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"mime"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

// A parserKit is one run over one format.
type parserKit struct {
	loaders.Format
	samples []loaders.Input
	data    [][]byte // of each sample
}

func newParserKit(f loaders.Format, samples []loaders.Input) (*parserKit, error) {
	k := &parserKit{Format: f, samples: samples}
	for _, in := range samples {
		b, err := in.ReadAll()
		if err != nil {
			return nil, fmt.Errorf("loadertest: sample %q: %w", in.Ref, err)
		}
		k.data = append(k.data, b)
	}
	return k, nil
}

func (k *parserKit) rules() []rule {
	return []rule{
		{"format", "a Format has a name, extensions in lower case, media types without parameters in lower case, and finds its own content", k.format},
		{"sniff", "Sniff knows the format for certain, and any head will do", k.sniff},
		{"document", "every document of a Parser passes Validate and the other rules of Document", k.document},
		{"identity", "every document names the Input's Ref, has an ID that is the Ref or begins with it and #, which no other has, and keeps what the Input says of address, time and trust", k.identity},
		{"again", "equal bytes give equal documents", k.again},
		{"context", "when the context ends, the last pair's error wraps the context's error", k.context},
		{"break", "leaving the sequence early is allowed", k.leave},
		{"concurrent", "a Parser is safe for concurrent use", k.concurrent},
		{"owner", "whoever receives a Document owns its slices and map", k.owner},
		{"budget", "the text stays within the budget, and so does what is read; beyond it there is a *DocError that wraps ErrBudget", k.budget},
		{"release", "a Parser keeps no reference to its Input after the sequence ends", k.release},
		{"reader", "an Input that cannot be read is a *DocError that wraps the cause, or costs the part that it is in", k.reader},
		{"damage", "Parse never panics, whatever the bytes: it gives valid documents, or *DocErrors", k.damage},
	}
}

// input returns sample i with other content.
func (k *parserKit) input(i int, b []byte) loaders.Input {
	in := k.samples[i]
	in.ReaderAt, in.Size = bytes.NewReader(b), int64(len(b))
	return in
}

func (k *parserKit) parse(t *trial, in loaders.Input) []pair[loaders.Document] {
	return collect(t, k.Parse(t.ctx, in))
}

// good parses sample i, which has to give a document.
func (k *parserKit) good(t *trial, i int) []pair[loaders.Document] {
	pairs := k.parse(t, k.input(i, k.data[i]))
	if len(values(pairs)) == 0 {
		t.Fatalf("sample %q gives no document: %v", k.samples[i].Ref, pairs)
	}
	return pairs
}

func (k *parserKit) format(t *trial) {
	if k.Name == "" {
		t.Faultf("the format has no name")
	}
	for _, ext := range k.Extensions {
		if ext == "" || ext != strings.ToLower(ext) || strings.ContainsAny(ext, "/* ") {
			t.Faultf("extension %q", ext)
		}
	}
	for _, m := range k.MIMEs {
		if t0, params, err := mime.ParseMediaType(m); err != nil || t0 != m || len(params) > 0 {
			t.Faultf("media type %q", m)
		}
	}
	for i, in := range k.samples {
		head := k.data[i][:min(len(k.data[i]), loaders.SniffLen)]
		if _, ok := (loaders.Formats{k.Format}).Find(in.Name, in.MIME, head); !ok {
			t.Faultf("sample %q, named %q of type %q, is not found to be of the format", in.Ref, in.Name, in.MIME)
		}
	}
}

// foreign are contents of no particular format.
var foreign = []string{"", "\x00", "\n", " ", "The quick brown fox.\n", "{\"a\": [1, 2]}", "package main\n\nfunc main() {}\n",
	"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "\x7fELF\x02\x01\x01", "\xff\xfe", "\xef\xbb\xbf", "a,b\n1,2\n"}

func (k *parserKit) sniff(t *trial) {
	if k.Sniff == nil && k.Guess == nil {
		t.Skipf("the format has no Sniff and no Guess")
	}
	for _, head := range foreign {
		if k.Sniff != nil && k.Sniff([]byte(head)) {
			t.Faultf("Sniff is certain of %q", head)
		}
		if k.Guess != nil {
			k.Guess([]byte(head))
		}
	}
	r := random("sniff")
	for _, b := range k.data {
		for range 50 {
			head := damage(r, b[:min(len(b), loaders.SniffLen)], b)
			if k.Sniff != nil {
				k.Sniff(head)
			}
			if k.Guess != nil {
				k.Guess(head)
			}
		}
	}
}

func (k *parserKit) document(t *trial) {
	for i := range k.samples {
		pairs := k.good(t, i)
		faultsOfErrors(t, pairs)
		for _, d := range values(pairs) {
			if broken := document(d); broken != "" {
				t.Faultf("%s", broken)
			}
		}
	}
}

func (k *parserKit) identity(t *trial) {
	for i := range k.samples {
		in := k.input(i, k.data[i])
		in.Ref = "a b/c.xyz"
		in.URI = "https://example.org/a%20b/c.xyz"
		in.Modified = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		in.Trust = loaders.Reviewed
		seen := map[string]bool{}
		for _, d := range values(k.parse(t, in)) {
			if d.Ref != in.Ref {
				t.Faultf("document %q names Ref %q, not %q", d.ID, d.Ref, in.Ref)
			}
			if d.ID != in.Ref && !strings.HasPrefix(d.ID, in.Ref+"#") {
				t.Faultf("a document of Ref %q has ID %q", in.Ref, d.ID)
			}
			if seen[d.ID] {
				t.Faultf("two documents have ID %q", d.ID)
			}
			seen[d.ID] = true
			if d.URI == "" || d.Trust != in.Trust || d.Modified.IsZero() {
				t.Faultf("document %q has URI %q, trust %v, time %v; the Input says %q, %v, %v", d.ID, d.URI, d.Trust, d.Modified, in.URI, in.Trust, in.Modified)
			}
		}
	}
}

func (k *parserKit) again(t *trial) {
	for i := range k.samples {
		if diff := same(k.good(t, i), k.good(t, i)); diff != "" {
			t.Faultf("%s", diff)
		}
	}
}

func (k *parserKit) context(t *trial) {
	ends(t, 1, func(ctx context.Context) iter.Seq2[loaders.Document, error] {
		return k.Parse(ctx, k.input(0, k.data[0]))
	})
}

func (k *parserKit) leave(t *trial) {
	for i := range k.samples {
		leave(k.Parse(t.ctx, k.input(i, k.data[i])), 1)
	}
}

func (k *parserKit) concurrent(t *trial) {
	want := make([][]pair[loaders.Document], len(k.samples))
	for i := range k.samples {
		want[i] = k.good(t, i)
	}
	t.Together(4, func(worker int) {
		for i := range want {
			i = (i + worker) % len(want)
			if diff := same(want[i], k.good(t, i)); diff != "" {
				t.Faultf("beside other goroutines: %s", diff)
			}
		}
	})
}

func (k *parserKit) owner(t *trial) {
	for i := range k.samples {
		var first []pair[loaders.Document]
		for d, err := range k.Parse(t.ctx, k.input(i, k.data[i])) {
			first = append(first, pair[loaders.Document]{d.Clone(), err})
			spoil(d)
		}
		if diff := same(first, k.good(t, i)); diff != "" {
			t.Faultf("a change of what one Parse gave reached the next: %s", diff)
		}
	}
}

func (k *parserKit) budget(t *trial) {
	for i, b := range k.data {
		text := textLen(k.good(t, i))
		for _, l := range []loaders.Limits{{MaxInput: int64(len(b)) - 1}, {MaxText: int64(text) / 2}} {
			if l.MaxInput <= 0 && l.MaxText <= 0 {
				continue
			}
			in := k.input(i, b)
			in.Budget = loaders.NewBudget(l)
			pairs := k.parse(t, in)
			faultsOfErrors(t, pairs)
			refused := false
			for _, p := range pairs {
				refused = refused || errors.Is(p.err, loaders.ErrBudget)
			}
			if n := textLen(pairs); l.MaxText > 0 && int64(n) > l.MaxText {
				t.Faultf("sample %q: %d bytes of text under a limit of %d", in.Ref, n, l.MaxText)
			}
			if !refused && l.MaxInput > 0 {
				t.Faultf("sample %q: %d bytes were read under a limit of %d without an error", in.Ref, len(b), l.MaxInput)
			}
			if !refused && l.MaxText > 0 && !warned(pairs) {
				t.Faultf("sample %q: text is missing under a limit of %d, and no error or warning says so", in.Ref, l.MaxText)
			}
		}
	}
}

func textLen(pairs []pair[loaders.Document]) int {
	n := 0
	for _, d := range values(pairs) {
		n += len(d.Text)
	}
	return n
}

func warned(pairs []pair[loaders.Document]) bool {
	for _, d := range values(pairs) {
		if len(d.Warnings) > 0 {
			return true
		}
	}
	return false
}

// A watched reader counts reads, and fails from one offset on.
type watched struct {
	r     io.ReaderAt
	fail  int64
	reads atomic.Int64
}

var errRead = errors.New("loadertest: the disk cannot be read")

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	w.reads.Add(1)
	if n := w.fail - off; n < int64(len(p)) {
		n = max(0, n)
		m, err := w.r.ReadAt(p[:n], off)
		if err == nil {
			err = errRead
		}
		return m, err
	}
	return w.r.ReadAt(p, off)
}

func (k *parserKit) release(t *trial) {
	for i, b := range k.data {
		in := k.input(i, b)
		w := &watched{r: in.ReaderAt, fail: 1 << 62}
		in.ReaderAt = w
		leave(k.Parse(t.ctx, in), 1)
		before := w.reads.Load()
		for range 100 {
			runtime.Gosched()
		}
		if n := w.reads.Load() - before; n != 0 {
			t.Faultf("sample %q: %d reads after the sequence ended", in.Ref, n)
		}
	}
}

func (k *parserKit) reader(t *trial) {
	for i, b := range k.data {
		for _, at := range []int64{0, 1, int64(len(b)) / 2, int64(len(b)) - 1} {
			if at < 0 || at >= int64(len(b)) {
				continue
			}
			in := k.input(i, b)
			in.ReaderAt = &watched{r: in.ReaderAt, fail: at}
			pairs := k.parse(t, in)
			faultsOfErrors(t, pairs)
			told := warned(pairs)
			for _, p := range pairs {
				if _, ok := docError(p.err); p.err != nil && !ok {
					t.Faultf("sample %q, unreadable from byte %d on: %v is no DocError", in.Ref, at, p.err)
				}
				told = told || errors.Is(p.err, errRead)
			}
			if !told && at == 0 {
				t.Faultf("sample %q, unreadable: no error wraps the cause: %v", in.Ref, pairs)
			}
			if len(pairs) == 0 {
				t.Faultf("sample %q, unreadable from byte %d on: neither a document nor an error", in.Ref, at)
			}
		}
	}
}

func (k *parserKit) damage(t *trial) {
	rounds := 200
	if isLong() {
		rounds = 5000
	}
	r := random("damage")
	for n := range rounds {
		i := r.IntN(len(k.data))
		b := damage(r, k.data[i], k.data[r.IntN(len(k.data))])
		if n == 0 {
			b = nil
		}
		in := k.input(i, b)
		const limit = 8 << 20
		in.Budget = loaders.NewBudget(loaders.Limits{MaxText: limit, MaxInflate: limit, MaxTime: 10 * time.Second})
		k.damaged(t, in, b, limit)
		if t.ctx.Err() != nil {
			t.Fatalf("damaged content %d took too long: %q", n, b[:min(len(b), 300)])
		}
	}
}

// damaged parses b, which may be anything.
func (k *parserKit) damaged(t *trial, in loaders.Input, b []byte, limit int) {
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("panic: %v, on %d bytes: %q", p, len(b), b[:min(len(b), 300)])
		}
	}()
	pairs := k.parse(t, in)
	faultsOfErrors(t, pairs)
	if len(pairs) == 0 {
		t.Faultf("neither a document nor an error of %d bytes: %q", len(b), b[:min(len(b), 300)])
	}
	if n := textLen(pairs); n > limit {
		t.Faultf("%d bytes of text under a limit of %d, from %d bytes", n, limit, len(b))
	}
	for _, p := range pairs {
		if p.err == nil {
			if broken := document(p.v); broken != "" {
				t.Faultf("%s, on %d bytes: %q", broken, len(b), b[:min(len(b), 300)])
			}
		} else if _, ok := docError(p.err); !ok && t.ctx.Err() == nil {
			t.Faultf("%v is no DocError, on %d bytes: %q", p.err, len(b), b[:min(len(b), 300)])
		}
	}
}

func random(name string) *rand.Rand {
	var h uint64
	for _, c := range name {
		h = h*31 + uint64(c)
	}
	return rand.New(rand.NewPCG(seed(), h))
}
