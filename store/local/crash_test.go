package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/crashtest"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/storetest"
)

const testDim = 3

// A step is a change of one namespace, or its end.
type step struct {
	name   string
	drop   bool
	change store.Change
}

// names of the namespaces of tests.
var names = []string{"a", "b", "ç"}

// randomStep returns a step that is likely to meet what other steps wrote.
func randomStep(rng *rand.Rand) step {
	s := step{name: names[min(rng.IntN(5), 2)]}
	if rng.IntN(25) == 0 {
		s.drop = true
		return s
	}
	if rng.IntN(8) > 0 {
		s.change.Upsert = storetest.RandomChunks(rng, 1+rng.IntN(6), testDim)
		s.change.Space = "space"
		s.change.Docs = storetest.RecordsOf(s.change.Upsert)
	} else {
		s.change.Docs = []store.Doc{{ID: fmt.Sprint("empty", rng.IntN(3)), Source: "wiki", Version: fmt.Sprint(rng.Uint32())}}
	}
	switch rng.IntN(9) {
	case 0:
		s.change.Delete = store.All()
	case 1, 2:
		s.change.Delete = store.Docs(fmt.Sprint("doc", rng.IntN(4)), "Doc1", "empty0")
	case 3:
		s.change.Delete = store.Sources("wiki")
	case 4:
		s.change.Delete = store.IDs(fmt.Sprintf("doc%d#0", rng.IntN(4)), "Doc0#1")
	case 5:
		s.change.Delete = storetest.RandomFilter(rng)
	case 6:
		s.change.Delete = store.And(store.Sources("handbook"), store.Ordinals(0, 0))
	}
	return s
}

// A program works with a store as others do: it writes, alone and in groups,
// closes and opens again. Its logs are so small that they are changed and
// rewritten all the time.
type program struct {
	*crashtest.Trial[step]
	sabotage sabotage
	db       *DB
}

func (p *program) options() *Options {
	return &Options{LogBytes: 2000, fs: p.FS, recordBytes: 1500, sabotage: p.sabotage}
}

func (p *program) open() (err error) {
	p.db, err = Open("", p.options())
	return err
}

// write commits steps as one group or several, and notes each outcome when it
// is acknowledged.
func (p *program) write(steps ...step) error {
	var errs []error
	var requests []*request
	for _, s := range steps {
		r := &request{ctx: context.Background(), entry: record.Entry{Namespace: s.name, Drop: true}}
		if !s.drop {
			var err error
			if r, err = (&namespace{db: p.db, name: s.name}).request(r.ctx, &s.change); err != nil {
				return err
			}
		}
		event := p.Begin(s)
		r.done = func() {
			outcome := crashtest.Applied
			switch {
			case errors.Is(r.err, store.ErrReadOnly):
				outcome = crashtest.Unknown
			case r.err != nil:
				outcome = crashtest.Refused
			}
			p.End(event, outcome)
			errs = append(errs, r.err)
		}
		requests = append(requests, r)
	}
	p.db.commit(requests)
	p.db.maintain()
	return errors.Join(append(errs, p.db.Stats().Upkeep)...)
}

// steps works, and goes on after a failure as far as the store does.
func (p *program) steps(n int) (failed error) {
	for range n {
		var err error
		switch p.Rand.IntN(10) {
		case 0:
			if err = p.reopen(); err != nil {
				return errors.Join(failed, err)
			}
		case 1, 2:
			steps := make([]step, 2+p.Rand.IntN(3))
			for i := range steps {
				steps[i] = randomStep(p.Rand)
			}
			err = p.write(steps...)
		default:
			err = p.write(randomStep(p.Rand))
		}
		failed = errors.Join(failed, err)
		if p.db.writable() != nil {
			if err := p.reopen(); err != nil {
				return errors.Join(failed, err)
			}
		}
	}
	return failed
}

func (p *program) reopen() error {
	err := p.db.Close()
	p.db = nil
	if err != nil {
		return err
	}
	return p.recover()
}

// recover opens the store and compares what it holds with the history.
func (p *program) recover() error {
	if err := p.open(); err != nil {
		return err
	}
	if err := p.compare(); err != nil {
		return err
	}
	_, err := p.db.check(context.Background())
	return err
}

// compare finds out which changes the store holds, settles those that were
// unknown, and compares its state with that of a plain store that was given
// the same changes.
func (p *program) compare() error {
	held := int(p.db.Stats().Changes)
	model := storetest.NewReference()
	exist := map[string]bool{}
	for i, e := range p.Events() {
		if e.Outcome == crashtest.Refused {
			continue
		}
		if held == 0 {
			if e.Outcome == crashtest.Applied {
				return fmt.Errorf("change %d was acknowledged, and is not there", i)
			}
			p.End(i, crashtest.Refused)
			continue
		}
		held--
		p.End(i, crashtest.Applied)
		exist[e.Value.name] = !e.Value.drop
		if err := do(model, e.Value); err != nil {
			return err
		}
	}
	if held != 0 {
		return fmt.Errorf("%d changes are there that were never made", held)
	}
	maps.DeleteFunc(exist, func(_ string, is bool) bool { return !is })
	there, err := collect(p.db.Namespaces(context.Background()))
	if want := slices.Sorted(maps.Keys(exist)); err != nil || !slices.Equal(there, want) {
		return fmt.Errorf("namespaces %q, want %q (%v)", there, want, err)
	}
	return same(p.db, model)
}

// do makes a step in any store.
func do(db store.DB, s step) error {
	if s.drop {
		return db.Drop(context.Background(), s.name)
	}
	n, err := db.Namespace(s.name)
	if err == nil {
		_, err = n.Write(context.Background(), s.change)
	}
	return err
}

func collect[T any](seq iter.Seq2[T, error]) (list []T, err error) {
	for v, err := range seq {
		if err != nil {
			return list, err
		}
		list = append(list, v)
	}
	return list, nil
}

// same compares the namespaces of a store with those of a model: content, and
// what searches find.
func same(db *DB, model store.DB) error {
	for _, name := range names {
		if err := sameStore(&namespace{db: db, name: name}, must(model.Namespace(name))); err != nil {
			return fmt.Errorf("namespace %q: %w", name, err)
		}
	}
	return nil
}

func sameStore(got, want store.Store) error {
	a, err := read(got)
	if err != nil {
		return err
	}
	b, err := read(want)
	if err != nil {
		return err
	}
	if !slices.Equal(record.AppendBody(nil, &a), record.AppendBody(nil, &b)) {
		return fmt.Errorf("%d chunks and %d documents, want %d and %d, or they differ", len(a.Upsert), len(a.Docs), len(b.Upsert), len(b.Docs))
	}
	return answers(got, a)
}

// read returns all that a store holds.
func read(s store.Store) (b record.Body, err error) {
	ctx := context.Background()
	b.Dim = testDim
	if b.Upsert, err = collect(s.Scan(ctx, store.ScanQuery{Fields: store.FieldsAll})); err == nil {
		b.Docs, err = collect(s.Docs(ctx, store.DocQuery{}))
	}
	return b, err
}

// answers compares what searches find in n, scores bit for bit, with what they
// find in a new store that was given what n holds in another order.
func answers(n store.Store, holds record.Body) error {
	ctx := context.Background()
	fresh := Memory(nil)
	defer fresh.Close()
	m := must(fresh.Namespace("x"))
	slices.Reverse(holds.Upsert)
	if _, err := m.Write(ctx, store.Change{Upsert: holds.Upsert, Docs: holds.Docs, Space: "space"}); err != nil {
		return err
	}
	for _, q := range queries {
		got, err := n.Search(ctx, q)
		if err != nil {
			return err
		}
		want, err := m.Search(ctx, q)
		if err != nil {
			return err
		}
		differ := func(a, b store.Hit) int {
			return cmp.Or(cmp.Compare(a.Chunk.ID, b.Chunk.ID), cmp.Compare(a.Score, b.Score))
		}
		if slices.CompareFunc(got, want, differ) != 0 {
			return fmt.Errorf("%v finds %v, want %v", q, got, want)
		}
	}
	return nil
}

var queries = []store.Query{
	{Text: "quarrystone", K: 100},
	{Text: "velbort zandril Präfix quixnar", K: 4, Filter: store.Not(store.Sources("wiki"))},
	{Vector: []float32{.6, 0, -.8}, K: 100},
	{Vector: []float32{0, 1, 0}, K: 3, Filter: store.Exists("year")},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// workload returns the program as a workload.
func workload(steps int, s sabotage) crashtest.Workload[step] {
	run := func(t *crashtest.Trial[step], start func(*program) error, steps int) error {
		p := &program{Trial: t, sabotage: s}
		err := start(p)
		if err == nil {
			err = p.steps(steps)
		}
		if p.db != nil {
			err = errors.Join(err, p.db.Close())
		}
		return err
	}
	return crashtest.Workload[step]{
		Run:    func(t *crashtest.Trial[step]) error { return run(t, (*program).open, steps) },
		Verify: func(t *crashtest.Trial[step]) error { return run(t, (*program).recover, t.Rand.IntN(3)) },
		MayIgnore: func(o errfs.Op) bool {
			return o.Kind == errfs.KindClose || // of a file that was only read
				o.Kind == errfs.KindWrite && o.Size == 32 // a mark of a log
		},
	}
}

func recoveries(short, long int) int {
	if crashtest.Long() {
		return long
	}
	return short
}

// P1, P2, P8: after a crash at any operation on files, with any survival of
// what was not synced, every acknowledged change is there, every other one is
// there whole or not at all, and searches find what they found.
func TestCrash(t *testing.T) {
	o := &crashtest.Options{Recoveries: recoveries(1200, 60_000), Nested: 100}
	crashtest.Run(t, o, workload(recoveries(12, 20), 0))
}

// P7: whatever operation on files fails, once or from then on, and however,
// the caller is told, and no acknowledged change is lost.
func TestFaults(t *testing.T) {
	crashtest.RunFaults(t, &crashtest.Options{Draws: 1, Nested: -1}, workload(recoveries(4, 25), 0))
}
