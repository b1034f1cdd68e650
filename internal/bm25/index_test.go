package bm25

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// words gives the words of s as terms.
func words(s string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for w := range strings.FieldsSeq(s) {
			if !yield([]byte(w)) {
				return
			}
		}
	}
}

// An op of a history adds an entry, or deletes one when it has no text.
type op struct {
	seq  uint64
	ord  uint32
	text string
	del  bool
}

// A history is what happens to an index, in order.
type history []op

func (h history) last() uint64 { return h[len(h)-1].seq }

// randomText has words of very different frequency, so that lists are long and short.
func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(12) {
		fmt.Fprintf(&b, "t%d ", int(math.Exp(r.Float64()*5))-1)
	}
	return b.String()
}

// randomHistory has n ops over ordinals that leave gaps and cross pages.
func randomHistory(r *rand.Rand, n int) history {
	var h history
	var live []uint32
	seq, next := uint64(1+r.IntN(3)), uint32(r.IntN(3))
	dying := r.Float64()
	for range n {
		if r.IntN(3) == 0 {
			seq += uint64(1 + r.IntN(2))
		}
		if len(live) > 0 && r.Float64() < dying {
			i := r.IntN(len(live))
			h = append(h, op{seq: seq, ord: live[i], del: true})
			live = slices.Delete(live, i, i+1)
			continue
		}
		text := randomText(r)
		if len(h) > 0 && r.IntN(4) == 0 {
			text = h[r.IntN(len(h))].text // the same score as another
		}
		h = append(h, op{seq: seq, ord: next, text: text})
		live = append(live, next)
		next++
		switch r.IntN(20) {
		case 0:
			next += uint32(r.IntN(3 * pageSize))
		case 1:
			next += uint32(r.IntN(5))
		}
		if r.IntN(40) == 0 {
			dying = r.Float64()
		}
	}
	return h
}

func (o op) apply(t testing.TB, ix *Index) {
	t.Helper()
	var err error
	if o.del {
		err = ix.Delete(o.ord, o.seq)
	} else {
		half := len(o.text) / 2
		half += strings.IndexByte(o.text[half:]+" ", ' ')
		half = min(half, len(o.text))
		err = ix.Add(o.ord, o.seq, words(o.text[:half]), words(o.text[half:]))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// live returns the entries of a snapshot, in order.
func (h history) live(at uint64) []op {
	var live []op
	for _, o := range h {
		if o.seq > at {
			break
		}
		if o.del {
			live = slices.DeleteFunc(live, func(x op) bool { return x.ord == o.ord })
		} else {
			live = append(live, o)
		}
	}
	return live
}

// rebuilt is an index of the entries of a snapshot alone.
func (h history) rebuilt(t testing.TB, at uint64) *Index {
	ix := New()
	for _, o := range h.live(at) {
		o.seq = 1
		o.apply(t, ix)
	}
	return ix
}

// plain is BM25 as the textbook has it, by brute force.
func plain(live []op, q Query) []Hit {
	length := 0
	df := map[string]int{}
	for _, o := range live {
		f := strings.Fields(o.text)
		length += len(f)
		slices.Sort(f)
		for _, w := range slices.Compact(f) {
			df[w]++
		}
	}
	n := float64(len(live))
	average := float64(length) / n
	var hits []Hit
	for _, o := range live {
		f := strings.Fields(o.text)
		score := 0.0
		for w := range q.Terms {
			tf := 0.0
			for _, x := range f {
				if x == string(w) {
					tf++
				}
			}
			idf := math.Log(1 + (n-float64(df[string(w)])+.5)/(float64(df[string(w)])+.5))
			score += idf * tf / (tf + 1.2*(1-.75+.75*float64(len(f))/average))
		}
		if score > 0 && (q.Filter == nil || q.Filter(o.ord)) {
			hits = append(hits, Hit{o.ord, score})
		}
	}
	best := top{k: len(hits) + 1, tie: q.Tie}
	for _, h := range hits {
		best.offer(h)
	}
	return best.sorted()
}

func search(t testing.TB, ix *Index, q Query) []Hit {
	t.Helper()
	hits, err := ix.Search(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func randomQuery(r *rand.Rand, at uint64) Query {
	text := strings.Fields(randomText(r) + randomText(r))
	terms := func(yield func([]byte) bool) {
		r.Shuffle(len(text), func(i, j int) { text[i], text[j] = text[j], text[i] }) // scores must not depend on it
		words(strings.Join(text, " "))(yield)
	}
	q := Query{Terms: terms, K: 1 + r.IntN(20), At: at}
	if r.IntN(4) == 0 {
		q.K = 1000
	}
	if r.IntN(3) == 0 {
		m := uint32(2 + r.IntN(3))
		q.Filter = func(ord uint32) bool { return ord%m == 0 }
	}
	if r.IntN(2) == 0 {
		q.Tie = func(a, b uint32) int { return int(b) - int(a) }
	}
	return q
}

// closeTo reports whether two rankings agree but for rounding, which may swap neighbours.
func closeTo(got, want []Hit) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if math.Abs(got[i].Score-want[i].Score) > 1e-9 {
			return false
		}
	}
	return true
}

func long() bool { return os.Getenv("QUARRY_LONG") != "" }

// TestHistories is the promise of the package: at every snapshot of any history, a search gives what an index built
// from the entries of the snapshot gives, to the bit.
func TestHistories(t *testing.T) {
	rounds, ops := 60, 300
	if long() {
		rounds, ops = 500, 2000
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 1))
		h := randomHistory(r, 1+r.IntN(ops))
		ix, oldest := New(), uint64(0)
		for i, o := range h {
			o.apply(t, ix)
			if i+1 < len(h) && h[i+1].seq == o.seq { // not published yet
				continue
			}
			switch r.IntN(20) {
			case 0:
				oldest += uint64(r.IntN(int(o.seq-oldest) + 1))
				ix.Purge(oldest)
				ix.Purge(oldest - min(oldest, 3)) // gives up nothing more, brings nothing back
			case 1:
				oldest += uint64(r.IntN(int(o.seq-oldest) + 1))
				ix.purge(ix.giveUp(oldest))
			case 2, 3, 4:
				checkSnapshot(t, r, h, ix, oldest+uint64(r.IntN(int(o.seq-oldest)+2)))
			}
			if t.Failed() {
				t.Fatalf("in round %d", round)
			}
		}
		checkSnapshot(t, r, h, ix, h.last())
		if _, err := ix.Stats(oldest - 1); oldest > 0 && !errors.Is(err, ErrPurged) {
			t.Fatalf("statistics of a snapshot given up: %v", err)
		}
	}
}

func checkSnapshot(t *testing.T, r *rand.Rand, h history, ix *Index, at uint64) {
	t.Helper()
	// The snapshot after the last op so far is the same as that of the last op.
	fresh := h.rebuilt(t, min(at, ix.last().seq))
	got, err := ix.Stats(at)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := fresh.Stats(1); got != want {
		t.Errorf("at %d: statistics %+v, want %+v", at, got, want)
	}
	for range 4 {
		q := randomQuery(r, at)
		k, got := q.K, search(t, ix, q)
		q.At = 1
		if want := search(t, fresh, q); !slices.Equal(got, want) {
			t.Errorf("at %d: %v, want %v", at, got, want)
		}
		q.K, q.At = math.MaxInt, at
		if all := search(t, ix, q); !slices.Equal(got, all[:len(got)]) {
			t.Errorf("at %d: the best %v are not the first of %v", at, got, all)
		}
		want := plain(h.live(min(at, ix.last().seq)), q)
		if !closeTo(got, want[:min(k, len(want))]) {
			t.Errorf("at %d: %v, want about %v", at, got, want)
		}
	}
}

// TestConcurrentSearch has readers check snapshots while a writer adds, deletes and purges.
func TestConcurrentSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	h := randomHistory(r, 2000)
	queries := make([]Query, 8)
	for i := range queries {
		queries[i] = randomQuery(r, 0)
		queries[i].Terms = words(randomText(r) + randomText(r)) // the other shares its source of chance
	}
	want := map[uint64][][]Hit{}
	for at := range h.last() + 1 {
		if at%8 != 0 {
			continue
		}
		fresh := h.rebuilt(t, at)
		for _, q := range queries {
			q.At = 1
			want[at] = append(want[at], search(t, fresh, q))
		}
	}
	ix := New()
	var published, oldest atomic.Uint64
	var done atomic.Bool
	var readers sync.WaitGroup
	for n := range 3 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 9))
			for checked := 0; !done.Load() || checked == 0; {
				low, high := oldest.Load()/8, published.Load()/8
				at := 8 * (low + r.Uint64N(high-low+1))
				i := r.IntN(len(queries))
				q := queries[i]
				q.At = at
				hits, err := ix.Search(context.Background(), q)
				if errors.Is(err, ErrPurged) && at < oldest.Load() {
					continue
				}
				if err != nil || !slices.Equal(hits, want[at][i]) {
					t.Errorf("at %d: %v %v, want %v", at, hits, err, want[at][i])
					return
				}
				checked++
			}
		})
	}
	for i, o := range h {
		o.apply(t, ix)
		if i+1 < len(h) && h[i+1].seq == o.seq {
			continue
		}
		published.Store(o.seq)
		if i%50 == 0 {
			oldest.Store(max(o.seq, 20) - 20)
			ix.Purge(oldest.Load())
		}
	}
	done.Store(true)
	readers.Wait()
}

// TestWritesDuringSearch changes everything in the middle of a search, from its own filter.
func TestWritesDuringSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	h := randomHistory(r, 400)
	at := h.last()
	q := Query{Terms: words("t0 t1 t2 t3 t5"), K: 1000, At: at}
	want := search(t, h.rebuilt(t, at), Query{Terms: q.Terms, K: q.K, At: 1})
	ix := New()
	for _, o := range h {
		o.apply(t, ix)
	}
	calls := 0
	q.Filter = func(uint32) bool {
		if calls++; calls == 3 {
			for _, o := range h.live(at) {
				op{seq: at + 1, ord: o.ord, del: true}.apply(t, ix)
			}
			limit := ix.last().limit
			for i := range uint32(5000) {
				op{seq: at + 2, ord: limit + i, text: "t0 t1 t2 t3"}.apply(t, ix)
			}
			ix.purge(ix.giveUp(at + 2))
		}
		return true
	}
	if got := search(t, ix, q); !slices.Equal(got, want) || calls < 3 {
		t.Errorf("%v after %d calls of the filter, want %v", got, calls, want)
	}
}

// TestPanicInFilter proves that a search left by a panic leaves no scores behind for the next.
func TestPanicInFilter(t *testing.T) {
	ix := New()
	for i := range uint32(50) {
		op{seq: 1, ord: i, text: "a"}.apply(t, ix)
	}
	q := Query{Terms: words("a"), K: 50, At: 1}
	want := search(t, ix, q)
	func() {
		defer func() { _ = recover() }()
		q.Filter = func(uint32) bool { panic("filter") }
		search(t, ix, q)
	}()
	q.Filter = nil
	if got := search(t, ix, q); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestRefusals(t *testing.T) {
	ix := New()
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"sequence number 0", ix.Add(0, 0, words("a")), ErrOrder},
		{"first", ix.Add(5, 2, words("a b")), nil},
		{"the same ordinal", ix.Add(5, 2, words("a")), ErrOrder},
		{"a lower ordinal", ix.Add(4, 2, words("a")), ErrOrder},
		{"an earlier sequence number", ix.Add(6, 1, words("a")), ErrOrder},
		{"the last ordinal", ix.Add(math.MaxUint32, 2, words("a")), ErrOrder},
		{"deletion of a later one", ix.Delete(6, 2), ErrUnknown},
		{"deletion on a later page", ix.Delete(1<<20, 2), ErrUnknown},
		{"deletion of one left out", ix.Delete(4, 2), ErrUnknown},
		{"deletion in the past", ix.Delete(5, 1), ErrOrder},
		{"deletion", ix.Delete(5, 3), nil},
		{"deletion again", ix.Delete(5, 4), ErrUnknown},
		{"no terms", ix.Add(7, 4), nil},
		{"far away", ix.Add(math.MaxUint32-1, 5, words("far")), nil},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	if s, err := ix.Stats(4); err != nil || s != (Stats{Entries: 1}) {
		t.Errorf("%+v %v after all", s, err)
	}
	for _, q := range []Query{
		{K: 3, At: 2},
		{Terms: words("a"), K: 0, At: 2},
		{Terms: words("a"), K: -1, At: 2},
		{Terms: words("a"), K: 3, At: 0},
		{Terms: words("a"), K: 3, At: 9},
		{Terms: words("nowhere"), K: 3, At: 2},
		{Terms: words(""), K: 3, At: 2},
	} {
		if hits := search(t, ix, q); len(hits) > 0 {
			t.Errorf("K %d at %d gives %v", q.K, q.At, hits)
		}
	}
	if hits := search(t, ix, Query{Terms: words("far"), K: 1, At: 5}); len(hits) != 1 || hits[0].Ord != math.MaxUint32-1 {
		t.Errorf("far away: %v", hits)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ix.Search(ctx, Query{Terms: words("a"), K: 1, At: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestPurgeFrees proves that what is deleted leaves nothing behind in lists, terms and pages.
func TestPurgeFrees(t *testing.T) {
	ix := New()
	seq := uint64(0)
	for range 5 {
		for i := range uint32(3 * pageSize) {
			seq++
			op{seq: seq, ord: ix.last().limit, text: fmt.Sprintf("all u%d", i)}.apply(t, ix)
		}
		first := ix.last().limit - 3*pageSize
		for i := range uint32(3 * pageSize) {
			seq++
			op{seq: seq, ord: first + i, del: true}.apply(t, ix)
		}
		if !ix.Purge(seq) {
			t.Fatal("nothing was purged")
		}
		pages := 0
		for _, p := range ix.pages {
			if p != nil {
				pages++
			}
		}
		if len(ix.terms) > 0 || len(ix.states) > 1 || pages > 1 {
			t.Fatalf("%d terms, %d states, %d pages are left", len(ix.terms), len(ix.states), pages)
		}
	}
	if ix.Purge(seq) {
		t.Error("purged again")
	}
	for range 10 {
		op{seq: seq, ord: ix.last().limit, text: "one"}.apply(t, ix)
	}
	if len(ix.states) != 1 {
		t.Errorf("%d states of one sequence number", len(ix.states))
	}
}

// TestFewDeadStay proves that a purge waits until it is worth its cost.
func TestFewDeadStay(t *testing.T) {
	ix := New()
	for i := range uint32(100) {
		op{seq: 1, ord: i, text: "a"}.apply(t, ix)
	}
	for i := range uint32(25) {
		op{seq: 2, ord: i, del: true}.apply(t, ix)
		if got, want := ix.Purge(2), i == 24; got != want {
			t.Fatalf("purged %v with %d of 100 dead", got, i+1)
		}
	}
	if n := len(ix.terms["a"].posts); n != 75 {
		t.Errorf("%d postings, want 75", n)
	}
}
