package rag

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/quarry-go/quarry/rag/assemble"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/rag/token"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

// DefaultNamespace is the namespace of a knowledge base that names none.
const DefaultNamespace = "default"

// Options for a knowledge base. The zero value is the default: keyword search
// by BM25 over chunks of a size that needs no choice.
type Options struct {
	// Embedder adds vector search, fused with keyword search; nil means
	// keyword search alone. The vectors of a store are of one model: another
	// is refused with ErrSpace.
	Embedder Embedder
	// Model answers questions in Ask and Stream; nil means there is none, and
	// Evidence is what the knowledge base gives.
	Model Generator
	// DB holds the chunks. Only New takes it, and there it is required.
	DB DB
	// Namespace of the DB; empty means DefaultNamespace.
	Namespace string
	// Chunker cuts documents; nil means chunk.New with a size that the
	// Embedder takes whole.
	Chunker Chunker
	// Retriever makes the retriever of a store; nil means retrieve.Hybrid
	// with its defaults. The embedder is nil where there is none.
	Retriever func(s store.Store, e Embedder) Retriever
	// Context says how evidence is assembled. An empty Secret means a random
	// one for the life of the knowledge base.
	Context assemble.Options
	// System is the system message of Ask and Stream; empty means a default.
	System string
	// MaxAnswer bounds an answer, in tokens of the model; 0 leaves it to the model.
	MaxAnswer int
	Observer  Observer
}

// A KB is a knowledge base: a namespace of a store, and the parts that fill
// it and question it. All methods are safe for concurrent use.
type KB struct {
	*core
	name  string
	store store.Store
	err   error // why the namespace cannot be used
}

// core is what the namespaces of one DB share.
type core struct {
	opts  Options
	db    store.DB
	owned bool // Close closes db

	mu      sync.Mutex
	syncing map[[2]string]map[Shard]bool   // the syncs under way, by namespace and source
	writing map[string]*semaphore.Weighted // by namespace; see hold
}

// Open opens the knowledge base in the folder dir, and makes it if the folder
// is empty or absent. It is durable, and one process at a time has it open.
//
// Errors wrap [ErrInvalid] for an empty dir, [ErrLocked] where another process
// has it open, [ErrCorrupt] where the folder holds something else or damage,
// and [ErrSpace] where its vectors are of another model than the Embedder.
func Open(dir string, o *Options) (*KB, error) {
	if dir == "" {
		return nil, fmt.Errorf("rag: open: %w: no folder named; Memory keeps nothing on disk", ErrInvalid)
	}
	if o != nil && o.DB != nil {
		return nil, fmt.Errorf("rag: open %s: %w: Options.DB is for New", dir, ErrInvalid)
	}
	db, err := local.Open(dir, nil)
	if err != nil {
		return nil, fmt.Errorf("rag: open %s: %w", dir, err)
	}
	k, err := build(db, o, true)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("rag: open %s: %w", dir, err), db.Close())
	}
	return k, nil
}

// Memory returns a knowledge base that is kept in memory alone.
func Memory(o *Options) (*KB, error) {
	if o != nil && o.DB != nil {
		return nil, fmt.Errorf("rag: memory: %w: Options.DB is for New", ErrInvalid)
	}
	k, err := build(local.Memory(nil), o, true)
	if err != nil {
		return nil, fmt.Errorf("rag: memory: %w", err)
	}
	return k, nil
}

// New returns a knowledge base over o.DB, which stays the caller's to close.
func New(o *Options) (*KB, error) {
	if o == nil || o.DB == nil {
		return nil, fmt.Errorf("rag: new: %w: no Options.DB", ErrInvalid)
	}
	k, err := build(o.DB, o, false)
	if err != nil {
		return nil, fmt.Errorf("rag: new: %w", err)
	}
	return k, nil
}

func build(db store.DB, o *Options, owned bool) (*KB, error) {
	c := &core{db: db, owned: owned, syncing: map[[2]string]map[Shard]bool{}, writing: map[string]*semaphore.Weighted{}}
	if o != nil {
		c.opts = *o
	}
	if len(c.opts.Context.Secret) == 0 {
		c.opts.Context.Secret = make([]byte, 32)
		rand.Read(c.opts.Context.Secret) // never fails
	}
	if c.opts.Chunker == nil {
		ch, err := defaultChunker(c.opts.Embedder)
		if err != nil {
			return nil, err
		}
		c.opts.Chunker = ch
	}
	if c.opts.Retriever == nil {
		c.opts.Retriever = func(s store.Store, e Embedder) Retriever { return retrieve.Hybrid(s, e, nil) }
	}
	name := c.opts.Namespace
	if name == "" {
		name = DefaultNamespace
	}
	k := (&KB{core: c}).Namespace(name)
	if k.err != nil {
		return nil, k.err
	}
	if e := c.opts.Embedder; e != nil {
		if e.Model().Dim < 1 {
			return nil, fmt.Errorf("%w: embedder %q has %d dimensions", ErrInvalid, e.Model().Name, e.Model().Dim)
		}
		if have, want := k.store.Info().Space, e.Model().Space(); have != "" && have != want {
			return nil, fmt.Errorf("%w: the store holds vectors of %s, the embedder makes %s", ErrSpace, have, want)
		}
	}
	return k, nil
}

// defaultChunker cuts to the default size, or smaller where the embedder takes
// less. The embedder's own vocabulary is not known here: a quarter of its
// limit is left for what the estimate of tokens may be off.
func defaultChunker(e Embedder) (Chunker, error) {
	const wide = chunk.DefaultSize // a code point is a token at most, mostly
	if e == nil || e.Model().MaxTokens == 0 || e.Model().MaxTokens >= wide {
		return chunk.New(nil)
	}
	size := min(e.Model().MaxTokens*3/4, chunk.DefaultSize/4)
	return chunk.New(&chunk.Options{Size: max(size, 1), Counter: token.Estimate{}})
}

// Namespace returns the knowledge base of another namespace of the same DB,
// with the same options. It does no I/O, and there is nothing to close. An
// invalid name gives a knowledge base whose every method returns an error
// that wraps [ErrInvalid].
func (k *KB) Namespace(name string) *KB {
	s, err := k.db.Namespace(name)
	if err != nil {
		err = fmt.Errorf("namespace %q: %w", name, err)
	}
	return &KB{core: k.core, name: name, store: s, err: err}
}

// Namespaces yields the names of the namespaces that hold something, sorted.
func (k *KB) Namespaces(ctx context.Context) iter.Seq2[string, error] { return k.db.Namespaces(ctx) }

// Drop removes everything in the knowledge base's namespace.
func (k *KB) Drop(ctx context.Context) error {
	err := k.change(ctx, func() error { return k.db.Drop(ctx, k.name) })
	if err != nil {
		return fmt.Errorf("rag: drop: %w", err)
	}
	return nil
}

// everybody is more than ever write to one namespace at a time.
const everybody = 1 << 30

// hold waits for the right to write to the namespace, and returns what gives
// it back. Writes go side by side; one that depends on what is there, and any
// to a store without atomic writes, goes alone.
func (k *KB) hold(ctx context.Context, alone bool) (release func(), err error) {
	k.mu.Lock()
	w := k.writing[k.name]
	if w == nil {
		w = semaphore.NewWeighted(everybody)
		k.writing[k.name] = w
	}
	k.mu.Unlock()
	n := int64(1)
	if alone || k.store.Info().Features.Atomicity != store.AtomicChange {
		n = everybody
	}
	if err := w.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { w.Release(n) }, nil
}

// change calls f, which changes the namespace whatever is there.
func (k *KB) change(ctx context.Context, f func() error) error {
	if k.err != nil {
		return k.err
	}
	release, err := k.hold(ctx, false)
	if err != nil {
		return err
	}
	defer release()
	return f()
}

// Store returns the store of the knowledge base's namespace, for what this
// package does not offer; nil where the namespace's name is invalid.
func (k *KB) Store() store.Store { return k.store }

// Close closes what Open or Memory opened, for all namespaces; after New it
// does nothing. Calls in flight end first, or return an error that wraps
// [ErrClosed], as every later call does.
func (k *KB) Close() error {
	if !k.owned {
		return nil
	}
	if err := k.db.Close(); err != nil {
		return fmt.Errorf("rag: close: %w", err)
	}
	return nil
}
