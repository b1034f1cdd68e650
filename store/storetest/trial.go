package storetest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quarry-go/quarry/internal/probe"
	"github.com/quarry-go/quarry/store"
)

// A rule is one promise of the contract and the test of it.
type rule struct {
	name string
	says string // the promise, in the contract's words
	test func(*trial)
}

// A group is a set of rules about one part of the contract.
type group struct {
	name  string
	rules []rule
}

// kit is one run of all rules over one implementation. Most rules share a DB,
// each in namespaces of its own, since opening one may be dear.
type kit struct {
	h     Harness
	count atomic.Int64 // namespaces given out

	mu    sync.Mutex // a rule that hangs may still run beside the next
	db    store.DB   // nil before the first use, and after a rule hung in it
	space *space     // nil before the first use
}

// space is what the kit's vectors are of. The zero value is for a store
// without vectors.
type space struct {
	name string
	dim  int
}

func newKit(h Harness) (*kit, error) {
	h, err := h.withDefaults()
	return &kit{h: h}, err
}

func (k *kit) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.db != nil {
		_ = k.db.Close() // that Close works is a rule of its own
	}
}

// outcome is what a trial found.
type outcome struct {
	faults  []string
	notes   []string
	skipped string
}

// try tests one rule in a goroutine of its own, so that a call that never
// returns, or panics, is a fault like others.
func (k *kit) try(ctx context.Context, r rule) outcome {
	ctx, cancel := context.WithTimeout(ctx, k.h.Patience)
	defer cancel()
	h := fnv.New64a()
	h.Write([]byte(r.name))
	t := &trial{kit: k, ctx: ctx, rand: rand.New(rand.NewPCG(k.h.Seed, h.Sum64())), name: r.name}
	done := make(chan struct{})
	t.Go(func() { r.test(t) }, func() { close(done) })
	// A store may itself wait for the context: it gets a moment to return.
	timer := time.NewTimer(k.h.Patience + k.h.Patience/10)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		k.mu.Lock()
		k.db = nil
		k.mu.Unlock()
		t.note("goroutines:\n%s", stacks())
		t.Faultf("no return within %v from: %s", k.h.Patience, t.where())
	}
	t.cleanup(done)
	t.mu.Lock()
	defer t.mu.Unlock()
	return outcome{t.Faults(), append([]string(nil), t.notes...), t.Skipped()}
}

func stacks() []byte {
	buf := make([]byte, 1<<16)
	return buf[:runtime.Stack(buf, true)]
}

// A trial is one test of one rule.
type trial struct {
	probe.T
	*kit
	ctx  context.Context
	rand *rand.Rand
	name string

	mu      sync.Mutex
	notes   []string
	step    string
	closers []func()
}

func (t *trial) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// at names what is about to be called, for the report of a hang.
func (t *trial) at(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.step = fmt.Sprintf(format, args...)
}

func (t *trial) where() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.step
}

// later has f called when the trial is over.
func (t *trial) later(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closers = append(t.closers, f)
}

// cleanup calls what later was given, unless the trial hangs: a Close might
// hang with it.
func (t *trial) cleanup(done <-chan struct{}) {
	select {
	case <-done:
	default:
		return
	}
	for _, f := range t.closers {
		f()
	}
}

// open returns a DB of the trial's own.
func (t *trial) open() store.DB {
	t.at("Harness.Open")
	db, err := t.h.Open()
	if err != nil {
		t.Fatalf("Harness.Open: %v", err)
	}
	t.later(func() { _ = db.Close() })
	return db
}

// shared returns the run's DB.
func (t *trial) shared() store.DB {
	t.kit.mu.Lock()
	defer t.kit.mu.Unlock()
	if t.db == nil {
		t.at("Harness.Open")
		db, err := t.h.Open()
		if err != nil {
			t.Fatalf("Harness.Open: %v", err)
		}
		t.db = db
	}
	return t.db
}

// fresh returns a name that no namespace of the run had.
func (t *trial) fresh() string {
	return fmt.Sprintf("%s-%d", t.name, t.count.Add(1))
}

// empty returns a new namespace of the run's DB.
func (t *trial) empty() *shelf { return t.namespace(t.shared(), t.fresh()) }

// namespace returns a handle on a namespace of db, wrapped once as programs
// wrap stores.
func (t *trial) namespace(db store.DB, name string) *shelf {
	t.at("Namespace")
	s, err := db.Namespace(name)
	if err != nil {
		t.Fatalf("Namespace(%q): %v", name, err)
	}
	if s == nil {
		t.Fatalf("Namespace(%q) returned nil and no error", name)
	}
	return &shelf{Store: wrapper{s}, t: t, db: db, name: name}
}

// wrapper is what a program puts around a store to count or to retry. It hides
// optional interfaces from a type assertion; store.As finds them.
type wrapper struct{ store.Store }

func (w wrapper) Unwrap() store.Store { return w.Store }

// A shelf is a namespace under test. Its methods fail the trial on an error
// where the contract has none.
type shelf struct {
	store.Store
	t    *trial
	db   store.DB
	name string
}

// write makes a change, and returns when it is visible.
func (s *shelf) write(c store.Change) store.Changed {
	s.t.at("Write")
	done, err := s.Write(s.t.ctx, c)
	if err != nil {
		s.t.Fatalf("Write of %s: %v", showChange(c), err)
	}
	s.settle()
	return done
}

// settle returns when what was written is visible, and not before the store
// says so where it need not.
func (s *shelf) settle() {
	if s.Info().Features.Visibility != store.Eventual {
		return
	}
	if s.t.h.Settle == nil {
		s.t.Fatalf("Info declares the store Eventual, but Harness.Settle is nil")
	}
	s.t.at("Harness.Settle")
	if err := s.t.h.Settle(s.t.ctx, s.db); err != nil {
		s.t.Fatalf("Harness.Settle: %v", err)
	}
}

func (s *shelf) search(q store.Query) []store.Hit {
	s.t.at("Search")
	hits, err := s.Search(s.t.ctx, q)
	if err != nil {
		s.t.Fatalf("Search for %s: %v", showQuery(q), err)
	}
	return hits
}

func (s *shelf) get(f store.Fields, ids ...string) []store.Chunk {
	s.t.at("Get")
	chunks, err := s.Get(s.t.ctx, ids, f)
	if err != nil {
		s.t.Fatalf("Get of %d ids: %v", len(ids), err)
	}
	return chunks
}

// scan returns chunks in ascending order of ID, whatever the store's own is.
func (s *shelf) scan(q store.ScanQuery) []store.Chunk {
	chunks := s.scanned(q)
	if !s.Info().Features.Ordered {
		slices.SortStableFunc(chunks, func(a, b store.Chunk) int { return strings.Compare(a.ID, b.ID) })
	}
	return chunks
}

// scanned returns chunks as Scan yields them.
func (s *shelf) scanned(q store.ScanQuery) []store.Chunk {
	s.t.at("Scan")
	return collect(s.t, "Scan", s.Scan(s.t.ctx, q))
}

// docs returns records in ascending order of ID, whatever the store's own is.
func (s *shelf) docs(q store.DocQuery) []store.Doc {
	docs := s.documented(q)
	if !s.Info().Features.Ordered {
		slices.SortStableFunc(docs, func(a, b store.Doc) int { return strings.Compare(a.ID, b.ID) })
	}
	return docs
}

// documented returns records as Docs yields them.
func (s *shelf) documented(q store.DocQuery) []store.Doc {
	s.t.at("Docs")
	return collect(s.t, "Docs", s.Docs(s.t.ctx, q))
}

func (t *trial) names(db store.DB) []string {
	t.at("Namespaces")
	return collect(t, "Namespaces", db.Namespaces(t.ctx))
}

func collect[T any](t *trial, what string, seq iter.Seq2[T, error]) []T {
	all, err := drain(seq)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return all
}

// drain returns what a sequence yields and the error that ends it.
func drain[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}

// refused records a fault unless err wraps one of the wanted errors.
func (t *trial) refused(what string, err error, want ...error) {
	for _, w := range want {
		if errors.Is(err, w) {
			return
		}
	}
	if len(want) == 1 {
		t.Faultf("%s: error is %v, want one that wraps %q", what, err, want[0])
		return
	}
	t.Faultf("%s: error is %v, want one that wraps one of %q", what, err, want)
}
