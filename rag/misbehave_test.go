package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

// lister is a loader made of what it lists.
type lister func(ctx context.Context) iter.Seq2[loaders.Ref, error]

func (l lister) List(ctx context.Context) iter.Seq2[loaders.Ref, error] { return l(ctx) }

func (l lister) Load(context.Context) iter.Seq2[Document, error] { panic("it can list") }

// TestLoadersThatMisbehave syncs five documents, and then what a bad loader
// makes of them: what it does not vouch for stays.
func TestLoadersThatMisbehave(t *testing.T) {
	broken := errors.New("broken")
	one := func(id string) func(context.Context) iter.Seq2[Document, error] {
		return func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) { yield(Document{ID: id, Ref: id, Text: "text of " + id}, nil) }
		}
	}
	refs := func(pairs ...any) lister {
		return func(context.Context) iter.Seq2[loaders.Ref, error] {
			return func(yield func(loaders.Ref, error) bool) {
				for _, p := range pairs {
					err, _ := p.(error)
					id, _ := p.(string)
					r, isRef := p.(loaders.Ref)
					if err == nil && !isRef {
						r = loaders.Ref{ID: id, Version: "2", Load: one(id)}
					}
					if !yield(r, err) {
						return
					}
				}
			}
		}
	}
	ref := func(load func(yield func(Document, error) bool)) loaders.Ref {
		return loaders.Ref{ID: "a", Version: "2", Load: func(context.Context) iter.Seq2[Document, error] { return load }}
	}
	rest := []any{"b", "c", "d", "e"}
	with := func(first ...any) lister { return refs(append(first, rest...)...) }
	for name, c := range map[string]struct {
		loader  Loader
		failed  int
		stay    int // of five documents
		wantErr error
	}{
		"a Ref twice":           {with("a", "a"), 1, 5, nil},
		"a Ref without a Load":  {with(loaders.Ref{ID: "a", Version: "2"}), 1, 5, nil},
		"a document of another": {with(ref(func(y func(Document, error) bool) { y(Document{ID: "a", Ref: "z", Text: "x"}, nil) })), 1, 5, nil},
		"a document twice": {with(ref(func(y func(Document, error) bool) {
			_ = y(Document{ID: "a", Ref: "a", Text: "text of a"}, nil) && y(Document{ID: "a", Ref: "a", Text: "another"}, nil)
		})), 1, 5, nil},
		"a document's ID of another Ref": {with(ref(func(y func(Document, error) bool) { y(Document{ID: "b", Ref: "a", Text: "text of a"}, nil) })), 1, 4, nil}, // a gave another document
		"no ID":                          {with(ref(func(y func(Document, error) bool) { y(Document{Ref: "a", Text: "x"}, nil) })), 1, 5, nil},
		"an error of another Ref":        {with(ref(func(y func(Document, error) bool) { y(Document{}, &DocError{Ref: "elsewhere", Err: broken}) })), 1, 5, nil},
		"an error that is no DocError": {with(ref(func(y func(Document, error) bool) {
			for y(Document{}, broken) {
			}
		})), 1, 5, nil},
		"a prefix of everything":         {refs(&DocError{Prefix: true, Err: broken}), 1, 5, nil},
		"a prefix of one":                {with(&DocError{Ref: "a", Prefix: true, Err: broken}), 1, 5, nil},
		"prefixes inside of each other":  {refs(&DocError{Ref: "aa", Prefix: true, Err: broken}, &DocError{Ref: "", Prefix: true, Err: broken}, &DocError{Ref: "b", Prefix: true, Err: broken}), 3, 5, nil},
		"a listing that breaks off":      {refs("a", broken), 0, 5, broken},
		"a listing that breaks off late": {refs("a", "b", "c", "d", broken), 0, 5, broken},
		"nothing at all":                 {refs(), 0, 5, ErrMassDelete},
		"one that is gone":               {refs(rest...), 0, 4, nil},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKB(t, nil)
			s := newShelf(nil)
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				s.put(id, "text of "+id)
			}
			mustSync(t, k, "shelf", s, nil)
			r, err := k.Sync(t.Context(), "shelf", c.loader, &SyncOptions{Workers: 1})
			if !errors.Is(err, c.wantErr) || len(r.Failed) != c.failed {
				t.Errorf("%v, %v, %v", r, err, r.Err())
			}
			if docs := documents(t, k); len(docs) != c.stay {
				t.Errorf("%d documents left, want %d: %v", len(docs), c.stay, docs)
			}
			whole(t, k)
		})
	}
}

// A loader that is told to stop and stops without a word has not said that the
// rest is gone.
func TestALoaderThatStopsSilently(t *testing.T) {
	for _, lists := range []bool{false, true} {
		k := newKB(t, nil)
		s := newShelf(nil)
		for i := range 10 {
			s.put(fmt.Sprint("doc", i), "text")
		}
		mustSync(t, k, "shelf", s, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := func() bool { cancel(); return true }
		var l Loader = loaders.LoaderFunc(func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) { cancelled() }
		})
		if lists {
			l = lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
				return func(yield func(loaders.Ref, error) bool) { cancelled() }
			})
		}
		if _, err := k.Sync(ctx, "shelf", l, &SyncOptions{MaxDelete: 1}); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
		if n := len(documents(t, k)); n != 10 {
			t.Errorf("%d documents left, want 10", n)
		}
	}
}

// What never ends can be cancelled, whatever it yields.
func TestEndlessSequences(t *testing.T) {
	bad := &DocError{Ref: "x", Err: errors.New("broken")}
	for name, l := range map[string]Loader{
		"documents": loaders.LoaderFunc(func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) {
				for i := 0; yield(Document{ID: fmt.Sprint(i), Text: "x"}, nil); i++ {
				}
			}
		}),
		"errors": loaders.LoaderFunc(func(context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) {
				for yield(Document{}, bad) {
				}
			}
		}),
		"Refs": lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
			return func(yield func(loaders.Ref, error) bool) {
				for i := 0; yield(loaders.Ref{ID: fmt.Sprint(i)}, nil); i++ {
				}
			}
		}),
		"listing errors": lister(func(context.Context) iter.Seq2[loaders.Ref, error] {
			return func(yield func(loaders.Ref, error) bool) {
				for yield(loaders.Ref{}, bad) {
				}
			}
		}),
	} {
		k := newKB(t, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := k.Sync(ctx, "s", l, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

// What fails in a stage stays, whatever the stage's error says of itself.
func TestAStageThatFails(t *testing.T) {
	for _, lists := range []bool{false, true} {
		k := newKB(t, nil)
		s := newShelf(map[string]string{"a": "alpha text", "b": "beta text"})
		mustSync(t, k, "shelf", s, nil)
		var l Loader = s
		if !lists {
			l = loaders.LoaderFunc(s.Load)
		}
		fail := Stage{Name: "fail", Apply: func(_ context.Context, d *Document) error {
			if d.ID == "a" {
				return &DocError{Ref: "of its own", Err: errors.New("broken")}
			}
			return nil
		}}
		if r := mustSync(t, k, "shelf", l, &SyncOptions{Stages: []Stage{fail}}); r.Deleted != 0 || len(r.Failed) != 1 {
			t.Errorf("%v", r)
		}
	}
}

func TestAStageKeepsTheRef(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"a": "alpha text", "b": "beta text"})
	move := Stage{Name: "move", Apply: func(_ context.Context, d *Document) error {
		if d.ID == "a" {
			d.Ref = "elsewhere"
		}
		return nil
	}}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{Stages: []Stage{move}}); r.Added != 1 || !errors.Is(r.Err(), loaders.ErrInvalid) {
		t.Errorf("%v: %v", r, r.Err())
	}
}
