package storetest

import (
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/quarry-go/quarry/store"
)

var atomicRules = []rule{
	{"whole", "where a Change is atomic, a reader sees all of it or nothing", testWhole},
	{"record-last", "where it is not, a record never vouches for chunks that are not there", testRecordLast},
	{"old-or-new", "where it is not, Upsert is written before Delete: a reader finds the old or the new", testOldOrNew},
	{"own-writes", "a Write that returned is seen by the reads that follow, while others write", testOwnWrites},
	{"never-back", "in an Immediate store no reader sees a state older than an acknowledged Write", testNeverBack},
	{"untorn", "of two Writes of one chunk at once one wins, whole", testUntorn},
	{"writers", "writers at once lose nothing of each other", testWriters},
}

// versionOf returns the change that makes doc be of version n: its chunks have
// IDs by the parity of n, and so many that versions differ in number.
func (t *trial) versionOf(doc string, n int) store.Change {
	size := 3 + n%4
	v := strconv.Itoa(n)
	chunks := make([]store.Chunk, size)
	for i := range chunks {
		c := t.chunk(partID(doc, n, i), doc, fmt.Sprintf("%s of version %s", commonWord, v))
		c.Ordinal, c.Version = i, v
		chunks[i] = c
	}
	change := t.upsert(chunks...)
	change.Delete = store.Docs(doc)
	d := record(doc, size)
	d.Version = v
	change.Docs = []store.Doc{d}
	return change
}

func partID(doc string, n, i int) string { return fmt.Sprintf("%s %d %d", doc, n%2, i) }

// parts are the IDs of all chunks that versions of doc have.
func parts(doc string) []string {
	var ids []string
	for n := range 2 {
		for i := range 6 {
			ids = append(ids, partID(doc, n, i))
		}
	}
	return ids
}

// versions makes the changes of versionOf beforehand: the trial's random
// source is not for several goroutines.
func (t *trial) versions(doc string) []store.Change {
	changes := make([]store.Change, t.h.Steps)
	for n := range changes {
		changes[n] = t.versionOf(doc, n)
	}
	return changes
}

// race has write called by one goroutine for each of the changes, while readers
// call read over and over, at least once between two writes; it stops at the
// first fault.
func (t *trial) race(changes []store.Change, write func(store.Change) error, read func()) {
	var done atomic.Bool
	var reads atomic.Int64
	t.Together(1+t.h.Workers, func(i int) {
		if i > 0 {
			for !done.Load() && !t.faulty() {
				read()
				reads.Add(1)
				runtime.Gosched()
			}
			return
		}
		defer done.Store(true)
		for n, c := range changes {
			if err := write(c); err != nil {
				t.Fatalf("Write %d: %v", n, err)
			}
			for before := reads.Load(); reads.Load() == before; {
				if t.faulty() {
					return
				}
				runtime.Gosched()
			}
		}
	})
	t.note("%d writes, %d reads", len(changes), reads.Load())
}

func (t *trial) faulty() bool {
	return len(t.Faults()) > 0
}

// oneVersion reports what is wrong with chunks that should be those of one
// version, whole.
func oneVersion(chunks []store.Chunk) string {
	if len(chunks) == 0 {
		return "no version at all"
	}
	n, err := strconv.Atoi(chunks[0].Version)
	if err != nil {
		return err.Error()
	}
	for _, c := range chunks {
		if c.Version != chunks[0].Version {
			return fmt.Sprintf("chunks of versions %s and %s", chunks[0].Version, c.Version)
		}
	}
	if want := 3 + n%4; len(chunks) != want {
		return fmt.Sprintf("%d of the %d chunks of version %d", len(chunks), want, n)
	}
	return ""
}

func chunksOf(hits []store.Hit) []store.Chunk {
	chunks := make([]store.Chunk, len(hits))
	for i := range hits {
		chunks[i] = hits[i].Chunk
	}
	return chunks
}

func testWhole(t *trial) {
	f := t.info().Features
	if f.Atomicity != store.AtomicChange {
		t.Skipf("Info declares AtomicNone")
	}
	if f.Visibility == store.Eventual {
		t.Skipf("Info declares the store Eventual")
	}
	s := t.empty()
	changes := t.versions("doc")
	s.write(changes[0])
	queries := t.queries(s)
	ids := parts("doc")
	t.race(changes, func(c store.Change) error {
		_, err := s.Write(t.ctx, c)
		return err
	}, func() {
		if d := oneVersion(s.get(0, ids...)); d != "" {
			t.Faultf("Get while versions of a document are written, each in one Change: %s", d)
		}
		for _, q := range queries {
			q.K, q.Filter = 50, store.Docs("doc")
			if d := oneVersion(chunksOf(s.search(q))); d != "" {
				t.Faultf("Search for %s while versions of a document are written, each in one Change: %s", showQuery(q), d)
			}
		}
		if n := len(s.docs(store.DocQuery{IDs: []string{"doc"}})); n != 1 {
			t.Faultf("Docs while versions of a document are written: %d records, want 1", n)
		}
	})
}

func testRecordLast(t *trial) {
	f := t.info().Features
	if f.Atomicity != store.AtomicNone || f.Visibility == store.Eventual {
		t.Skipf("Info declares AtomicChange, or Eventual")
	}
	s := t.empty()
	changes := t.versions("doc")
	s.write(changes[0])
	ids := parts("doc")
	q := store.DocQuery{IDs: []string{"doc"}}
	t.race(changes, func(c store.Change) error {
		_, err := s.Write(t.ctx, c)
		return err
	}, func() {
		before := s.docs(q)
		runtime.Gosched()
		chunks := s.get(0, ids...)
		after := s.docs(q)
		if len(before) != 1 || len(after) != 1 || before[0].Version != after[0].Version {
			return
		}
		// The record stood while the chunks were read: versions are not reused.
		if d := oneVersion(chunks); d != "" {
			t.Faultf("the record is of version %s, and Get returns %s", before[0].Version, d)
		} else if chunks[0].Version != before[0].Version {
			t.Faultf("the record is of version %s, and Get returns version %s", before[0].Version, chunks[0].Version)
		}
	})
}

func testOldOrNew(t *trial) {
	f := t.info().Features
	if f.Atomicity != store.AtomicNone || f.Visibility == store.Eventual {
		t.Skipf("Info declares AtomicChange, or Eventual")
	}
	s := t.empty()
	changes := t.versions("doc")
	s.write(changes[0])
	queries := t.queries(s)
	ids := parts("doc")
	t.race(changes, func(c store.Change) error {
		_, err := s.Write(t.ctx, c)
		return err
	}, func() {
		if len(s.get(0, ids...)) == 0 {
			t.Faultf("Get finds no chunk of a document while it is replaced")
		}
		for _, q := range queries {
			q.K, q.Filter = 50, store.Docs("doc")
			if len(s.search(q)) == 0 {
				t.Faultf("Search for %s finds no chunk of a document while it is replaced", showQuery(q))
			}
		}
	})
}

func testOwnWrites(t *trial) {
	if t.info().Features.Visibility == store.Eventual {
		t.Skipf("Info declares the store Eventual")
	}
	s := t.empty()
	all := make([][]store.Change, t.h.Workers)
	for i := range all {
		all[i] = t.versions(fmt.Sprintf("doc%d", i))
	}
	queries := t.queries(s)
	t.Together(t.h.Workers, func(i int) {
		doc := fmt.Sprintf("doc%d", i)
		for n, c := range all[i] {
			if _, err := s.Write(t.ctx, c); err != nil {
				t.Fatalf("Write: %v", err)
			}
			check := func(call string, chunks []store.Chunk) {
				d := oneVersion(chunks)
				if d == "" && chunks[0].Version != strconv.Itoa(n) {
					d = "version " + chunks[0].Version
				}
				if d != "" {
					t.Fatalf("%s after the Write of version %d of a document that nobody else writes: %s", call, n, d)
				}
			}
			check("Get", s.get(0, parts(doc)...))
			check("Scan", s.scan(store.ScanQuery{Filter: store.Docs(doc)}))
			for _, q := range queries {
				q.K, q.Filter = 50, store.Docs(doc)
				check("Search for "+showQuery(q), chunksOf(s.search(q)))
			}
			d := s.docs(store.DocQuery{IDs: []string{doc}})
			if len(d) != 1 || d[0].Version != strconv.Itoa(n) {
				t.Fatalf("Docs after the Write of version %d of a document yields %+v", n, d)
			}
		}
	})
}

func testNeverBack(t *trial) {
	if t.info().Features.Visibility != store.Immediate {
		t.Skipf("Info does not declare the store Immediate")
	}
	s := t.empty()
	reader := t.namespace(s.db, s.name)
	changes := make([]store.Change, t.h.Steps)
	for n := range changes {
		c := t.chunk("chunk", "doc", commonWord)
		c.Version, c.Ordinal = strconv.Itoa(n), n
		changes[n] = t.upsert(c)
	}
	s.write(changes[0])
	queries := t.queries(s)
	var acknowledged atomic.Int64
	t.race(changes, func(c store.Change) error {
		_, err := s.Write(t.ctx, c)
		acknowledged.Store(int64(c.Upsert[0].Ordinal))
		return err
	}, func() {
		check := func(call string, read func() []store.Chunk) {
			least := int(acknowledged.Load())
			got := read()
			if len(got) != 1 || got[0].Ordinal < least {
				t.Faultf("%s by another handle returns %+v, want version %d or later", call, got, least)
			}
		}
		check("Get", func() []store.Chunk { return reader.get(0, "chunk") })
		check("Scan", func() []store.Chunk { return reader.scan(store.ScanQuery{}) })
		for _, q := range queries {
			check("Search for "+showQuery(q), func() []store.Chunk { return chunksOf(reader.search(q)) })
		}
	})
}

func testUntorn(t *trial) {
	s := t.empty()
	all := make([]store.Chunk, t.h.Workers)
	for i := range all {
		c, _ := t.rich("chunk", "doc")
		c.Version, c.Prefix, c.EmbedKey = strconv.Itoa(i), strconv.Itoa(i), strconv.Itoa(i)
		c.Meta = map[string]any{"year": int64(i), "lang": strconv.Itoa(i)}
		c.Vector = t.vector()
		all[i] = c
	}
	change := make([]store.Change, len(all))
	for i := range all {
		change[i] = t.upsert(all[i])
	}
	t.Together(t.h.Workers, func(i int) {
		for range t.h.Steps / 4 {
			if _, err := s.Write(t.ctx, change[i]); err != nil {
				t.Fatalf("Write: %v", err)
			}
			for _, c := range s.get(store.FieldsAll, "chunk") {
				n, err := strconv.Atoi(c.Version)
				if err != nil {
					t.Fatalf("Get returns Version %q", c.Version)
				}
				if d := diffChunk(all[n], c, t.h.Tolerance); d != "" {
					t.Faultf("Get while several write one chunk: %s", d)
				}
			}
		}
	})
	s.settle()
	if n := len(s.scan(store.ScanQuery{})); n != 1 {
		t.Faultf("%d chunks after several wrote one, want 1", n)
	}
}

func testWriters(t *trial) {
	w := t.beside()
	all := make([][]store.Change, t.h.Workers)
	for i := range all {
		all[i] = t.versions(fmt.Sprintf("doc%d", i))
	}
	t.Together(t.h.Workers, func(i int) {
		for _, c := range all[i] {
			if _, err := w.Write(t.ctx, c); err != nil {
				t.Fatalf("Write: %v", err)
			}
		}
	})
	w.settle()
	for i := range all {
		if _, err := w.model.Write(t.ctx, all[i][len(all[i])-1]); err != nil {
			t.Fatalf("reference: %v", err)
		}
	}
	w.same("%d goroutines each wrote %d versions of a document", t.h.Workers, t.h.Steps)
}
