package local

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quarry-go/quarry/internal/wal"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/local/internal/table"
)

// maxGroup bounds what is committed at once, in bytes, unless one change alone
// is larger.
const maxGroup = 16 << 20

// A request is a change that wants to be committed, or a function that wants
// to be called while nothing is.
type request struct {
	ctx    context.Context
	filter store.Filter // what a write deletes
	entry  record.Entry // complete but for Seq and Delete
	body   []byte       // entry.Body, encoded
	alone  func() error // if not nil, there is nothing else

	claimed atomic.Bool // by the committer, or by a caller who gave up
	changed store.Changed
	err     error
	done    func() // called when changed and err are final
}

// queue holds the requests that nobody commits yet.
type queue struct {
	mu       sync.Mutex
	requests []*request
	running  bool // a committer is at work, and will see what is added
}

// submit has r committed and returns when it is. The caller is counted among the calls in flight.
// When the context ends before the committer turns to r, nothing is done.
func (db *DB) submit(r *request) (store.Changed, error) {
	done := make(chan struct{})
	r.done = func() { close(done) }
	db.queue.mu.Lock()
	db.queue.requests = append(db.queue.requests, r)
	start := !db.queue.running
	db.queue.running = true
	db.queue.mu.Unlock()
	if start {
		db.calls.join()
		go db.commitQueue()
	}
	select {
	case <-done:
	case <-r.ctx.Done():
		if r.claimed.CompareAndSwap(false, true) {
			return store.Changed{}, r.ctx.Err()
		}
		<-done
	}
	return r.changed, r.err
}

// commitQueue commits requests until there are none.
func (db *DB) commitQueue() {
	defer db.calls.leave()
	for {
		db.queue.mu.Lock()
		requests := db.queue.requests
		db.queue.requests = nil
		db.queue.running = len(requests) > 0
		db.queue.mu.Unlock()
		if len(requests) == 0 {
			return
		}
		db.commit(requests)
		db.maintain()
	}
}

// A group is a run of requests that are committed at once.
type group struct {
	requests []*request
	parts    [][]byte // of the log
	size     int      // of parts
	written  map[string]bool
	dropped  bool // the last request drops a namespace
}

// commit commits requests in order, as many at once as can be.
func (db *DB) commit(requests []*request) {
	var g group
	for _, r := range requests {
		if !r.claimed.CompareAndSwap(false, true) {
			continue
		}
		if !db.fits(&g, r) {
			db.flush(&g)
		}
		if err := db.stage(&g, r); err != nil {
			r.finish(err)
		}
	}
	db.flush(&g)
}

func (r *request) finish(err error) {
	r.err = err
	r.done()
}

// fits reports whether r may be committed together with g. A request that
// depends on the state of its namespace must not follow one that changes it.
func (db *DB) fits(g *group, r *request) bool {
	if r.alone != nil || g.dropped || g.size > 0 && g.size+len(r.body) > maxGroup {
		return false
	}
	if !g.written[r.entry.Namespace] {
		return true
	}
	_, identity := table.Identity(r.filter)
	t := db.tables[r.entry.Namespace]
	return identity && (r.entry.Dim == 0 || t != nil && t.HasSpace())
}

// stage adds r to g, or refuses it.
func (db *DB) stage(g *group, r *request) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.alone != nil {
		r.finish(r.alone())
		return nil
	}
	if err := db.writable(); err != nil {
		return err
	}
	e := &r.entry
	t := db.tables[e.Namespace]
	var identity bool
	if e.Delete, identity = table.Identity(r.filter); !identity && t != nil {
		e.Delete = t.Resolve(r.filter)
	}
	if t != nil {
		if err := t.Accepts(&e.Body); err != nil {
			return err
		}
	}
	e.Seq = db.seq + uint64(len(g.requests)) + 1
	head := record.AppendHead(nil, e)
	g.parts = append(g.parts, head, r.body)
	g.size += len(head) + len(r.body)
	g.requests = append(g.requests, r)
	g.dropped = e.Drop
	if g.written == nil {
		g.written = map[string]bool{}
	}
	g.written[e.Namespace] = true
	return nil
}

// flush commits g: first the log, then memory, then the readers, then the
// callers.
func (db *DB) flush(g *group) {
	if len(g.requests) == 0 {
		return
	}
	if db.opts.sabotage.has(ackFirst) {
		db.acknowledge(g, nil)
	}
	if db.opts.sabotage.has(publishFirst) {
		db.apply(g)
	}
	var err error
	if db.journal != nil {
		if err = db.journal.append(g.parts); errors.Is(err, wal.ErrFailed) && !db.opts.sabotage.has(noSticky) {
			err = db.fail(err)
		}
	}
	if err == nil && !db.opts.sabotage.has(publishFirst) {
		err = db.apply(g)
	}
	if !db.opts.sabotage.has(ackFirst) {
		db.acknowledge(g, err)
	}
	if err == nil {
		db.purge(g)
	}
	*g = group{}
}

func (db *DB) acknowledge(g *group, err error) {
	for _, r := range g.requests {
		r.finish(unwritable(err))
	}
}

// apply makes the changes of g in memory and publishes them.
func (db *DB) apply(g *group) error {
	tables := map[string]*table.Table{} // those that begin, and nil for those that end
	for _, r := range g.requests {
		name := r.entry.Namespace
		t, ok := tables[name]
		if !ok {
			t = db.tables[name]
		}
		if r.entry.Drop {
			tables[name] = nil
			continue
		}
		if t == nil {
			t = table.New()
			tables[name] = t
		}
		var err error
		if r.changed, err = t.Apply(&r.entry); err != nil {
			return db.fail(err)
		}
	}
	db.publish(tables, db.seq+uint64(len(g.requests)))
	return nil
}

// publish shows readers the state after change seq, in which the given
// namespaces begin or end.
func (db *DB) publish(tables map[string]*table.Table, seq uint64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for name, t := range tables {
		if t == nil {
			delete(db.tables, name)
		} else {
			db.tables[name] = t
		}
	}
	db.seq = seq
}

// purge frees what g made superfluous in memory.
func (db *DB) purge(g *group) {
	oldest := db.calls.oldest(db.seq)
	for name := range g.written {
		if t := db.tables[name]; t != nil {
			t.Purge(oldest)
		}
	}
}

// maintain keeps the logs short. What fails is tried again later: no change
// depends on it.
func (db *DB) maintain() {
	j := db.journal
	if j == nil || db.writable() != nil {
		return
	}
	var err error
	switch size := j.bytes.Load(); {
	case db.seq > 0 && size >= db.rewriteAt && size > 2*(db.liveBytes()+j.opts.LogBytes):
		db.rewriteAt = size + j.opts.LogBytes // unless it succeeds, not at once again
		if err = j.checkpoint(db.seq, db.entries()); err == nil {
			db.rewriteAt = 0
		}
	case j.active.Size() >= j.opts.LogBytes:
		err = j.rotate()
	default:
		return
	}
	db.upkeep.Store(&err)
}

// liveBytes returns about how long a log of the present state would be.
func (db *DB) liveBytes() int64 {
	var n int64
	for _, t := range db.tables {
		n += t.Size().Bytes
	}
	return n
}

// entries yields entries that make up the present state, namespace by
// namespace.
func (db *DB) entries() func(yield func(*record.Entry) bool) {
	return func(yield func(*record.Entry) bool) {
		for _, name := range slices.Sorted(maps.Keys(db.tables)) {
			for e := range db.tables[name].Entries(db.seq, checkpointBytes) {
				e.Namespace = name
				if !yield(e) {
					return
				}
			}
		}
	}
}
