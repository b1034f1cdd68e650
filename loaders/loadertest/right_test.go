package loadertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
)

// A shelf is a lister that keeps every rule, with places to break each.
type shelf struct {
	words   []string // of each Ref; a word is a document
	changed atomic.Int64
	held    atomic.Int64
	reads   atomic.Int64

	load func(context.Context, iter.Seq2[loaders.Document, error]) iter.Seq2[loaders.Document, error]
	list func(context.Context, iter.Seq2[loaders.Ref, error]) iter.Seq2[loaders.Ref, error]
	doc  func(*loaders.Document)
}

func newShelf() *shelf {
	return &shelf{words: []string{"alpha beta", "!damaged", "gamma"}}
}

func (s *shelf) harness() Harness {
	return Harness{
		Loader: s,
		Change: func() (string, error) { s.changed.Add(1); return "ref0", nil },
		Held:   func() int { return int(s.held.Load()) },
		Reads:  func() int { return int(s.reads.Load()) },
	}
}

func (s *shelf) List(ctx context.Context) iter.Seq2[loaders.Ref, error] {
	seq := s.right(ctx)
	if s.list != nil {
		seq = s.list(ctx, seq)
	}
	return seq
}

func (s *shelf) right(ctx context.Context) iter.Seq2[loaders.Ref, error] {
	return func(yield func(loaders.Ref, error) bool) {
		s.held.Add(1)
		defer s.held.Add(-1)
		for i, words := range s.words {
			id := fmt.Sprintf("ref%d", i)
			version := "v1"
			if i == 0 {
				version = fmt.Sprint("v", s.changed.Load())
			}
			if ctx.Err() != nil {
				yield(loaders.Ref{}, ctx.Err())
				return
			}
			load := func(ctx context.Context) iter.Seq2[loaders.Document, error] { return s.ref(ctx, id, words) }
			if !yield(loaders.Ref{ID: id, URI: "https://example.org/" + id, Version: version, Load: load}, nil) {
				return
			}
		}
	}
}

func (s *shelf) ref(ctx context.Context, id, words string) iter.Seq2[loaders.Document, error] {
	return func(yield func(loaders.Document, error) bool) {
		s.held.Add(1)
		defer s.held.Add(-1)
		s.reads.Add(1)
		for i, w := range strings.Fields(words) {
			if ctx.Err() != nil {
				yield(loaders.Document{}, ctx.Err())
				return
			}
			if strings.HasPrefix(w, "!") {
				if !yield(loaders.Document{}, &loaders.DocError{Ref: id, Err: loaders.ErrFormat}) {
					return
				}
				continue
			}
			if id == "ref0" {
				w += strings.Repeat("!", int(s.changed.Load()))
			}
			d := loaders.Document{ID: fmt.Sprintf("%s#%d", id, i), Ref: id, Text: w, Meta: map[string]any{"n": int64(i), "tags": []string{w}},
				Spans: []loaders.Span{{Kind: loaders.Page, End: len(w), Boxes: []loaders.Box{{X1: 1}}}}, Principals: []string{"staff"}}
			if s.doc != nil {
				s.doc(&d)
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (s *shelf) Load(ctx context.Context) iter.Seq2[loaders.Document, error] {
	seq := func(yield func(loaders.Document, error) bool) {
		for r, err := range s.right(ctx) {
			if err != nil {
				yield(loaders.Document{}, err)
				return
			}
			for d, err := range r.Load(ctx) {
				if !yield(d, err) {
					return
				}
				if _, ok := docError(err); err != nil && !ok {
					return
				}
			}
		}
	}
	if s.load != nil {
		return s.load(ctx, seq)
	}
	return seq
}

// A reading is a parser that keeps every rule, with places to break each: a
// content is a line for each document.
type reading struct {
	docs func(*loaders.Document)
	wrap func(context.Context, loaders.Input, iter.Seq2[loaders.Document, error]) iter.Seq2[loaders.Document, error]
}

func (r *reading) format() loaders.Format {
	return loaders.Format{Name: "lines", Extensions: []string{".lines"}, MIMEs: []string{"text/lines"},
		Sniff: func(head []byte) bool { return strings.HasPrefix(string(head), "LINES") }, Parser: r}
}

func (r *reading) Parse(ctx context.Context, in loaders.Input) iter.Seq2[loaders.Document, error] {
	seq := func(yield func(loaders.Document, error) bool) {
		fail := func(err error) bool {
			return yield(loaders.Document{}, &loaders.DocError{Ref: in.Ref, URI: in.URI, Err: err})
		}
		if err := in.Budget.Check(ctx); err != nil && ctx.Err() != nil {
			yield(loaders.Document{}, err)
			return
		}
		b, err := in.ReadAll()
		if err != nil {
			fail(err)
			return
		}
		n := 0
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSuffix(line, "\n")
			if err := in.Budget.Text(len(line)); err != nil {
				fail(err)
				return
			}
			d := in.Document()
			d.ID = fmt.Sprintf("%s#%d", in.Ref, n)
			n++
			d.Text = strings.ReplaceAll(line, "\x00", "")
			d.Principals = []string{"staff"}
			if r.docs != nil {
				r.docs(&d)
			}
			if !utf8.ValidString(line) {
				if !fail(loaders.ErrFormat) {
					return
				}
				continue
			}
			if !yield(d, nil) {
				return
			}
		}
		if n == 0 {
			fail(errors.New("no lines"))
		}
	}
	if r.wrap != nil {
		return r.wrap(ctx, in, seq)
	}
	return seq
}
