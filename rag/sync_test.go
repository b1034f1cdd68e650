package rag

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

func TestSyncReadsNothingThatDidNotChange(t *testing.T) {
	ch, e := smallChunks(t), newCountingEmbedder()
	k := newKB(t, &Options{Chunker: ch, Embedder: e})
	s := newShelf(nil)
	for i := range 600 { // more than one look-up
		s.put(fmt.Sprintf("doc%03d", i), paragraphs("it", 2))
	}
	r := mustSync(t, k, "shelf", s, nil)
	if r.Added != 600 || r.Chunks != 1200 || r.Embedded != 1200 {
		t.Fatalf("first sync: %v", r)
	}
	loads, cuts, texts := s.loads.Load(), ch.cuts.Load(), e.texts.Load()
	before := content(t, k.Store())

	r = mustSync(t, k, "shelf", s, nil)
	if r.Unchanged != 600 || r.Added+r.Changed+r.Deleted+r.Chunks+r.Embedded+r.Writes != 0 {
		t.Errorf("second sync: %v, %d writes", r, r.Writes)
	}
	if s.loads.Load() != loads || ch.cuts.Load() != cuts || e.texts.Load() != texts {
		t.Errorf("second sync: %d Refs read, %d documents cut, %d texts embedded, want none",
			s.loads.Load()-loads, ch.cuts.Load()-cuts, e.texts.Load()-texts)
	}
	if content(t, k.Store()) != before {
		t.Error("the second sync changed the store")
	}
}

func TestSyncOfATouchedDocument(t *testing.T) {
	ch, e := smallChunks(t), newCountingEmbedder()
	k := newKB(t, &Options{Chunker: ch, Embedder: e})
	s := newShelf(map[string]string{"a": paragraphs("a", 3), "b": paragraphs("b", 3)})
	mustSync(t, k, "shelf", s, nil)
	cuts, texts := ch.cuts.Load(), e.texts.Load()

	s.touch["a"]++
	r := mustSync(t, k, "shelf", s, nil)
	if r.Unchanged != 2 || r.Changed+r.Chunks+r.Embedded != 0 || r.Writes != 1 {
		t.Errorf("touched: %v, %d writes", r, r.Writes)
	}
	if ch.cuts.Load() != cuts || e.texts.Load() != texts {
		t.Error("a touched document was cut or embedded")
	}
	loads := s.loads.Load()
	mustSync(t, k, "shelf", s, nil)
	if s.loads.Load() != loads {
		t.Error("a touched document is read again at each sync")
	}
}

func TestSyncOfOneEditedParagraph(t *testing.T) {
	e := newCountingEmbedder()
	k := newKB(t, &Options{Chunker: smallChunks(t), Embedder: e})
	text := paragraphs("a", 10)
	s := newShelf(map[string]string{"a": text, "b": paragraphs("b", 10)})
	mustSync(t, k, "shelf", s, nil)
	texts := e.texts.Load()

	edited := strings.Replace(text, "topic3 and", "subject3, and", 1)
	s.put("a", edited)
	r := mustSync(t, k, "shelf", s, nil)
	if r.Changed != 1 || r.Unchanged != 1 || r.Writes != 1 {
		t.Errorf("edited: %v, %d writes", r, r.Writes)
	}
	if n := e.texts.Load() - texts; n != 1 {
		t.Errorf("%d texts embedded, want 1", n)
	}
	for c, err := range k.Store().Scan(t.Context(), store.ScanQuery{Filter: store.Docs(DocID("shelf", "a")), Fields: store.FieldsAll}) {
		if err != nil {
			t.Fatal(err)
		}
		if edited[c.Start:c.End] != c.Text || c.Vector == nil {
			t.Errorf("chunk [%d:%d] %q, %d dimensions", c.Start, c.End, c.Text, len(c.Vector))
		}
	}
}

func TestSyncOfAnEmptySource(t *testing.T) {
	k := newKB(t, nil)
	if r := mustSync(t, k, "shelf", newShelf(nil), nil); r.Added+r.Deleted+r.Writes != 0 || r.Err() != nil {
		t.Errorf("%v", r)
	}
	if _, err := k.Sync(t.Context(), "", newShelf(nil), nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("no source: %v", err)
	}
	if _, err := k.Sync(t.Context(), "shelf", nil, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("no loader: %v", err)
	}
}

func TestABadDocumentStopsNothing(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"a": "alpha text", "b": "beta text", "c": "gamma text"})
	mustSync(t, k, "shelf", s, nil)

	broken := errors.New("broken")
	s.bad["b"] = broken
	delete(s.refs["b"], "b") // nothing but the error comes of it
	s.put("d", "delta text")
	s.refs["e"] = map[string]string{"e": "bad\x00text"}
	r := mustSync(t, k, "shelf", s, nil)
	if r.Added != 1 || r.Unchanged != 2 || r.Deleted != 0 || len(r.Failed) != 2 {
		t.Errorf("%v", r)
	}
	if err := r.Err(); !errors.Is(err, broken) || !errors.Is(err, loaders.ErrInvalid) {
		t.Errorf("Err() = %v", err)
	}
	if got := len(documents(t, k)); got != 4 {
		t.Errorf("%d documents, want 4: b stays", got)
	}
	// It is tried again each time, and read once it is whole.
	s.bad["b"] = nil
	s.put("b", "beta text")
	if r := mustSync(t, k, "shelf", s, nil); r.Unchanged != 4 || len(r.Failed) != 1 {
		t.Errorf("%v", r)
	}
}

func TestSkippedIsNotFailed(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(map[string]string{"a": "alpha text", "b": "beta text"})
	delete(s.refs["b"], "b")
	s.bad["b"] = fmt.Errorf("%w: .bin", loaders.ErrNoParser)
	r := mustSync(t, k, "shelf", s, nil)
	if len(r.Skipped) != 1 || len(r.Failed) != 0 || r.Err() != nil {
		t.Errorf("%v", r)
	}
}

func TestRefsOfManyDocuments(t *testing.T) {
	for _, size := range []int{10, 300_000} { // the larger are handed over in parts
		k := newKB(t, nil)
		s := newShelf(nil)
		box := map[string]string{}
		for i := range 20 {
			box[fmt.Sprintf("mail#%d", i)] = fmt.Sprintf("message%d ", i) + strings.Repeat("word ", size/5)
		}
		s.refs["mail"] = box
		s.put("note", "a note")
		if r := mustSync(t, k, "shelf", s, nil); r.Added != 21 {
			t.Fatalf("%v", r)
		}
		loads := s.loads.Load()
		if r := mustSync(t, k, "shelf", s, nil); r.Unchanged != 21 || s.loads.Load() != loads {
			t.Errorf("%v, %d loads", r, s.loads.Load()-loads)
		}
		delete(box, "mail#3")
		box["mail#4"] = "message4 is another now"
		if r := mustSync(t, k, "shelf", s, nil); r.Deleted != 1 || r.Changed != 1 || r.Unchanged != 19 {
			t.Errorf("%v", r)
		}
		if r := mustSync(t, k, "shelf", s, nil); r.Unchanged != 20 || r.Writes != 0 {
			t.Errorf("%v", r)
		}
		// A Ref that breaks off keeps what was not seen, and is read again.
		s.bad["mail"] = errors.New("truncated")
		for i := 10; i < 20; i++ {
			delete(box, fmt.Sprintf("mail#%d", i))
		}
		if r := mustSync(t, k, "shelf", s, nil); r.Deleted != 0 || len(r.Failed) != 1 {
			t.Errorf("%v", r)
		}
		if got := len(documents(t, k)); got != 20 {
			t.Errorf("%d documents, want 20", got)
		}
	}
}

// A document that moves to another Ref is whole after the sync that sees it,
// whichever Ref is read first.
func TestADocumentMovesToAnotherRef(t *testing.T) {
	for _, c := range []struct{ from, to string }{{"box1", "box2"}, {"box2", "box1"}} {
		for _, text := range []string{"the message", "the message, edited"} {
			k := newKB(t, nil)
			s := newShelf(nil)
			s.noURI = true // nothing but the Ref changes
			s.refs[c.from] = map[string]string{"m": "the message", "n": "another"}
			mustSync(t, k, "shelf", s, nil)
			s.refs[c.from] = map[string]string{"n": "another"}
			s.refs[c.to] = map[string]string{"m": text}
			if r := mustSync(t, k, "shelf", s, &SyncOptions{Workers: 1}); r.Deleted != 0 {
				t.Errorf("from %s to %s: %v", c.from, c.to, r)
			}
			whole(t, k)
			if hits := find(t, k, "message"); len(hits) != 1 || hits[0].Chunk.Text != text {
				t.Errorf("from %s to %s: hits %v", c.from, c.to, hits)
			}
			if r := mustSync(t, k, "shelf", s, nil); r.Unchanged != 2 || r.Writes != 0 {
				t.Errorf("once more: %v", r)
			}
		}
	}
}

func TestTheSameIDTwice(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(nil)
	s.refs["a"] = map[string]string{"same": "one text"}
	s.refs["b"] = map[string]string{"same": "two text"}
	r := mustSync(t, k, "shelf", s, nil)
	if r.Added != 1 || len(r.Failed) != 1 || !errors.Is(r.Err(), loaders.ErrInvalid) {
		t.Errorf("%v: %v", r, r.Err())
	}
}

func TestSettingsCutAgain(t *testing.T) {
	e := newCountingEmbedder()
	k := newKB(t, &Options{Embedder: e, Chunker: smallChunks(t)})
	s := newShelf(map[string]string{"a": paragraphs("a", 4)})
	mustSync(t, k, "shelf", s, nil)
	texts := e.texts.Load()
	big, err := chunk.New(&chunk.Options{Size: 170})
	if err != nil {
		t.Fatal(err)
	}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{Chunker: big}); r.Changed != 1 || e.texts.Load() == texts {
		t.Errorf("another chunker: %v", r)
	}
	mask := Stage{Name: "mask/1", Apply: func(_ context.Context, d *Document) error {
		d.Text = strings.ReplaceAll(d.Text, "topic2", "******")
		return nil
	}}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{Chunker: big, Stages: []Stage{mask}}); r.Changed != 1 {
		t.Errorf("another stage: %v", r)
	}
	if hits := find(t, k, "topic2"); len(hits) > 0 && strings.Contains(hits[0].Chunk.Text, "topic2") {
		t.Error("the masked word is stored")
	}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{Chunker: big, Stages: []Stage{mask}}); r.Unchanged != 1 || r.Writes != 0 {
		t.Errorf("nothing new: %v", r)
	}
	skip := Stage{Name: "skip", Apply: func(context.Context, *Document) error { return fmt.Errorf("draft: %w", loaders.ErrSkipped) }}
	if r := mustSync(t, k, "shelf", s, &SyncOptions{Stages: []Stage{skip}, MaxDelete: 1}); len(r.Skipped) != 1 || r.Deleted != 1 {
		t.Errorf("skipped: %v", r)
	}
	if docs := documents(t, k); len(docs) != 0 {
		t.Errorf("left out, and still there: %v", docs)
	}
	if _, err := k.Sync(t.Context(), "shelf", s, &SyncOptions{Stages: []Stage{{}}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("nameless stage: %v", err)
	}
}

func TestEmbedderErrors(t *testing.T) {
	e := newCountingEmbedder()
	k := newKB(t, &Options{Embedder: e, Chunker: smallChunks(t)})
	s := newShelf(map[string]string{"a": "alpha text", "b": "beta text", "c": "gamma text"})
	e.fail = func(r embed.Request) error {
		if strings.Contains(r.Texts[0], "beta") {
			return fmt.Errorf("%w: 9 tokens", embed.ErrTooLong)
		}
		return nil
	}
	if r := mustSync(t, k, "shelf", s, nil); r.Added != 2 || !errors.Is(r.Err(), embed.ErrTooLong) {
		t.Errorf("%v: %v", r, r.Err())
	}
	s.put("d", "delta text")
	e.fail = func(embed.Request) error { return &embed.RateLimitError{After: time.Second, Err: errors.New("429")} }
	if _, err := k.Sync(t.Context(), "shelf", s, nil); !errors.Is(err, embed.ErrRateLimited) {
		t.Errorf("err = %v", err)
	}
	e.fail = nil
	if r := mustSync(t, k, "shelf", s, nil); r.Added != 2 || r.Unchanged != 2 || r.Err() != nil {
		t.Errorf("resumed: %v", r)
	}
}

func TestALyingChunkerCostsItsDocument(t *testing.T) {
	k := newKB(t, &Options{Chunker: lyingChunker{}})
	r := mustSync(t, k, "shelf", newShelf(map[string]string{"a": "alpha text"}), nil)
	if len(r.Failed) != 1 || !errors.Is(r.Err(), loaders.ErrInvalid) {
		t.Errorf("%v: %v", r, r.Err())
	}
}

type lyingChunker struct{}

func (lyingChunker) Fingerprint() string { return "lying" }

func (lyingChunker) Chunk(context.Context, Document) iter.Seq2[chunk.Piece, error] {
	return func(yield func(chunk.Piece, error) bool) { yield(chunk.Piece{Start: 0, End: 99}, nil) }
}

func TestPlanIsWhatSyncDoes(t *testing.T) {
	e := newCountingEmbedder()
	k := newKB(t, &Options{Embedder: e, Chunker: smallChunks(t)})
	s := newShelf(map[string]string{"a": paragraphs("a", 2), "b": paragraphs("b", 2), "c": paragraphs("c", 2)})
	mustSync(t, k, "shelf", s, nil)
	s.put("a", paragraphs("A", 3))
	s.put("d", paragraphs("d", 2))
	delete(s.refs, "b")
	texts, before := e.texts.Load(), content(t, k.Store())

	p, err := k.Plan(t.Context(), "shelf", s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.texts.Load() != texts || content(t, k.Store()) != before || p.Writes != 0 {
		t.Error("Plan embedded or wrote")
	}
	if fmt.Sprint(p.Add, p.Change, p.Delete) != "[d] [a] [b]" || p.EmbedTokens == 0 {
		t.Errorf("add %v, change %v, delete %v, %d tokens", p.Add, p.Change, p.Delete, p.EmbedTokens)
	}
	r := mustSync(t, k, "shelf", s, nil)
	if p.Added != r.Added || p.Changed != r.Changed || p.Unchanged != r.Unchanged || p.Deleted != r.Deleted || p.Chunks != r.Chunks || p.Embedded != r.Embedded {
		t.Errorf("planned %v\n    did %v", p.Report, r)
	}
	s.refs = nil
	if _, err := k.Plan(t.Context(), "shelf", s, nil); !errors.Is(err, ErrMassDelete) {
		t.Errorf("plan of a mass deletion: %v", err)
	}
}

func TestASourceIsSyncedOnceAtATime(t *testing.T) {
	k := newKB(t, nil)
	inside, leave := make(chan struct{}), make(chan struct{})
	blocking := loaders.LoaderFunc(func(context.Context) iter.Seq2[Document, error] {
		return func(func(Document, error) bool) { close(inside); <-leave }
	})
	done := make(chan error)
	go func() {
		_, err := k.Sync(t.Context(), "s", blocking, nil)
		done <- err
	}()
	<-inside
	if _, err := k.Sync(t.Context(), "s", newShelf(nil), nil); !errors.Is(err, ErrBusy) {
		t.Errorf("the same source: %v", err)
	}
	if _, err := k.Sync(t.Context(), "t", newShelf(nil), nil); err != nil {
		t.Errorf("another source: %v", err)
	}
	if _, err := k.Namespace("n").Sync(t.Context(), "s", newShelf(nil), nil); err != nil {
		t.Errorf("another namespace: %v", err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := k.Sync(t.Context(), "s", newShelf(nil), nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestProgress(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(nil)
	for i := range 30 {
		s.put(fmt.Sprintf("doc%d", i), paragraphs("it", 1))
	}
	s.bad["doc3"] = errors.New("broken")
	var last Progress
	var mu sync.Mutex
	mustSync(t, k, "shelf", s, &SyncOptions{Workers: 4, Progress: func(p Progress) {
		if !mu.TryLock() {
			t.Error("Progress is called twice at a time")
			return
		}
		defer mu.Unlock()
		if p.Listed < last.Listed || p.Done < last.Done || p.Chunks < last.Chunks || p.Done > p.Listed {
			t.Errorf("from %+v to %+v", last, p)
		}
		last = p
	}})
	if last.Listed != 30 || last.Done != 30 || !last.Total || last.Chunks == 0 {
		t.Errorf("at the end: %+v", last)
	}
}

// A Progress function may use the knowledge base.
func TestProgressMayWrite(t *testing.T) {
	k := newKB(t, nil)
	s := newShelf(nil)
	for i := range 600 {
		s.put(fmt.Sprint("doc", i), "text")
	}
	mustSync(t, k, "shelf", s, nil)
	for i := range 600 {
		s.touch[fmt.Sprint("doc", i)]++ // records alone, written by themselves
	}
	mustSync(t, k, "shelf", s, &SyncOptions{Progress: func(p Progress) {
		if p.Done%50 == 0 {
			if err := k.Delete(t.Context(), "no such document"); err != nil {
				t.Error(err)
			}
		}
	}})
}

// TestBackPressure holds the writer, and sees that the loader is not asked for
// more than the workers and the writer can hold.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &hookedDB{DB: storetest.NewReference()}
		db.write = func(ctx context.Context, _ store.Change) error {
			<-ctx.Done()
			return ctx.Err()
		}
		k, err := New(&Options{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		big := strings.Repeat("word ", writeBytes/5+1) // each fills a change
		endless := loaders.LoaderFunc(func(ctx context.Context) iter.Seq2[Document, error] {
			return func(yield func(Document, error) bool) {
				for ctx.Err() == nil {
					asked++
					id := fmt.Sprint("doc", asked)
					if !yield(Document{ID: id, Ref: id, Text: big}, nil) {
						return
					}
				}
				yield(Document{}, ctx.Err())
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := k.Sync(ctx, "s", endless, &SyncOptions{Workers: 3})
			done <- err
		}()
		synctest.Wait() // everybody waits for the store
		if asked == 0 || asked > 6 {
			t.Errorf("the loader was asked for %d documents while the store took none", asked)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	})
}

// TestCancelledSyncResumes cancels a sync after each number of documents, and
// compares what the next one makes of it with a sync in one go.
func TestCancelledSyncResumes(t *testing.T) {
	s := newShelf(nil)
	for i := range 12 {
		s.put(fmt.Sprintf("doc%02d", i), paragraphs(fmt.Sprint("it", i), 1+i%4))
	}
	whole := newKB(t, &Options{Chunker: smallChunks(t)})
	mustSync(t, whole, "shelf", s, nil)
	want := content(t, whole.Store())
	for n := range 12 {
		k := newKB(t, &Options{Chunker: smallChunks(t)})
		ctx, cancel := context.WithCancel(t.Context())
		count := 0
		stop := Stage{Name: "s", Apply: func(context.Context, *Document) error {
			if count++; count > n {
				cancel()
			}
			return nil
		}}
		if _, err := k.Sync(ctx, "shelf", s, &SyncOptions{Stages: []Stage{stop}, Workers: 1}); !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d: %v", n, err)
		}
		mustSync(t, k, "shelf", s, nil)
		if got := content(t, k.Store()); got != want {
			t.Fatalf("after %d: the store differs", n)
		}
	}
}

// TestReadersSeeWholeDocuments asks while a document changes between two
// versions: every answer has all chunks of one of them and none of the other.
func TestReadersSeeWholeDocuments(t *testing.T) {
	k := newKB(t, &Options{Chunker: smallChunks(t)})
	texts := []string{paragraphs("one", 3), paragraphs("two", 7)}
	s := newShelf(map[string]string{"doc": texts[0], "other": "nothing of it"})
	mustSync(t, k, "shelf", s, nil)
	stop, done := make(chan struct{}), make(chan int)
	for range 2 {
		go func() {
			asked := 0
			defer func() { done <- asked }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := k.Retrieve(context.Background(), Question{Text: "paragraph topic", K: 50})
				if err != nil {
					t.Error(err)
					return
				}
				asked++
				count := map[string]int{}
				for _, h := range r.Hits {
					name := strings.Fields(h.Chunk.Text)[3]
					count[name]++
				}
				if len(count) != 1 || count["one"] != 3 && count["two"] != 7 {
					t.Errorf("an answer mixes versions: %v", count)
					return
				}
			}
		}()
	}
	for i := range 60 {
		s.put("doc", texts[(i+1)%2])
		mustSync(t, k, "shelf", s, nil)
	}
	close(stop)
	if n := <-done + <-done; n == 0 {
		t.Error("nobody asked anything")
	}
}

// whole wants every record to vouch for chunks that are there.
func whole(t testing.TB, k *KB) {
	t.Helper()
	if err := storetest.CheckWhole(t.Context(), k.Store()); err != nil {
		t.Error(err)
	}
}

func documents(t testing.TB, k *KB) []Doc {
	t.Helper()
	var out []Doc
	for d, err := range k.Documents(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

func find(t testing.TB, k *KB, text string) []Hit {
	t.Helper()
	r, err := k.Retrieve(t.Context(), Question{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return r.Hits
}
