package loadertest

import (
	"context"
	"iter"
	"unicode/utf8"

	"github.com/quarry-go/quarry/loaders"
)

func (k *loaderKit) listOnce(t *trial) {
	seen := map[string]bool{}
	for _, r := range values(k.list(t)) {
		if seen[r.ID] {
			t.Faultf("Ref %q comes twice", r.ID)
		}
		seen[r.ID] = true
		if r.ID == "" || !utf8.ValidString(r.ID) {
			t.Faultf("a Ref has ID %q", r.ID)
		}
		if r.Load == nil {
			t.Faultf("Ref %q has no Load", r.ID)
		}
	}
}

func (k *loaderKit) listOrder(t *trial) {
	first := k.list(t)
	for range 2 {
		k.sameList(t, first)
	}
}

// sameList requires that the source is listed as before.
func (k *loaderKit) sameList(t *trial, first []pair[loaders.Ref]) {
	again := k.list(t)
	for i := range min(len(first), len(again)) {
		a, b := first[i], again[i]
		switch {
		case (a.err == nil) != (b.err == nil):
			t.Faultf("pair %d: first error %v, then error %v", i, a.err, b.err)
		case a.v.ID != b.v.ID || a.v.URI != b.v.URI:
			t.Faultf("pair %d: first Ref %q (%s), then %q (%s)", i, a.v.ID, a.v.URI, b.v.ID, b.v.URI)
		case a.v.Version != b.v.Version:
			t.Faultf("Ref %q did not change; first it had Version %q, then %q", a.v.ID, a.v.Version, b.v.Version)
		}
	}
	if len(first) != len(again) {
		t.Faultf("first %d pairs, then %d", len(first), len(again))
	}
}

func (k *loaderKit) listErrors(t *trial) { faultsOfErrors(t, collect(t, k.lister.List(t.ctx))) }

func (k *loaderKit) agree(t *trial) {
	loaded := values(k.load(t))
	var listed []loaders.Document
	for _, r := range values(k.list(t)) {
		for _, d := range values(collect(t, r.Load(t.ctx))) {
			if d.Ref != r.ID {
				t.Faultf("Ref %q gives document %q, which names Ref %q", r.ID, d.ID, d.Ref)
			}
			listed = append(listed, d)
		}
	}
	if diff := same(pairsOf(loaded), pairsOf(listed)); diff != "" {
		t.Faultf("by Load, then by List: %s", diff)
	}
}

func pairsOf[T any](vs []T) []pair[T] {
	pairs := make([]pair[T], len(vs))
	for i, v := range vs {
		pairs[i].v = v
	}
	return pairs
}

func (k *loaderKit) unread(t *trial) {
	if k.Reads == nil {
		t.Skipf("the harness has no Reads")
	}
	k.list(t)
	before := k.Reads()
	k.list(t)
	if n := k.Reads() - before; n != 0 {
		t.Faultf("a listing read %d Refs", n)
	}
}

func (k *loaderKit) listLeave(t *trial) {
	first := k.list(t)
	for n := 1; n <= min(len(first), 3); n++ {
		leave(k.lister.List(t.ctx), n)
		k.released(t, "leaving List")
	}
	k.sameList(t, first)
	k.released(t, "List")
}

func (k *loaderKit) listContext(t *trial) {
	ends(t, len(k.list(t)), k.lister.List)
	k.released(t, "the end of the context")
}

func (k *loaderKit) listConcurrent(t *trial) {
	first := k.list(t)
	refs := values(first)
	want := make([][]pair[loaders.Document], len(refs))
	for i, r := range refs {
		want[i] = collect(t, r.Load(t.ctx))
	}
	t.Together(k.Workers, func(worker int) {
		k.sameList(t, first)
		for i := range refs {
			i = (i + worker) % len(refs)
			if diff := same(want[i], collect(t, refs[i].Load(t.ctx))); diff != "" {
				t.Faultf("beside other loads, Ref %q: %s", refs[i].ID, diff)
			}
		}
	})
}

func (k *loaderKit) later(t *trial) {
	for i, r := range values(k.list(t)) {
		if i == 3 {
			break
		}
		first := collect(t, r.Load(t.ctx))
		leave(r.Load(t.ctx), 1)
		k.released(t, "leaving a Ref's Load")
		if diff := same(first, collect(t, r.Load(t.ctx))); diff != "" {
			t.Faultf("Ref %q: %s", r.ID, diff)
		}
		faultsOfErrors(t, first)
	}
	k.released(t, "a Ref's Load")
}

func (k *loaderKit) refContext(t *trial) {
	for _, r := range values(k.list(t)) {
		if len(values(collect(t, r.Load(t.ctx)))) > 0 {
			// Before the first pair only: a Ref of one document may have
			// nothing left to say after it.
			ends(t, 1, func(ctx context.Context) iter.Seq2[loaders.Document, error] { return r.Load(ctx) })
			return
		}
	}
}

func (k *loaderKit) version(t *trial) {
	if k.Change == nil || k.lister == nil {
		t.Skipf("the harness has no Change, or the loader is no Lister")
	}
	before := map[string]string{}
	for _, r := range values(k.list(t)) {
		before[r.ID] = r.Version
	}
	changed, err := k.Change()
	if err != nil {
		t.Fatalf("Change: %v", err)
	}
	for _, r := range values(k.list(t)) {
		switch v, known := before[r.ID]; {
		case !known || v == "":
		case r.ID == changed && r.Version == v:
			t.Faultf("Ref %q changed and keeps Version %q", r.ID, v)
		case r.ID != changed && r.Version != v:
			t.Faultf("Ref %q did not change; its Version was %q and is %q", r.ID, v, r.Version)
		}
	}
}
