package store_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
	"github.com/quarry-go/quarry/store/storetest"
)

// filled returns a namespace of a store with random documents.
func filled(t *testing.T, db store.DB, seed uint64, n int) store.Store {
	t.Helper()
	s := namespace(t, db, "n")
	chunks := storetest.RandomChunks(rand.New(rand.NewPCG(seed, 1)), n, 4)
	// Vectors of its own EmbedKey, an orphan, and a record alone.
	c := store.Change{Upsert: chunks, Docs: storetest.RecordsOf(chunks[:n-1]), Space: "space"}
	c.Docs = append(c.Docs, store.Doc{ID: "alone", Source: "s", Version: "v"})
	if _, err := s.Write(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return s
}

func namespace(t *testing.T, db store.DB, name string) store.Store {
	t.Helper()
	s, err := db.Namespace(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func embedded(t *testing.T) store.DB {
	t.Helper()
	db, err := local.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestCopy(t *testing.T) {
	for name, dst := range map[string]store.DB{
		"to memory": storetest.NewReference(), "to a folder": embedded(t), "to a weak store": storetest.NewWeak(&storetest.WeakOptions{Delay: -1}),
	} {
		src := filled(t, embedded(t), 1, 300)
		to := filled(t, dst, 2, 50) // what is to go
		r, err := store.Copy(t.Context(), to, src, &store.CopyOptions{Batch: 7})
		if err != nil || r.Chunks != 300 || r.Deleted == 0 || r.Written < 300 || r.Digest == "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		again, err := store.Copy(t.Context(), to, src, nil)
		if err != nil || again.Written != 0 || again.Deleted != 0 || again.Digest != r.Digest {
			t.Errorf("%s, again: %+v, %v", name, again, err)
		}
		if err := storetest.CheckWhole(t.Context(), to); (err == nil) != (storetest.CheckWhole(t.Context(), src) == nil) {
			t.Errorf("%s: %v", name, err)
		}
		back, err := store.Copy(t.Context(), filled(t, storetest.NewReference(), 3, 20), to, nil)
		if err != nil || back.Digest != r.Digest {
			t.Errorf("%s, and back: %+v, %v", name, back, err)
		}
	}
}

// A copy that is killed after any request is resumed by the next.
func TestCopyResumes(t *testing.T) {
	src := filled(t, storetest.NewReference(), 1, 12)
	for n := 0; ; n++ {
		weak := storetest.NewWeak(&storetest.WeakOptions{Delay: -1})
		dst := filled(t, weak, 2, 6)
		weak.KillAfter(n)
		_, err := store.Copy(t.Context(), dst, src, &store.CopyOptions{Batch: 3})
		killed := weak.Killed()
		if killed != errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("killed %v: %v", killed, err)
		}
		weak.Restart()
		weak.Settle()
		r, err := store.Copy(t.Context(), dst, src, &store.CopyOptions{Batch: 3})
		if err != nil {
			t.Fatalf("killed after %d requests: %v", n, err)
		}
		if !killed {
			if n < 20 || r.Written != 0 {
				t.Errorf("%d requests, the second copy %+v", n, r)
			}
			return
		}
	}
}

// A copy to a join that was killed in either of the two is resumed by the next:
// both hold all of it.
func TestCopyToAJoin(t *testing.T) {
	src := filled(t, storetest.NewReference(), 1, 12)
	var whole [2]string // what each holds in the end
	for which := range 2 {
		for n := 0; ; n++ {
			dbs := []*storetest.Weak{storetest.NewWeak(&storetest.WeakOptions{Delay: -1}), storetest.NewWeak(&storetest.WeakOptions{Delay: -1})}
			join := store.Join(half{dbs[0], false}, half{dbs[1], true})
			dst := filled(t, join, 2, 6)
			dbs[which].KillAfter(n)
			_, err := store.Copy(t.Context(), dst, src, &store.CopyOptions{Batch: 5})
			killed := dbs[which].Killed()
			if killed && err == nil {
				t.Fatal("no error of a copy that was killed")
			}
			dbs[which].Restart()
			var last store.CopyReport
			r, err := store.Copy(t.Context(), dst, src, &store.CopyOptions{Batch: 5, Progress: func(r store.CopyReport) { last = r }})
			if err != nil || r.Chunks != 12 || last.Written != r.Written {
				t.Fatalf("store %d killed after %d requests: %+v, %v", which, n, r, err)
			}
			for i, db := range dbs {
				got := contents(t, namespace(t, db, "n"), i == 0)
				if whole[i] == "" {
					whole[i] = got
				}
				if whole[i] != got {
					t.Fatalf("store %d killed after %d requests: store %d differs", which, n, i)
				}
			}
			if !killed {
				break
			}
		}
	}
}

// contents returns what a store holds, with its vectors or without.
func contents(t *testing.T, s store.Store, vectors bool) string {
	t.Helper()
	var all []any
	for d, err := range s.Docs(t.Context(), store.DocQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	for c, err := range s.Scan(t.Context(), store.ScanQuery{Fields: store.FieldsAll}) {
		if err != nil {
			t.Fatal(err)
		}
		if !vectors && c.Vector != nil {
			t.Fatalf("words keeps the vector of %q", c.ID)
		}
		all = append(all, c)
	}
	return fmt.Sprint(all...)
}

// A destination that shows writes late is waited for.
func TestCopySettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := filled(t, storetest.NewReference(), 1, 40)
		dst := namespace(t, storetest.NewWeak(&storetest.WeakOptions{Delay: 300}), "n")
		if _, err := store.Copy(t.Context(), dst, src, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestCopyKeeps(t *testing.T) {
	src := filled(t, storetest.NewReference(), 1, 30)
	dst := namespace(t, storetest.NewReference(), "n")
	mine := store.Change{Upsert: []store.Chunk{{ID: "mine", DocID: "my doc", Text: "x", End: 1}}, Docs: []store.Doc{{ID: "my doc", Chunks: 1}}}
	if _, err := dst.Write(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	r, err := store.Copy(t.Context(), dst, src, &store.CopyOptions{Keep: true})
	if err != nil || r.Deleted != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if c, err := dst.Get(t.Context(), []string{"mine"}, 0); err != nil || len(c) != 1 {
		t.Errorf("%d chunks, %v", len(c), err)
	}
	whole, err := store.Copy(t.Context(), namespace(t, storetest.NewReference(), "n"), src, nil)
	if err != nil || whole.Digest != r.Digest {
		t.Errorf("%+v, %v", whole, err)
	}
}

func TestCopyAll(t *testing.T) {
	src, dst := storetest.NewReference(), embedded(t)
	for i, name := range []string{"a", "b", "c"} {
		chunks := storetest.RandomChunks(rand.New(rand.NewPCG(uint64(i), 1)), 20, 4)
		if _, err := namespace(t, src, name).Write(t.Context(), store.Change{Upsert: chunks, Space: "s"}); err != nil {
			t.Fatal(err)
		}
	}
	last := store.CopyReport{}
	r, err := store.CopyAll(t.Context(), dst, src, &store.CopyOptions{Progress: func(r store.CopyReport) {
		if r.Chunks < last.Chunks {
			t.Errorf("progress goes back from %+v to %+v", last, r)
		}
		last = r
	}})
	if err != nil || r.Chunks != 60 || last.Chunks != 60 {
		t.Errorf("%+v, %v", r, err)
	}
}

// lossy is a store that keeps chunks otherwise than they were.
type lossy struct {
	store.Store
	change func(*store.Chunk)
	info   func(*store.Info)
}

func (l lossy) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	for i := range c.Upsert {
		c.Upsert[i] = c.Upsert[i].Clone()
		l.change(&c.Upsert[i])
	}
	return l.Store.Write(ctx, c)
}

func (l lossy) Info() store.Info {
	info := l.Store.Info()
	if l.info != nil {
		l.info(&info)
	}
	return info
}

// hasty is a store whose Docs end before their end.
type hasty struct{ store.Store }

func (h hasty) Docs(ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
	return func(yield func(store.Doc, error) bool) {
		n := 0
		for d, err := range h.Store.Docs(ctx, q) {
			if n++; n > 3 && len(q.IDs) == 0 || !yield(d, err) {
				return
			}
		}
	}
}

func TestCopyFindsDifferences(t *testing.T) {
	src := filled(t, storetest.NewReference(), 1, 30)
	empty := func() store.Store { return namespace(t, storetest.NewReference(), "n") }
	for name, change := range map[string]func(*store.Chunk){
		"text":   func(c *store.Chunk) { c.Text, c.End = c.Text+"!", c.End+1 },
		"prefix": func(c *store.Chunk) { c.Prefix += "!" },
		"vector": func(c *store.Chunk) { c.Vector = nil },
		"a number": func(c *store.Chunk) {
			if c.Vector != nil {
				c.Vector[0] += 1e-6
			}
		},
		"embed key":  func(c *store.Chunk) { c.EmbedKey += "!" },
		"meta":       func(c *store.Chunk) { c.Meta = map[string]any{"more": true} },
		"marks":      func(c *store.Chunk) { c.Marks = append(c.Marks, store.Mark{Kind: "page"}) },
		"principals": func(c *store.Chunk) { c.Origin.Principals = append(c.Origin.Principals, "x") },
		"ordinal":    func(c *store.Chunk) { c.Ordinal++ },
	} {
		if _, err := store.Copy(t.Context(), lossy{Store: empty(), change: change}, src, nil); !errors.Is(err, store.ErrDiffers) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := store.Copy(t.Context(), hasty{empty()}, src, nil); !errors.Is(err, store.ErrDiffers) {
		t.Errorf("records: %v", err)
	}

	half := func(c *store.Chunk) {
		for i := range c.Vector {
			c.Vector[i] *= 1.0001
		}
	}
	if _, err := store.Copy(t.Context(), lossy{Store: empty(), change: half}, src, &store.CopyOptions{Tolerance: 1e-3}); err != nil {
		t.Errorf("within the tolerance: %v", err)
	}
	if _, err := store.Copy(t.Context(), lossy{Store: empty(), change: half}, src, &store.CopyOptions{Tolerance: 1e-6}); !errors.Is(err, store.ErrDiffers) {
		t.Errorf("beyond the tolerance: %v", err)
	}
}

func TestCopyRefuses(t *testing.T) {
	src := filled(t, storetest.NewReference(), 1, 30)
	other := namespace(t, storetest.NewReference(), "n")
	if _, err := other.Write(t.Context(), store.Change{Upsert: []store.Chunk{{ID: "a", DocID: "a", Vector: []float32{1}}}, Space: "other"}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Copy(t.Context(), other, src, nil); !errors.Is(err, store.ErrSpace) {
		t.Errorf("another space: %v", err)
	}
	if c, err := other.Get(t.Context(), []string{"a"}, 0); err != nil || len(c) != 1 {
		t.Errorf("what was refused has deleted: %v", err)
	}
	deaf := lossy{Store: namespace(t, storetest.NewReference(), "n"), change: func(*store.Chunk) {}, info: func(i *store.Info) { i.Features.Vectors = false }}
	if _, err := store.Copy(t.Context(), deaf, src, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a store without vectors: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Copy(ctx, namespace(t, storetest.NewReference(), "n"), src, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}

func ExampleCopy() {
	ctx := context.Background()
	src, dst := storetest.NewReference(), storetest.NewReference()
	from, _ := src.Namespace("handbook")
	to, _ := dst.Namespace("handbook")
	if _, err := from.Write(ctx, store.Change{Upsert: []store.Chunk{{ID: "a", DocID: "d", Text: "moved", End: 5}}}); err != nil {
		fmt.Println(err)
	}
	report, err := store.Copy(ctx, to, from, nil)
	fmt.Println(report.Chunks, report.Written, err)
	report, err = store.Copy(ctx, to, from, nil)
	fmt.Println(report.Chunks, report.Written, err)
	// Output:
	// 1 1 <nil>
	// 1 0 <nil>
}

func TestDistinct(t *testing.T) {
	c := store.Change{
		Upsert: []store.Chunk{{ID: "a", Text: "1"}, {ID: "b"}, {ID: "a", Text: "2"}},
		Docs:   []store.Doc{{ID: "x", Version: "1"}, {ID: "x", Version: "2"}, {ID: "y"}},
	}
	d := c.Distinct()
	if len(d.Upsert) != 2 || d.Upsert[0].ID != "b" || d.Upsert[1].Text != "2" || len(d.Docs) != 2 || d.Docs[0].Version != "2" || len(c.Upsert) != 3 {
		t.Errorf("%+v of %+v", d, c)
	}
	if e := d.Distinct(); &e.Upsert[0] != &d.Upsert[0] {
		t.Error("a copy where there is nothing to leave out")
	}
}
