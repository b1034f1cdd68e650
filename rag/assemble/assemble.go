package assemble

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/quarry-go/quarry/rag/token"
	"github.com/quarry-go/quarry/store"
)

// DefaultBudget is what a prompt may cost if the options do not say: about
// 4,000 tokens of English, counted in bytes.
const DefaultBudget = 16 << 10

// ErrBudget: the budget is too small for the question, or for the question and
// a sentence of what was found.
var ErrBudget = errors.New("assemble: the budget is too small")

// Options for [Assemble]. The zero value is the default.
type Options struct {
	// Budget is what the whole prompt may cost in the units of Counter, with
	// marks, labels and question; 0 means DefaultBudget. It is never exceeded.
	Budget int
	// Counter counts; nil means token.Bytes, an upper bound for any model.
	Counter token.Counter
	// MaxPassages bounds the passages; 0 means no bound but the budget.
	MaxPassages int
	Order       Order
	// Secret keys the nonce. With one and the same secret, the same input
	// gives the same bytes. Empty means a random one each time.
	Secret []byte
}

// Order is the order of the passages in the prompt.
type Order string

// The orders.
const (
	ByScore    Order = ""          // the best first
	ByDocument Order = "document"  // documents by their best passage, passages of one in the order of its text
	BothEnds   Order = "both ends" // the best first and last, the worst in the middle (Liu et al., Lost in the Middle, 2023)
)

// Assemble makes evidence for the question of the hits, which need the fields
// of store.FieldsRead and are taken in their order, best first. No hits, or
// none with text, make evidence that is Empty; that is no error. The error
// wraps [ErrBudget] where the question alone is over the budget, or nothing of
// what was found fits beside it, and store.ErrInvalid for an unknown order or
// a hit whose text is not as long as its range. Arguments are only read.
func Assemble(question string, hits []store.Hit, o *Options) (*Evidence, error) {
	if o == nil {
		o = &Options{}
	}
	if o.Order != ByScore && o.Order != ByDocument && o.Order != BothEnds {
		return nil, fmt.Errorf("assemble: %w: order %q", store.ErrInvalid, o.Order)
	}
	for i := range hits {
		if c := &hits[i].Chunk; c.Start < 0 || c.End-c.Start != len(c.Text) || !utf8.ValidString(c.Text) {
			return nil, fmt.Errorf("assemble: %w: chunk %q has %d bytes of text at [%d:%d]", store.ErrInvalid, c.ID, len(c.Text), c.Start, c.End)
		}
	}
	a := assembler{question: question, counter: o.Counter, order: o.Order, secret: o.Secret}
	if a.counter == nil {
		a.counter = token.Bytes{}
	}
	if len(a.secret) == 0 {
		a.secret = make([]byte, 32)
		rand.Read(a.secret) // never fails
	}
	a.manifest.Budget = cmp.Or(o.Budget, DefaultBudget)

	found := join(a.distinct(hits))
	ps := found
	if o.MaxPassages > 0 && len(ps) > o.MaxPassages {
		for _, p := range ps[o.MaxPassages:] {
			a.drop(p.parts, "over the number of passages")
		}
		ps = ps[:o.MaxPassages]
	}
	ps, err := a.fit(ps)
	if err != nil {
		return nil, err
	}
	e := a.evidence(ps)
	if len(found) > 0 && e.Empty() {
		return nil, fmt.Errorf("%w: %d leaves no room for any of %d passages", ErrBudget, a.manifest.Budget, len(found))
	}
	return e, nil
}

// An assembler makes one evidence.
type assembler struct {
	question string
	counter  token.Counter
	order    Order
	secret   []byte
	manifest Manifest // Entries[i] is for hits[i]
}

// evidence numbers passages, best first, and writes the prompt. Where a counter
// breaks its promise about joined texts, the worst are dropped until the
// budget holds.
func (a *assembler) evidence(ps []*piece) *Evidence {
	for {
		ordered := arrange(ps, a.order)
		for i, p := range ordered {
			p.Number = i + 1
		}
		nonce := nonceOf(a.secret, a.question, ordered)
		prompt := frame(a.question, nonce, ordered)
		a.manifest.Tokens = a.counter.Count(prompt)
		if a.manifest.Tokens > a.manifest.Budget && len(ps) > 0 {
			a.drop(ps[len(ps)-1].parts, overBudget)
			ps = ps[:len(ps)-1]
			continue
		}
		e := &Evidence{Question: a.question, Nonce: nonce, prompt: prompt}
		f := newFocus(a.question)
		for _, p := range ordered {
			a.keep(p)
			e.Passages = append(e.Passages, p.Passage)
			e.Citations = append(e.Citations, cite(&p.Passage, f))
		}
		e.Manifest = a.manifest
		return e
	}
}

// arrange returns passages, best first, in the order o.
func arrange(ps []*piece, o Order) []*piece {
	out := slices.Clone(ps)
	switch o {
	case ByDocument:
		first := map[string]int{}
		for i, p := range ps {
			if _, ok := first[p.DocID]; !ok {
				first[p.DocID] = i
			}
		}
		slices.SortStableFunc(out, func(a, b *piece) int {
			return cmp.Or(cmp.Compare(first[a.DocID], first[b.DocID]), cmp.Compare(a.Start, b.Start))
		})
	case BothEnds:
		for i, p := range ps {
			if i%2 == 0 {
				out[i/2] = p
			} else {
				out[len(ps)-1-i/2] = p
			}
		}
	}
	return out
}
