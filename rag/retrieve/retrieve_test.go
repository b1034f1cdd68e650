package retrieve_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// recorder is a store that notes what it is asked, and may answer otherwise.
type recorder struct {
	store.Store
	mu      sync.Mutex
	queries []store.Query
	gets    [][]string
	get     func(ids []string) // called before each Get
	fail    func(q store.Query) error
	info    func(*store.Info)
}

func (s *recorder) Search(ctx context.Context, q store.Query) ([]store.Hit, error) {
	s.mu.Lock()
	s.queries = append(s.queries, q)
	s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(q); err != nil {
			return nil, err
		}
	}
	return s.Store.Search(ctx, q)
}

func (s *recorder) Get(ctx context.Context, ids []string, f store.Fields) ([]store.Chunk, error) {
	s.mu.Lock()
	s.gets = append(s.gets, ids)
	s.mu.Unlock()
	if s.get != nil {
		s.get(ids)
	}
	return s.Store.Get(ctx, ids, f)
}

func (s *recorder) Info() store.Info {
	info := s.Store.Info()
	if s.info != nil {
		s.info(&info)
	}
	return info
}

const dim = 32

var vocabulary = strings.Fields("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda sigma")

func sentence(r *rand.Rand, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = vocabulary[r.IntN(len(vocabulary))]
	}
	return strings.Join(words, " ")
}

// filled returns a store of n random chunks, and the chunks by ID.
func filled(t testing.TB, r *rand.Rand, n int) (*recorder, map[string]store.Chunk) {
	t.Helper()
	s, err := storetest.NewReference().Namespace("n")
	if err != nil {
		t.Fatal(err)
	}
	e := embedtest.Words(dim)
	change := store.Change{Space: e.Model().Space()}
	for i := range n {
		text := sentence(r, 1+r.IntN(6))
		resp, err := e.Embed(t.Context(), embed.Request{Texts: []string{text}})
		if err != nil {
			t.Fatal(err)
		}
		c := store.Chunk{
			ID: fmt.Sprintf("c%03d", i), DocID: fmt.Sprintf("d%d", i%7), Source: "s", Ordinal: i / 7, Text: text, End: len(text), Vector: resp.Vectors[0],
			Meta: map[string]any{"n": int64(i % 5)},
		}
		if i%3 == 0 {
			c.Origin.Principals = []string{"staff"}
		}
		change.Upsert = append(change.Upsert, c)
	}
	if _, err := s.Write(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	chunks := map[string]store.Chunk{}
	for _, c := range change.Upsert {
		chunks[c.ID] = c
	}
	return &recorder{Store: s}, chunks
}

func retrievers(s store.Store) map[string]retrieve.Retriever {
	e := embedtest.Words(dim)
	return map[string]retrieve.Retriever{
		"text":   retrieve.Text(s),
		"vector": retrieve.Vector(s, e),
		"hybrid": retrieve.Hybrid(s, e, nil),
		"convex": retrieve.Hybrid(s, e, &retrieve.FuseOptions{Method: retrieve.Convex, Weights: []float64{.3, .7}, Depth: 3}),
		"rrf":    retrieve.Hybrid(s, e, &retrieve.FuseOptions{Method: retrieve.RRF}),
		"nested": retrieve.Fuse(nil, retrieve.Hybrid(s, e, nil), retrieve.Func(retrieve.Text(s).Retrieve)),
	}
}

// The question's filter, principals and K reach every search, and what comes
// back keeps them.
func TestQuestionSurvives(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		s, chunks := filled(t, r, 1+r.IntN(150))
		q := retrieve.Question{Text: sentence(r, 1+r.IntN(3)), K: r.IntN(30)}
		if r.IntN(2) == 0 {
			q.Filter = store.Lt("n", r.IntN(5))
		}
		q.Principals = [][]string{nil, {"staff"}, {"guest"}}[r.IntN(3)]
		for name, retriever := range retrievers(s) {
			s.queries, s.gets = nil, nil
			before := fmt.Sprintf("%+v", q)
			res, err := retriever.Retrieve(t.Context(), q)
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, name, err)
			}
			if after := fmt.Sprintf("%+v", q); after != before {
				t.Fatalf("seed %d, %s: the question was changed to %s", seed, name, after)
			}
			for _, asked := range s.queries {
				if !reflect.DeepEqual(asked.Filter, q.Scope()) {
					t.Fatalf("seed %d, %s: searched with filter %v, want %v", seed, name, asked.Filter, q.Scope())
				}
				if asked.K < q.Want() {
					t.Fatalf("seed %d, %s: searched for %d, want at least %d", seed, name, asked.K, q.Want())
				}
			}
			if len(res.Hits) > q.Want() {
				t.Fatalf("seed %d, %s: %d hits of %d", seed, name, len(res.Hits), q.Want())
			}
			if name != "text" { // a vector is near anything
				eligible := 0
				for _, c := range chunks {
					if store.Match(q.Scope(), &c) {
						eligible++
					}
				}
				if want := min(eligible, q.Want()); len(res.Hits) < want {
					t.Fatalf("seed %d, %s: %d hits, want %d", seed, name, len(res.Hits), want)
				}
			}
			seen := map[string]bool{}
			for i, h := range res.Hits {
				if seen[h.Chunk.ID] {
					t.Fatalf("seed %d, %s: %s twice", seed, name, h.Chunk.ID)
				}
				seen[h.Chunk.ID] = true
				if !store.Match(q.Scope(), &h.Chunk) {
					t.Fatalf("seed %d, %s: %s does not pass the scope", seed, name, h.Chunk.ID)
				}
				c := chunks[h.Chunk.ID]
				if want := c.Select(store.FieldsRead); !reflect.DeepEqual(h.Chunk, want) {
					t.Fatalf("seed %d, %s: hit holds %+v, want %+v", seed, name, h.Chunk, want)
				}
				if len(h.Ranks) == 0 {
					t.Fatalf("seed %d, %s: no rank", seed, name)
				}
				if i > 0 && (h.Score > res.Hits[i-1].Score || h.Score == res.Hits[i-1].Score && h.Chunk.ID < res.Hits[i-1].Chunk.ID) {
					t.Fatalf("seed %d, %s: hit %d out of order", seed, name, i)
				}
			}
			if len(res.Trace) == 0 {
				t.Fatalf("seed %d, %s: no trace", seed, name)
			}
		}
	}
}

// A fusion reads the passages that it returns, in one call, and no others.
func TestFusionReadsOnlyWhatItReturns(t *testing.T) {
	s, _ := filled(t, rand.New(rand.NewPCG(1, 1)), 120)
	res, err := retrieve.Hybrid(s, embedtest.Words(dim), nil).Retrieve(t.Context(), retrieve.Question{Text: "alpha beta", K: 7})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range s.queries {
		if q.Fields != store.FieldsNone || q.K != retrieve.DefaultDepth {
			t.Errorf("searched with fields %b and K %d", q.Fields, q.K)
		}
	}
	if len(s.queries) != 2 || len(s.gets) != 1 || len(s.gets[0]) != 7 || len(res.Hits) != 7 {
		t.Errorf("%d searches, read %v, %d hits", len(s.queries), s.gets, len(res.Hits))
	}
	var names []string
	for _, step := range res.Trace {
		names = append(names, step.Name)
	}
	slices.Sort(names)
	if want := []string{"embed", "fill", "fuse", "text", "vector"}; !slices.Equal(names, want) {
		t.Errorf("steps %v, want %v", names, want)
	}
	if res.Usage.EmbedTokens != 2 {
		t.Errorf("usage %+v", res.Usage)
	}
}

// Chunks that vanish or become secret between ranking and reading are left
// out, and the next take their places.
func TestChunksThatChangeMeanwhile(t *testing.T) {
	s, chunks := filled(t, rand.New(rand.NewPCG(2, 2)), 60)
	gone := map[string]bool{}
	s.get = func(ids []string) {
		if len(gone) > 0 {
			return
		}
		secret := chunks[ids[1]]
		secret.Origin.Principals = []string{"board"}
		gone[ids[0]], gone[ids[1]] = true, true
		if _, err := s.Write(context.Background(), store.Change{
			Delete: store.IDs(ids[0]), Upsert: []store.Chunk{secret}, Space: embedtest.Words(dim).Model().Space(),
		}); err != nil {
			t.Error(err)
		}
	}
	res, err := retrieve.Hybrid(s, embedtest.Words(dim), nil).Retrieve(t.Context(), retrieve.Question{Text: "alpha", K: 9, Principals: []string{"staff"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range res.Hits {
		if gone[h.Chunk.ID] {
			t.Errorf("%s was found", h.Chunk.ID)
		}
	}
	if len(res.Hits) != 9 || len(gone) != 2 {
		t.Errorf("%d hits", len(res.Hits))
	}
}

func TestPartialFailure(t *testing.T) {
	s, _ := filled(t, rand.New(rand.NewPCG(3, 3)), 40)
	down := errors.New("down")
	e := embedtest.Words(dim)
	hybrid := retrieve.Hybrid(s, e, nil)
	q := retrieve.Question{Text: "alpha"}

	e.Before = func(context.Context, embed.Request) error {
		return fmt.Errorf("%w: %w", embed.ErrUnavailable, context.DeadlineExceeded)
	}
	res, err := hybrid.Retrieve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := retrieve.Text(s).Retrieve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Partial) != 1 || !errors.Is(res.Partial[0], embed.ErrUnavailable) || len(res.Hits) != len(alone.Hits) {
		t.Errorf("without an embedder: %d hits, partial %v", len(res.Hits), res.Partial)
	}

	s.fail = func(q store.Query) error {
		if q.Text != "" {
			return down
		}
		return nil
	}
	if _, err := hybrid.Retrieve(t.Context(), q); !errors.Is(err, down) || !errors.Is(err, embed.ErrUnavailable) {
		t.Errorf("with nothing left: %v", err)
	}
	e.Before = nil
	res, err = hybrid.Retrieve(t.Context(), q)
	if err != nil || len(res.Hits) != retrieve.DefaultK || len(res.Partial) != 1 || !errors.Is(res.Partial[0], down) {
		t.Errorf("without words: %v, %+v", err, res)
	}

	// What is left counts, even if its weight is 0.
	res, err = retrieve.Hybrid(s, e, &retrieve.FuseOptions{Weights: []float64{1, 0}}).Retrieve(t.Context(), q)
	if err != nil || res.Hits[0].Score <= res.Hits[len(res.Hits)-1].Score {
		t.Errorf("with weights 1 and 0: %v, %+v", err, res)
	}

	ctx, cancel := context.WithCancel(t.Context())
	e.Before = func(context.Context, embed.Request) error { cancel(); return ctx.Err() }
	s.fail = nil
	if _, err := hybrid.Retrieve(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRefusesWhatCannotBeAsked(t *testing.T) {
	s, _ := filled(t, rand.New(rand.NewPCG(4, 4)), 5)
	for name, retriever := range retrievers(s) {
		for _, c := range []struct {
			q    retrieve.Question
			want error
		}{
			{retrieve.Question{}, store.ErrInvalid},
			{retrieve.Question{Text: "a", K: -1}, store.ErrInvalid},
			{retrieve.Question{Text: "a\xff"}, store.ErrInvalid},
			{retrieve.Question{Text: "a", Filter: store.Eq("no key", 1)}, store.ErrFilter},
			{retrieve.Question{Text: "a", Like: []string{"c001"}}, errors.ErrUnsupported},
			{retrieve.Question{Text: "a", Unlike: []string{"c001"}}, errors.ErrUnsupported},
		} {
			s.queries = nil
			if _, err := retriever.Retrieve(t.Context(), c.q); !errors.Is(err, c.want) || len(s.queries) > 0 {
				t.Errorf("%s: %+v: error %v after %d searches, want %v", name, c.q, err, len(s.queries), c.want)
			}
		}
	}
	for _, f := range []retrieve.Retriever{
		retrieve.Fuse(nil),
		retrieve.Fuse(&retrieve.FuseOptions{Weights: []float64{1}}, retrieve.Text(s), retrieve.Text(s)),
		retrieve.Fuse(&retrieve.FuseOptions{Weights: []float64{0}}, retrieve.Text(s)),
		retrieve.Fuse(&retrieve.FuseOptions{Weights: []float64{-1}}, retrieve.Text(s)),
		retrieve.Fuse(&retrieve.FuseOptions{Depth: -1}, retrieve.Text(s)),
		retrieve.Fuse(&retrieve.FuseOptions{Method: "best"}, retrieve.Text(s)),
	} {
		if _, err := f.Retrieve(t.Context(), retrieve.Question{Text: "a"}); !errors.Is(err, retrieve.ErrOptions) {
			t.Errorf("error %v, want ErrOptions", err)
		}
	}
}

func TestNotes(t *testing.T) {
	s, _ := filled(t, rand.New(rand.NewPCG(5, 5)), 30)
	notes := func(r retrieve.Retriever, text string) (string, int) {
		res, err := r.Retrieve(t.Context(), retrieve.Question{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, step := range res.Trace {
			b.WriteString(step.Note)
		}
		return b.String(), len(res.Hits)
	}
	if note, n := notes(retrieve.Hybrid(s, nil, nil), "nothing of it"); note != "no passage in scope has a word of the question" || n != 0 {
		t.Errorf("unknown words: note %q, %d hits", note, n)
	}
	if note, n := notes(retrieve.Hybrid(s, embedtest.Words(dim), nil), "nothing of it"); note == "" || n != retrieve.DefaultK {
		t.Errorf("unknown words, with vectors: note %q, %d hits", note, n)
	}
	s.info = func(i *store.Info) { i.Features.Lexical = false }
	if note, n := notes(retrieve.Hybrid(s, embedtest.Words(dim), nil), "alpha"); note != "the store does not search words" || n != retrieve.DefaultK {
		t.Errorf("no lexical search: note %q, %d hits", note, n)
	}
}

func TestDepthStaysWithinTheStoresLimit(t *testing.T) {
	s, _ := filled(t, rand.New(rand.NewPCG(6, 6)), 30)
	s.info = func(i *store.Info) { i.Limits.K = 20 }
	if _, err := retrieve.Hybrid(s, embedtest.Words(dim), nil).Retrieve(t.Context(), retrieve.Question{Text: "alpha"}); err != nil {
		t.Fatal(err)
	}
	for _, q := range s.queries {
		if q.K != 20 {
			t.Errorf("K %d, want 20", q.K)
		}
	}
}

// Each of two retrievers waits for the other: one after the other they would
// wait for ever, which synctest reports.
func TestFusionRunsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := make(chan int), make(chan int)
		meet := func(mine, other chan int) retrieve.Retriever {
			return retrieve.Func(func(context.Context, retrieve.Question) (*retrieve.Result, error) {
				close(mine)
				<-other
				return &retrieve.Result{}, nil
			})
		}
		if _, err := retrieve.Fuse(nil, meet(a, b), meet(b, a)).Retrieve(t.Context(), retrieve.Question{Text: "a"}); err != nil {
			t.Error(err)
		}
	})
}
