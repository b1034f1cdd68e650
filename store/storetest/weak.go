package storetest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/quarry-go/quarry/store"
)

// Weak is a [store.DB] that promises as little as the contract allows, and
// keeps no more than it promises: it declares itself [store.AtomicNone] and
// [store.Eventual]. It stands for a remote server and its client in one, for
// tests of what must hold on the weakest store: a sync that is interrupted
// anywhere, a reader that sees half of a change.
//
// A Write becomes many sub-requests: each record removed, each chunk put, each
// chunk deleted, each record put, in the order of phases that AtomicNone
// prescribes and in random order within a phase. What a sub-request did is
// acknowledged at once and shown to readers some time later, each chunk and
// record on its own, so that later ones may be seen before earlier ones; two
// states of one chunk or record are seen in their order. Writes take turns;
// reads come between their sub-requests.
//
// [Weak.KillAfter] ends it in the middle of a Write; after [Weak.Restart] what
// was acknowledged is there and nothing else. In all else it answers as
// [Reference] does. All methods are safe for concurrent use.
type Weak struct {
	after   func(n int)
	delay   int
	writing sync.Mutex // held through a Write

	mu       sync.Mutex // held through a sub-request or a read
	rand     *rand.Rand
	clock    int // reads and sub-requests so far
	requests int
	left     int // sub-requests until it is killed; negative: never
	killed   bool
	closed   bool
	spaces   map[string]*weakSpace
}

// WeakOptions are the settings of a Weak. Nil and the zero value are the defaults.
type WeakOptions struct {
	Seed uint64 // of the order and the delays
	// Delay is how many reads and sub-requests later, at most, a change is
	// shown; 0 means 64. Negative shows changes at once.
	Delay int
	// After is called after each sub-request with the number of them so far,
	// in the goroutine of the Write and without a lock held: it may read, and
	// kill. Optional.
	After func(n int)
}

// weakSpace is a namespace: what was acknowledged, what is shown, the
// difference, and when the last update of each chunk and record is due, before
// which no later one is.
type weakSpace struct {
	kept, shown *state
	late        []update // in the order of their acknowledgement
	due         map[string]int
}

// An update is what one sub-request did to one chunk or record.
type update struct {
	due int
	do  func(*state)
}

// NewWeak returns an empty Weak.
func NewWeak(o *WeakOptions) *Weak {
	if o == nil {
		o = &WeakOptions{}
	}
	return &Weak{
		after: o.After, delay: orDefault(o.Delay, 64), left: -1,
		rand: rand.New(rand.NewPCG(o.Seed, 0)), spaces: map[string]*weakSpace{},
	}
}

// Requests returns how many sub-requests were acknowledged so far.
func (w *Weak) Requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// KillAfter lets n more sub-requests be acknowledged; 0 kills at once. From
// then on every call fails with an error that wraps [store.ErrUnavailable],
// until Restart.
func (w *Weak) KillAfter(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.killed = n, n <= 0
}

// Killed reports whether w was killed and not restarted.
func (w *Weak) Killed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.killed
}

// Restart ends a kill and a Close: w and its Stores serve again what was
// acknowledged, though some of it may still be shown late.
func (w *Weak) Restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.killed, w.closed = -1, false, false
}

// Settle shows everything that was acknowledged.
func (w *Weak) Settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.spaces {
		for _, u := range s.late {
			u.do(s.shown)
		}
		s.late = nil
	}
}

// Namespace returns a handle on the named namespace.
func (w *Weak) Namespace(name string) (store.Store, error) {
	if err := store.CheckNamespace(name); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, store.ErrClosed
	}
	return &weakStore{db: w, name: name}, nil
}

// Namespaces yields the names of the namespaces that show something.
func (w *Weak) Namespaces(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names []string
		err := w.read(ctx, "", func(*state) {
			for name, s := range w.spaces {
				if len(s.shown.chunks)+len(s.shown.docs) > 0 {
					names = append(names, name)
				}
			}
		})
		slices.Sort(names)
		weakSequence(ctx, w, names, err)(yield)
	}
}

// Drop removes a namespace, in one sub-request that is shown at once.
func (w *Weak) Drop(ctx context.Context, name string) error {
	if err := store.CheckNamespace(name); err != nil {
		return err
	}
	w.writing.Lock()
	defer w.writing.Unlock()
	return w.request(ctx, func() { delete(w.spaces, name) })
}

// Close makes every later call fail until Restart.
func (w *Weak) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return nil
}

// alive returns why a call must fail, if it must. w.mu is held.
func (w *Weak) alive(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case w.closed:
		return store.ErrClosed
	case w.killed:
		return fmt.Errorf("%w: killed", store.ErrUnavailable)
	}
	return nil
}

// read calls f with what a namespace shows.
func (w *Weak) read(ctx context.Context, name string, f func(*state)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.alive(ctx); err != nil {
		return err
	}
	w.tick()
	if s := w.spaces[name]; s != nil {
		f(s.shown)
	} else {
		f(newState())
	}
	return nil
}

// request makes one sub-request.
func (w *Weak) request(ctx context.Context, f func()) error {
	w.mu.Lock()
	if err := w.alive(ctx); err != nil {
		w.mu.Unlock()
		return err
	}
	w.tick()
	f()
	w.requests++
	if w.left > 0 {
		w.left--
	}
	w.killed = w.left == 0
	n := w.requests
	w.mu.Unlock()
	runtime.Gosched() // let readers see the state between
	if w.after != nil {
		w.after(n)
	}
	return nil
}

// tick shows what is due.
func (w *Weak) tick() {
	w.clock++
	for _, s := range w.spaces {
		s.late = slices.DeleteFunc(s.late, func(u update) bool {
			if u.due <= w.clock {
				u.do(s.shown)
			}
			return u.due <= w.clock
		})
	}
}

// weakSequence yields items while w is alive, then err.
func weakSequence[T any](ctx context.Context, w *Weak, items []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for _, item := range items {
			if err := w.read(ctx, "", func(*state) {}); err != nil {
				yield(zero, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			yield(zero, err)
		}
	}
}

// weakStore is a namespace of a Weak.
type weakStore struct {
	db   *Weak
	name string
}

func (s *weakStore) Info() store.Info {
	info := store.Info{
		Analyzer: analyzerName,
		Features: store.Features{
			Vectors: true, Lexical: true, Exact: true, Ordered: true,
			Atomicity: store.AtomicNone, Visibility: store.Eventual, Durability: store.Durable,
		},
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if space := s.db.spaces[s.name]; space != nil {
		info.Space, info.Dim = space.kept.space, space.kept.dim
	}
	return info
}

func (s *weakStore) Search(ctx context.Context, q store.Query) (hits []store.Hit, err error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if dead := s.db.read(ctx, s.name, func(st *state) { hits, err = st.search(&q) }); dead != nil {
		return nil, dead
	}
	return hits, err
}

func (s *weakStore) Get(ctx context.Context, ids []string, f store.Fields) (chunks []store.Chunk, err error) {
	err = s.db.read(ctx, s.name, func(st *state) { chunks = st.get(ids, f) })
	return chunks, err
}

func (s *weakStore) Docs(ctx context.Context, q store.DocQuery) iter.Seq2[store.Doc, error] {
	return func(yield func(store.Doc, error) bool) {
		var docs []store.Doc
		err := s.db.read(ctx, s.name, func(st *state) { docs = st.records(&q) })
		weakSequence(ctx, s.db, docs, err)(yield)
	}
}

func (s *weakStore) Scan(ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
	return func(yield func(store.Chunk, error) bool) {
		err := store.CheckFilter(q.Filter)
		var chunks []store.Chunk
		if err == nil {
			err = s.db.read(ctx, s.name, func(st *state) { chunks = st.scan(&q) })
		}
		weakSequence(ctx, s.db, chunks, err)(yield)
	}
}

// Write plans its sub-requests on what was acknowledged, and makes them phase
// by phase.
func (s *weakStore) Write(ctx context.Context, c store.Change) (store.Changed, error) {
	if err := c.Validate(); err != nil {
		return store.Changed{}, err
	}
	s.db.writing.Lock()
	defer s.db.writing.Unlock()
	p, err := s.plan(ctx, &c)
	if err != nil {
		return store.Changed{}, err
	}
	var done store.WriteError
	begun := false
	for _, phase := range p.phases {
		s.db.shuffle(phase)
		for _, r := range phase {
			if err := s.db.request(ctx, func() { s.apply(r) }); err != nil {
				if !begun {
					return store.Changed{}, err
				}
				done.Err = err
				done.Failed = []store.ItemError{{ID: r.id, Err: err}}
				return store.Changed{}, &done
			}
			begun = true
			switch r.kind {
			case putChunk:
				done.Upserted = append(done.Upserted, r.id)
			case deleteChunk:
				done.Deleted = true
			}
		}
	}
	return p.changed, nil
}

// A subRequest puts or removes one chunk or record.
type subRequest struct {
	kind kind
	id   string
	do   func(*state)
}

type kind string

const (
	removeRecord kind = "remove record"
	putChunk     kind = "put chunk"
	deleteChunk  kind = "delete chunk"
	putRecord    kind = "put record"
)

// item names what the sub-request is about.
func (r subRequest) item() string {
	if r.kind == putChunk || r.kind == deleteChunk {
		return "chunk " + r.id
	}
	return "record " + r.id
}

// A plan is a Write as sub-requests: phases, one after the other.
type plan struct {
	phases  [4][]subRequest
	changed store.Changed
}

func (p *plan) add(phase int, k kind, id string, do func(*state)) {
	p.phases[phase] = append(p.phases[phase], subRequest{k, id, do})
}

// plan says what a change needs: the records of the documents that it touches
// are removed, chunks put, others deleted, and records written, those that
// were only removed for the time being again.
func (s *weakStore) plan(ctx context.Context, c *store.Change) (*plan, error) {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if err := s.db.alive(ctx); err != nil {
		return nil, err
	}
	kept := newState()
	if space := s.db.spaces[s.name]; space != nil {
		kept = space.kept
	}
	if err := kept.checkSpace(c); err != nil {
		return nil, err
	}
	chunks, docs := map[string]store.Chunk{}, map[string]store.Doc{}
	for _, u := range c.Upsert {
		chunks[u.ID] = u.Clone()
	}
	for _, d := range c.Docs {
		d.Origin = d.Origin.Clone()
		docs[d.ID] = d
	}
	p := &plan{changed: store.Changed{Upserted: len(chunks), Docs: len(docs)}}

	touched := map[string]bool{}
	for _, u := range chunks {
		touched[u.DocID] = true
		touched[kept.chunks[u.ID].DocID] = true
	}
	gone, lost := kept.losses(c.Delete)
	for _, id := range lost {
		touched[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(touched)) {
		old, ok := kept.docs[id]
		if !ok {
			continue
		}
		p.add(0, removeRecord, id, func(st *state) { delete(st.docs, id) })
		if _, replaced := docs[id]; !replaced && !slices.Contains(lost, id) {
			docs[id] = old
		}
	}
	for _, id := range slices.Sorted(maps.Keys(chunks)) {
		p.add(1, putChunk, id, func(st *state) { st.put(chunks[id], c.Space) })
	}
	for _, id := range gone {
		if _, again := chunks[id]; again {
			continue
		}
		p.changed.Deleted++
		p.add(2, deleteChunk, id, func(st *state) { delete(st.chunks, id) })
	}
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		p.add(3, putRecord, id, func(st *state) { st.putDoc(docs[id]) })
	}
	return p, nil
}

// apply does r to what is kept, and later to what is shown. db.mu is held.
func (s *weakStore) apply(r subRequest) {
	w := s.db
	space := w.spaces[s.name]
	if space == nil {
		space = &weakSpace{kept: newState(), shown: newState(), due: map[string]int{}}
		w.spaces[s.name] = space
	}
	r.do(space.kept)
	space.shown.space, space.shown.dim = space.kept.space, space.kept.dim
	if w.delay < 0 {
		r.do(space.shown)
		return
	}
	due := max(space.due[r.item()], w.clock+1+w.rand.IntN(w.delay))
	space.due[r.item()] = due
	space.late = append(space.late, update{due, r.do})
}

func (w *Weak) shuffle(rs []subRequest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rand.Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
}
