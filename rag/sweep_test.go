package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
)

// TestSpared compares with what DocError.Covers says.
func TestSpared(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, r.IntN(5))
		for i := range b {
			b[i] = "ab/"[r.IntN(3)]
		}
		return string(b)
	}
	for range 3000 {
		kept := spared{}
		var errs []*DocError
		for range r.IntN(6) {
			e := &DocError{Ref: word(), Prefix: r.IntN(2) == 0}
			errs = append(errs, e)
			kept.add(e)
			ref := word()
			want := false
			for _, e := range errs {
				want = want || e.Covers(ref)
			}
			if kept.has(ref) != want {
				t.Fatalf("%q: %v, want %v: %+v", ref, !want, want, errs)
			}
		}
	}
}

func TestSyncDeletesWhatIsGone(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"a": "alpha text", "b": "beta text", "c": "gamma text"})
	mustSync(t, k, "shelf", s, nil)
	mustSync(t, k, "other", newShelf(map[string]string{"a": "alpha of another source"}), nil)

	delete(s.refs, "b")
	if r := mustSync(t, k, "shelf", s, nil); r.Deleted != 1 || r.Unchanged != 2 {
		t.Errorf("%v", r)
	}
	docs := documents(t, k)
	if len(docs) != 3 {
		t.Errorf("%d documents left, want 3: %v", len(docs), docs)
	}

	// Everything gone is refused, whatever the number.
	s.refs = nil
	_, err := k.Sync(t.Context(), "shelf", s, nil)
	mass, ok := errors.AsType[*MassDeleteError](err)
	if !errors.Is(err, ErrMassDelete) || !ok || mass.Total != 2 || len(mass.Vanished) != 2 || mass.Source != "shelf" {
		t.Errorf("all gone: %v", err)
	}
	if n := len(documents(t, k)); n != 3 {
		t.Errorf("%d documents left, want 3", n)
	}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{MaxDelete: 1}); r.Deleted != 2 {
		t.Errorf("MaxDelete 1: %v", r)
	}
	if docs := documents(t, k); len(docs) != 1 || docs[0].Source != "other" {
		t.Errorf("left: %v", docs)
	}
}

func TestMaxDelete(t *testing.T) {
	for _, c := range []struct {
		before, gone, added int
		limit               float64
		ok                  bool
	}{
		{1, 1, 0, 0, false}, {2, 1, 0, 0, true}, {19, 18, 0, 0, true}, {20, 10, 0, 0, true}, {20, 11, 0, 0, false},
		{1, 1, 1, 0, true}, {19, 19, 1, 0, true}, {20, 11, 20, 0, false}, {100, 100, 1000, 0, false}, {0, 0, 9, 0, true},
		{100, 11, 0, .1, false}, {100, 10, 0, .1, true}, {100, 100, 0, 1, true}, {1, 1, 0, 1, true}, {100, 11, 1000, .1, false},
	} {
		k := newKB(t, nil)
		s := newShelf(nil)
		for i := range c.before {
			s.put(fmt.Sprint("old", i), "text")
		}
		mustSync(t, k, "shelf", s, nil)
		for i := range c.gone {
			delete(s.refs, fmt.Sprint("old", i))
		}
		for i := range c.added {
			s.put(fmt.Sprint("new", i), "text")
		}
		p, perr := k.Plan(t.Context(), "shelf", s, &SyncOptions{MaxDelete: c.limit})
		r, err := k.Sync(t.Context(), "shelf", s, &SyncOptions{MaxDelete: c.limit})
		if ok := err == nil; ok != c.ok || !ok && !errors.Is(err, ErrMassDelete) || ok && r.Deleted != c.gone {
			t.Errorf("%+v: %v, %v", c, r, err)
		}
		if fmt.Sprint(perr) != strings.Replace(fmt.Sprint(err), "sync", "plan", 1) || p.Deleted != r.Deleted || len(p.Delete) != r.Deleted {
			t.Errorf("%+v: planned %v, %v, done %v, %v", c, p, perr, r, err)
		}
		if mass, ok := errors.AsType[*MassDeleteError](err); ok && (mass.Total != c.before || len(mass.Vanished) != c.gone) {
			t.Errorf("%+v: %v", c, mass)
		}
	}
}

// A Ref that loses its documents is watched like a source that loses its Refs.
func TestMaxDeleteInsideOfARef(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(nil)
	box := map[string]string{}
	for i := range 30 {
		box[fmt.Sprint("row", i)] = fmt.Sprint("text of row ", i)
	}
	s.refs["table"] = box
	mustSync(t, k, "shelf", s, nil)
	s.refs["table"] = map[string]string{"row0": box["row0"]}
	if _, err := k.Sync(t.Context(), "shelf", s, nil); !errors.Is(err, ErrMassDelete) {
		t.Errorf("29 of 30: %v", err)
	}
	if n := len(documents(t, k)); n != 30 {
		t.Errorf("%d documents left, want 30", n)
	}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{MaxDelete: -1}); r.Deleted != 0 || len(documents(t, k)) != 30 {
		t.Errorf("MaxDelete -1: %v", r)
	}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{MaxDelete: 1}); r.Deleted != 29 {
		t.Errorf("MaxDelete 1: %v", r)
	}
}

func TestAGroupThatCannotBeListedStays(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"x/a": "alpha text", "x/b": "beta text", "y": "gamma text", "z": "zeta text"})
	mustSync(t, k, "shelf", s, nil)
	delete(s.refs, "x/a")
	delete(s.refs, "x/b")
	delete(s.refs, "z")
	s.group = &loaders.DocError{Ref: "x/", Prefix: true, Err: errors.New("permission denied")}
	r := mustSync(t, k, "shelf", s, nil)
	if r.Deleted != 1 || len(r.Failed) != 1 {
		t.Errorf("%v", r)
	}
	if got := len(documents(t, k)); got != 3 {
		t.Errorf("%d documents, want 3", got)
	}
}

func TestListingErrorEndsTheSync(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"a": "alpha text", "b": "beta text"})
	mustSync(t, k, "shelf", s, nil)
	unmounted := errors.New("unmounted")
	l := brokenLister{s, unmounted}
	if _, err := k.Sync(t.Context(), "shelf", l, nil); !errors.Is(err, unmounted) {
		t.Errorf("err = %v", err)
	}
	if got := len(documents(t, k)); got != 2 {
		t.Errorf("%d documents, want 2", got)
	}
}

type brokenLister struct {
	*shelf
	err error
}

func (b brokenLister) List(context.Context) iter.Seq2[loaders.Ref, error] {
	return func(yield func(loaders.Ref, error) bool) { yield(loaders.Ref{}, b.err) }
}
