package loadertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

type (
	docs = iter.Seq2[loaders.Document, error]
	refs = iter.Seq2[loaders.Ref, error]
)

func TestRightLoader(t *testing.T) { Run(t, newShelf().harness()) }

func TestRightParser(t *testing.T) {
	Parser(t, (&reading{}).format(), loaders.BytesInput("a.lines", []byte("LINES\none\ntwo")))
}

// rejects requires that the rule of that name finds a fault.
func rejects(t *testing.T, rules []rule, name string, patience time.Duration) {
	t.Helper()
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
	if i < 0 {
		t.Fatalf("there is no rule %q", name)
	}
	out := try(t.Context(), rules[i], patience)
	if len(out.faults) == 0 {
		t.Fatalf("rule %q finds nothing wrong", name)
	}
	t.Logf("rule %s: %.300s", name, out.faults[0])
}

// meeting returns a function that reports whether it is called twice at once.
func meeting() func() bool {
	door := make(chan struct{})
	return func() bool {
		select {
		case door <- struct{}{}:
			return true
		case <-door:
			return true
		case <-time.After(20 * time.Millisecond):
			return false
		}
	}
}

// filter yields what keep says of a sequence.
func filter[T any](seq iter.Seq2[T, error], keep func(i int, v T, err error) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		i := 0
		for v, err := range seq {
			if keep(i, v, err) && !yield(v, err) {
				return
			}
			i++
		}
	}
}

// TestWrongLoaders breaks one rule at a time, and requires that the kit names it.
func TestWrongLoaders(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		spoil      func(*shelf)
	}{
		{"repeats a document", "once", func(s *shelf) {
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					for d, err := range seq {
						for range 2 {
							if !yield(d, err) {
								return
							}
						}
					}
				}
			}
		}},
		{"changes the order", "order", func(s *shelf) {
			var n atomic.Int64
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					var all []pair[loaders.Document]
					for d, err := range seq {
						all = append(all, pair[loaders.Document]{d, err})
					}
					if n.Add(1)%2 == 0 {
						slices.Reverse(all)
					}
					for _, p := range all {
						if !yield(p.v, p.err) {
							return
						}
					}
				}
			}
		}},
		{"gives invalid UTF-8", "document", func(s *shelf) { s.doc = func(d *loaders.Document) { d.Text = "a\xff" + d.Text } }},
		{"has a span outside", "document", func(s *shelf) { s.doc = func(d *loaders.Document) { d.Spans[0].End++ } }},
		{"has spans that overlap partly", "document", func(s *shelf) {
			s.doc = func(d *loaders.Document) {
				d.Spans = []loaders.Span{{Kind: "x", Start: 0, End: 3}, {Kind: "x", Start: 1, End: 4}}
			}
		}},
		{"has Meta of a strange type", "document", func(s *shelf) { s.doc = func(d *loaders.Document) { d.Meta["f"] = func() {} } }},
		{"names no Ref", "document", func(s *shelf) { s.doc = func(d *loaders.Document) { d.Ref = "" } }},
		{"gives a document with an error", "errors", func(s *shelf) {
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					for d, err := range seq {
						if err != nil {
							d.ID = "half"
						}
						if !yield(d, err) {
							return
						}
					}
				}
			}
		}},
		{"goes on after an error that ends it", "errors", func(s *shelf) {
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					_ = yield(loaders.Document{}, io.ErrClosedPipe) && yield(loaders.Document{ID: "a", Ref: "a"}, nil)
				}
			}
		}},
		{"has an error without a Ref", "errors", func(s *shelf) {
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					yield(loaders.Document{}, &loaders.DocError{Err: io.EOF})
				}
			}
		}},
		{"ignores the context", "context", func(s *shelf) {
			s.load = func(context.Context, docs) docs { return newShelf().Load(context.Background()) }
		}},
		{"tells the end of the context as a fault of a document", "context", func(s *shelf) {
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					for d, err := range seq {
						if errors.Is(err, context.Canceled) {
							err = &loaders.DocError{Ref: "x", Err: err}
						}
						if !yield(d, err) {
							return
						}
					}
				}
			}
		}},
		{"ends quietly when the context does", "context", func(s *shelf) {
			s.load = func(ctx context.Context, seq docs) docs {
				return filter(seq, func(_ int, _ loaders.Document, err error) bool { return !errors.Is(err, ctx.Err()) || err == nil })
			}
		}},
		{"shares a slice between loads", "owner", func(s *shelf) {
			shared := []string{"staff"}
			s.doc = func(d *loaders.Document) { d.Principals = shared }
		}},
		{"shares a list in Meta", "owner", func(s *shelf) {
			shared := []string{"x"}
			s.doc = func(d *loaders.Document) { d.Meta["tags"] = shared }
		}},
		{"goes on after the loop was left", "break", func(s *shelf) {
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					for d, err := range seq {
						yield(d, err)
					}
				}
			}
		}},
		{"holds a file after the loop was left", "break", func(s *shelf) {
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					s.held.Add(1)
					for d, err := range seq {
						if !yield(d, err) {
							return
						}
					}
					s.held.Add(-1)
				}
			}
		}},
		{"is not safe for concurrent use", "concurrent", func(s *shelf) {
			meet := meeting()
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					if !meet() {
						seq(yield)
					}
				}
			}
		}},
		{"keeps its first load", "anew", func(s *shelf) {
			var once sync.Once
			var all []pair[loaders.Document]
			s.load = func(_ context.Context, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					once.Do(func() { all = collect(&trial{}, seq) })
					for _, p := range all {
						if !yield(p.v.Clone(), p.err) {
							return
						}
					}
				}
			}
		}},
		{"hangs", "order", func(s *shelf) {
			s.load = func(context.Context, docs) docs {
				return func(func(loaders.Document, error) bool) { select {} }
			}
		}},
		{"panics", "document", func(s *shelf) { s.doc = func(*loaders.Document) { panic("oh") } }},

		{"lists a Ref twice", "list-once", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return func(yield func(loaders.Ref, error) bool) {
					for r, err := range seq {
						for range 2 {
							if !yield(r, err) {
								return
							}
						}
					}
				}
			}
		}},
		{"gives a new Version each time", "list-order", func(s *shelf) {
			var n atomic.Int64
			s.list = func(_ context.Context, seq refs) refs {
				return mapped(seq, func(r loaders.Ref) loaders.Ref { r.Version = fmt.Sprint(n.Add(1)); return r })
			}
		}},
		{"gives the same Version after a change", "version", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return mapped(seq, func(r loaders.Ref) loaders.Ref { r.Version = "v"; return r })
			}
		}},
		{"changes every Version for one change", "version", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return mapped(seq, func(r loaders.Ref) loaders.Ref { r.Version = fmt.Sprint(s.changed.Load()); return r })
			}
		}},
		{"lists less than it loads", "list-agrees", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return filter(seq, func(i int, _ loaders.Ref, _ error) bool { return i != 2 })
			}
		}},
		{"gives documents of another Ref", "list-agrees", func(s *shelf) { s.doc = func(d *loaders.Document) { d.Ref = "other" } }},
		{"reads to list", "list-unread", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return mapped(seq, func(r loaders.Ref) loaders.Ref { s.reads.Add(1); return r })
			}
		}},
		{"lists on without the context", "list-context", func(s *shelf) {
			s.list = func(context.Context, refs) refs { return newShelf().List(context.Background()) }
		}},
		{"lists on after the loop was left", "list-break", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return func(yield func(loaders.Ref, error) bool) {
					for r, err := range seq {
						yield(r, err)
					}
				}
			}
		}},
		{"gives a Ref with an error", "list-errors", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return func(yield func(loaders.Ref, error) bool) {
					yield(loaders.Ref{ID: "x"}, &loaders.DocError{Ref: "x", Err: io.EOF})
				}
			}
		}},
		{"loads a Ref once only", "ref-later", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return mapped(seq, func(r loaders.Ref) loaders.Ref {
					var loaded atomic.Bool
					load := r.Load
					r.Load = func(ctx context.Context) docs {
						if loaded.Swap(true) {
							return func(func(loaders.Document, error) bool) {}
						}
						return load(ctx)
					}
					return r
				})
			}
		}},
		{"loads a Ref during the listing only", "ref-later", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return func(yield func(loaders.Ref, error) bool) {
					var over atomic.Bool
					defer over.Store(true)
					mapped(seq, func(r loaders.Ref) loaders.Ref {
						load := r.Load
						r.Load = func(ctx context.Context) docs {
							if over.Load() {
								panic("the listing is over")
							}
							return load(ctx)
						}
						return r
					})(yield)
				}
			}
		}},
		{"gives other documents beside another load", "list-concurrent", func(s *shelf) {
			meet := meeting()
			s.list = func(_ context.Context, seq refs) refs {
				return mapped(seq, func(r loaders.Ref) loaders.Ref {
					load := r.Load
					r.Load = func(ctx context.Context) docs {
						return func(yield func(loaders.Document, error) bool) {
							if !meet() {
								load(ctx)(yield)
							}
						}
					}
					return r
				})
			}
		}},
		{"loads a Ref without the context", "ref-context", func(s *shelf) {
			s.list = func(_ context.Context, seq refs) refs {
				return mapped(seq, func(r loaders.Ref) loaders.Ref {
					load := r.Load
					r.Load = func(context.Context) docs { return load(context.Background()) }
					return r
				})
			}
		}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			s := newShelf()
			c.spoil(s)
			patience := time.Minute
			if c.name == "hangs" {
				patience = 100 * time.Millisecond
			}
			rejects(t, loaderRules(s.harness()), c.rule, patience)
		})
	}
}

func mapped(seq refs, f func(loaders.Ref) loaders.Ref) refs {
	return func(yield func(loaders.Ref, error) bool) {
		for r, err := range seq {
			if err == nil {
				r = f(r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestWrongParsers does the same with parsers.
func TestWrongParsers(t *testing.T) {
	var calls atomic.Int64
	for _, c := range []struct {
		name, rule string
		spoil      func(*reading, *loaders.Format)
	}{
		{"panics on odd bytes", "damage", func(r *reading, _ *loaders.Format) {
			r.docs = func(d *loaders.Document) {
				if strings.Contains(d.Text, "\xff") {
					panic("odd")
				}
			}
		}},
		{"lets invalid UTF-8 through", "damage", func(r *reading, _ *loaders.Format) {
			r.wrap = func(_ context.Context, in loaders.Input, _ docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					d := in.Document()
					b, err := in.ReadAll()
					if err != nil {
						yield(loaders.Document{}, &loaders.DocError{Ref: in.Ref, Err: err})
						return
					}
					d.Text = string(b)
					yield(d, nil)
				}
			}
		}},
		{"says nothing of an empty content", "damage", func(r *reading, _ *loaders.Format) {
			r.wrap = func(_ context.Context, in loaders.Input, seq docs) docs {
				if in.Size == 0 {
					return func(func(loaders.Document, error) bool) {}
				}
				return seq
			}
		}},
		{"gives IDs of its own", "identity", func(r *reading, _ *loaders.Format) {
			r.docs = func(d *loaders.Document) { d.ID = "mine/" + d.ID }
		}},
		{"gives one ID to all", "identity", func(r *reading, _ *loaders.Format) { r.docs = func(d *loaders.Document) { d.ID = d.Ref } }},
		{"forgets the trust", "identity", func(r *reading, _ *loaders.Format) { r.docs = func(d *loaders.Document) { d.Trust = 0 } }},
		{"forgets the address", "identity", func(r *reading, _ *loaders.Format) { r.docs = func(d *loaders.Document) { d.URI = "" } }},
		{"has an anchor with #", "document", func(r *reading, _ *loaders.Format) {
			r.docs = func(d *loaders.Document) { d.Spans = []loaders.Span{{Kind: "x", Anchor: "#x"}} }
		}},
		{"has a heading without a level", "document", func(r *reading, _ *loaders.Format) {
			r.docs = func(d *loaders.Document) { d.Spans = []loaders.Span{{Kind: loaders.Heading}} }
		}},
		{"counts its calls in the title", "again", func(r *reading, _ *loaders.Format) {
			r.docs = func(d *loaders.Document) { d.Title = fmt.Sprint(calls.Add(1)) }
		}},
		{"ignores the budget", "budget", func(r *reading, _ *loaders.Format) {
			r.wrap = func(ctx context.Context, in loaders.Input, seq docs) docs {
				in.Budget = nil
				return (&reading{}).Parse(ctx, in)
			}
		}},
		{"cuts the text in silence", "budget", func(r *reading, _ *loaders.Format) {
			r.wrap = func(ctx context.Context, in loaders.Input, seq docs) docs {
				return filter(seq, func(_ int, _ loaders.Document, err error) bool {
					return err == nil || !errors.Is(err, loaders.ErrBudget) || strings.Contains(err.Error(), "input")
				})
			}
		}},
		{"ignores the context", "context", func(r *reading, _ *loaders.Format) {
			r.wrap = func(_ context.Context, in loaders.Input, _ docs) docs {
				return (&reading{}).Parse(context.Background(), in)
			}
		}},
		{"goes on after the loop was left", "break", func(r *reading, _ *loaders.Format) {
			r.wrap = func(_ context.Context, _ loaders.Input, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					for d, err := range seq {
						yield(d, err)
					}
				}
			}
		}},
		{"reads on in the background", "release", func(r *reading, _ *loaders.Format) {
			r.wrap = func(_ context.Context, in loaders.Input, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					seq(yield)
					go func() {
						for range 50 {
							runtime.Gosched()
							in.Head(1)
						}
					}()
				}
			}
		}},
		{"takes an error for the end", "reader", func(r *reading, _ *loaders.Format) {
			r.wrap = func(ctx context.Context, in loaders.Input, seq docs) docs {
				return filter(seq, func(_ int, _ loaders.Document, err error) bool { return !errors.Is(err, errRead) })
			}
		}},
		{"ends with the error of one document", "reader", func(r *reading, _ *loaders.Format) {
			r.wrap = func(ctx context.Context, in loaders.Input, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					for d, err := range seq {
						if de, ok := docError(err); ok {
							yield(d, de.Err)
							return
						}
						if !yield(d, err) {
							return
						}
					}
				}
			}
		}},
		{"shares a slice", "owner", func(r *reading, _ *loaders.Format) {
			shared := []string{"staff"}
			r.docs = func(d *loaders.Document) { d.Principals = shared }
		}},
		{"shares its state", "concurrent", func(r *reading, _ *loaders.Format) {
			meet := meeting()
			r.wrap = func(_ context.Context, _ loaders.Input, seq docs) docs {
				return func(yield func(loaders.Document, error) bool) {
					if !meet() {
						seq(yield)
					}
				}
			}
		}},
		{"is certain of everything", "sniff", func(_ *reading, f *loaders.Format) { f.Sniff = func([]byte) bool { return true } }},
		{"expects a longer head", "sniff", func(_ *reading, f *loaders.Format) { f.Sniff = func(b []byte) bool { return b[10] == 'x' } }},
		{"has an extension in upper case", "format", func(_ *reading, f *loaders.Format) { f.Extensions = []string{".LINES"} }},
		{"does not know its own", "format", func(_ *reading, f *loaders.Format) { f.Extensions, f.Sniff = []string{".x"}, nil }},
		{"has a media type with a parameter", "format", func(_ *reading, f *loaders.Format) { f.MIMEs = []string{"text/lines; charset=utf-8"} }},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			r := &reading{}
			f := r.format()
			c.spoil(r, &f)
			k, err := newParserKit(f, []loaders.Input{loaders.BytesInput("a.lines", []byte("LINES\none\ntwo"))})
			if err != nil {
				t.Fatal(err)
			}
			rejects(t, k.rules(), c.rule, time.Minute)
		})
	}
}

// TestPatience requires that a rule ends though what it tests does not.
func TestPatience(t *testing.T) {
	r := rule{name: "x", test: func(*trial) { select {} }}
	if out := try(t.Context(), r, 10*time.Millisecond); len(out.faults) != 1 || !strings.Contains(out.faults[0], "no return") {
		t.Errorf("%v", out)
	}
}
