package assemble

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/internal/sentence"
	"github.com/quarry-go/quarry/rag/token"
	"github.com/quarry-go/quarry/store"
)

// DefaultBudget is what a prompt may cost if the options do not say: about
// 4,000 tokens of English, counted in bytes.
const DefaultBudget = 16 << 10

// ErrBudget: the budget is too small for the question alone.
var ErrBudget = errors.New("assemble: the question alone is over the budget")

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
// wraps [ErrBudget] where the question alone is over the budget, and
// store.ErrInvalid for an unknown order or a hit whose text is not as long as
// its range. Arguments are only read.
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
	a := assembler{question: question, counter: o.Counter, secret: o.Secret}
	if a.counter == nil {
		a.counter = token.Bytes{}
	}
	if len(a.secret) == 0 {
		a.secret = make([]byte, 32)
		rand.Read(a.secret) // never fails
	}
	a.manifest.Budget = cmp.Or(o.Budget, DefaultBudget)

	ps := join(hits, &a.manifest)
	if o.MaxPassages > 0 && len(ps) > o.MaxPassages {
		for _, p := range ps[o.MaxPassages:] {
			a.manifest.revise(p, Dropped, "over the number of passages")
		}
		ps = ps[:o.MaxPassages]
	}
	ps, err := a.fit(ps)
	if err != nil {
		return nil, err
	}
	return a.evidence(arrange(ps, o.Order))
}

type assembler struct {
	question string
	counter  token.Counter
	secret   []byte
	manifest Manifest
}

// fit returns the passages of ps, in order, that fit into the budget; the
// first that does not is trimmed if enough of it is left, and later ones may
// still fit whole.
func (a *assembler) fit(ps []*Passage) ([]*Passage, error) {
	const anyNonce = "00000000000000000000000000000000"
	if n := a.counter.Count(frame(a.question, anyNonce, "")); n > a.manifest.Budget {
		return nil, fmt.Errorf("%w: %d of %d", ErrBudget, n, a.manifest.Budget)
	}
	var kept []*Passage
	left := a.manifest.Budget - a.counter.Count(frame(a.question, anyNonce, "\n")) - 2 - nonceSlack/2
	trimmed := false
	for _, p := range ps {
		p.Number = len(kept) + 1
		cost := a.cost(p)
		if cost > left && !trimmed {
			if q := a.trim(p, left); q != nil {
				a.manifest.revise(p, Trimmed, "cut to fit the budget")
				p, cost, trimmed = q, a.cost(q), true
			}
		}
		if cost > left {
			a.manifest.revise(p, Dropped, "over the budget")
			continue
		}
		left -= cost
		kept = append(kept, p)
	}
	return kept, nil
}

// cost returns what p takes in the prompt, with the one token that joining
// texts may add. The nonce of the final prompt is not known yet: any other of
// its kind may cost a counter of real tokens more, so all its digits count.
func (a *assembler) cost(p *Passage) int {
	const anyNonce = "00000000000000000000000000000000"
	return a.counter.Count(block(p, anyNonce)) + 1 + nonceSlack
}

// nonceSlack is what two nonces of 32 digits can cost more than two of zeros,
// in the tokens of any vocabulary that has the bytes.
const nonceSlack = 2 * 32

// minTrim is the least share of a passage that is worth keeping.
const minTrim = 0.25

// trim returns the longest run of whole sentences from the start of p that
// costs at most left, or nil if that is less than minTrim of it.
func (a *assembler) trim(p *Passage, left int) *Passage {
	var ends []int
	for _, end := range sentence.Spans(p.Text) {
		ends = append(ends, end)
	}
	cut := func(end int) *Passage {
		q := *p
		q.Text, q.End = p.Text[:end], p.Start+end
		return &q
	}
	n, _ := slices.BinarySearchFunc(ends, left, func(end, left int) int {
		if a.cost(cut(end)) > left {
			return 1
		}
		return -1
	})
	if n == 0 || float64(ends[n-1]) < minTrim*float64(len(p.Text)) {
		return nil
	}
	return cut(ends[n-1])
}

// evidence numbers ps and writes the prompt. Where a counter breaks its
// promise about joined texts, passages are dropped from the end until the
// budget holds.
func (a *assembler) evidence(ps []*Passage) (*Evidence, error) {
	for {
		for i, p := range ps {
			p.Number = i + 1
		}
		nonce := nonceOf(a.secret, a.question, ps)
		var blocks strings.Builder
		for _, p := range ps {
			blocks.WriteString(block(p, nonce))
		}
		prompt := frame(a.question, nonce, blocks.String())
		a.manifest.Tokens = a.counter.Count(prompt)
		if a.manifest.Tokens > a.manifest.Budget && len(ps) > 0 {
			a.manifest.revise(ps[len(ps)-1], Dropped, "over the budget")
			ps = ps[:len(ps)-1]
			continue
		}
		e := &Evidence{Question: a.question, Nonce: nonce, prompt: prompt}
		f := newFocus(a.question)
		for _, p := range ps {
			e.Passages = append(e.Passages, *p)
			e.Citations = append(e.Citations, cite(p, f))
		}
		a.manifest.number(e.Passages)
		e.Manifest = a.manifest
		return e, nil
	}
}

// arrange puts passages, best first, into the order o.
func arrange(ps []*Passage, o Order) []*Passage {
	switch o {
	case ByDocument:
		first := map[string]int{}
		for i, p := range ps {
			if _, ok := first[p.DocID]; !ok {
				first[p.DocID] = i
			}
		}
		slices.SortStableFunc(ps, func(a, b *Passage) int {
			return cmp.Or(cmp.Compare(first[a.DocID], first[b.DocID]), cmp.Compare(a.Start, b.Start))
		})
	case BothEnds:
		out := make([]*Passage, len(ps))
		for i, p := range ps {
			if i%2 == 0 {
				out[i/2] = p
			} else {
				out[len(ps)-1-i/2] = p
			}
		}
		return out
	}
	return ps
}

// floor returns the greatest UTF-8 boundary of s that is at most n.
func floor(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return max(n, 0)
}
