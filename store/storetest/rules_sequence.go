package storetest

import (
	"fmt"
	"iter"

	"github.com/quarry-go/quarry/store"
)

var sequenceRules = []rule{
	{"break", "sequences may be left early, and hold no lock then", testBreak},
	{"inside", "sequences hold no lock between pairs: a loop over one may read and write", testInside},
	{"meanwhile", "every chunk that is there from the start to the end of a Scan is yielded once, whatever is written meanwhile", testScanMeanwhile},
	{"abandoned", "a sequence that nobody ranges over costs nothing and holds nothing", testAbandoned},
}

// filled returns a namespace with n chunks and n records.
func (t *trial) filled(n int) *shelf {
	s := t.empty()
	change := store.Change{}
	for i := range n {
		c := t.chunk(fmt.Sprintf("c%03d", i), "doc", commonWord)
		if c.Vector != nil {
			change.Space, _ = t.space()
		}
		change.Upsert = append(change.Upsert, c)
		change.Docs = append(change.Docs, record(fmt.Sprintf("d%03d", i), 0))
	}
	s.write(change)
	return s
}

// each visits every kind of sequence, as one without its values.
func (s *shelf) each(f func(name string, seq iter.Seq[error])) {
	f("Scan", errorsOf(s.Scan(s.t.ctx, store.ScanQuery{Fields: store.FieldsAll})))
	f("Docs", errorsOf(s.Docs(s.t.ctx, store.DocQuery{})))
	f("Namespaces", errorsOf(s.db.Namespaces(s.t.ctx)))
}

func errorsOf[T any](seq iter.Seq2[T, error]) iter.Seq[error] {
	return func(yield func(error) bool) {
		for _, err := range seq {
			if !yield(err) {
				return
			}
		}
	}
}

func testBreak(t *trial) {
	s := t.filled(100)
	s.each(func(name string, seq iter.Seq[error]) {
		for range 20 {
			t.at("a loop over %s left early", name)
			for err := range seq {
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				break
			}
			t.at("Write after a loop over %s was left early", name)
			s.put(t.chunk("after", "doc", "text"))
		}
		t.at("Drop after a loop over %s was left early", name)
		if err := s.db.Drop(t.ctx, t.fresh()); err != nil {
			t.Faultf("Drop: %v", err)
		}
	})
}

func testInside(t *trial) {
	s := t.filled(30)
	other := t.namespace(s.db, t.fresh())
	s.each(func(name string, seq iter.Seq[error]) {
		count := 0
		for err := range seq {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if count++; count > 3 {
				break
			}
			t.at("Write inside a loop over %s", name)
			if _, err := s.Write(t.ctx, t.upsert(t.chunk("inside", "doc", "text"))); err != nil {
				t.Faultf("Write inside a loop over %s: %v", name, err)
			}
			t.at("Write to another namespace inside a loop over %s", name)
			if _, err := other.Write(t.ctx, t.upsert(t.chunk("inside", "doc", "text"))); err != nil {
				t.Faultf("Write to another namespace inside a loop over %s: %v", name, err)
			}
			t.at("reads inside a loop over %s", name)
			s.get(0, "c001")
			s.docs(store.DocQuery{IDs: []string{"d001"}})
			for _, q := range t.queries(s) {
				s.search(q)
			}
			t.at("Drop inside a loop over %s", name)
			if err := s.db.Drop(t.ctx, other.name); err != nil {
				t.Faultf("Drop inside a loop over %s: %v", name, err)
			}
		}
	})
}

func testScanMeanwhile(t *trial) {
	s := t.empty()
	var want []string
	var chunks []store.Chunk
	for i := range 600 {
		c := t.chunk(fmt.Sprintf("c%03d", i), "doc", "text")
		chunks = append(chunks, c)
		if i%2 == 0 {
			want = append(want, c.ID)
		}
	}
	s.put(chunks...)
	seen := map[string]int{}
	last, step := "", 0
	for c, err := range s.Scan(t.ctx, store.ScanQuery{}) {
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		if c.ID <= last && t.info().Features.Ordered {
			t.Faultf("Scan yields %q after %q", c.ID, last)
		}
		last = c.ID
		seen[c.ID]++
		if step++; step%20 != 0 {
			continue
		}
		// Delete and add around the place, and replace one that stays.
		i := t.rand.IntN(600)
		change := t.upsert(chunks[i/2*2], t.chunk(fmt.Sprintf("c%03d new", i), "doc", "text"))
		change.Delete = store.IDs(fmt.Sprintf("c%03d", i/2*2+1))
		if _, err := s.Write(t.ctx, change); err != nil {
			t.Fatalf("Write: %v", err)
		}
	}
	for _, id := range want {
		if seen[id] != 1 {
			t.Faultf("Scan yields %q %d times, which was there throughout", id, seen[id])
		}
	}
}

func testAbandoned(t *trial) {
	s := t.filled(10)
	for range 100 {
		s.each(func(string, iter.Seq[error]) {})
		next, stop := iter.Pull2(s.Scan(t.ctx, store.ScanQuery{}))
		if _, err, ok := next(); err != nil || !ok {
			t.Fatalf("Scan: error %v, ok %v", err, ok)
		}
		t.at("Write while a Scan stands between pairs")
		s.put(t.chunk("between", "doc", "text"))
		stop()
	}
}
