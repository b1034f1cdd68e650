package chunk

import (
	"slices"
	"strings"

	"github.com/quarry-go/quarry/loaders"
)

// A packing is one document on its way through a [Packer]. It holds atoms up
// to half a piece ahead of the piece in hand, and nothing else of the text.
type packing struct {
	*Packer
	text  string
	scan  scanner
	path  path
	marks marker

	atoms []atom // those that end after start
	eof   bool   // there are no others

	start int  // of the piece in hand
	base  int  // size of the text before start, as atoms sum it
	fresh rank // of the border at start
	done  int  // end of the piece before; start is less where it overlaps
}

func newPacking(p *Packer, d *loaders.Document) *packing {
	return &packing{Packer: p, text: d.Text, scan: newScanner(p, d.Text, d.Spans), path: newPath(p, d), marks: newMarker(d)}
}

// next returns the next piece; ok is false after the last.
func (k *packing) next() (piece Piece, ok bool) {
	for {
		if k.fill(0); len(k.atoms) == 0 {
			return Piece{}, false
		}
		k.path.advance(k.start)
		prefix, units := k.path.line()
		x, ok := k.choose(prefix, k.size-units)
		if !ok && k.start < k.done {
			k.back() // no room beside the overlap
			continue
		}
		if !ok && prefix != "" {
			prefix = ""
			x, ok = k.choose(prefix, k.size)
		}
		if !ok { // one grapheme cluster or code point that is over the size, or as good as
			x = 0
		}
		piece = Piece{Start: k.start, End: k.atoms[x].end, Prefix: prefix}
		blank := strings.TrimSpace(k.text[max(piece.Start, k.done):piece.End]) == ""
		if !blank {
			piece.Marks = k.marks.within(piece.Start, piece.End)
		}
		k.advance(x, !blank)
		if !blank {
			return piece, true
		}
	}
}

// fill reads atoms until the text after start is over n, or ends.
func (k *packing) fill(n int) {
	for !k.eof && (len(k.atoms) == 0 || k.atoms[len(k.atoms)-1].sum-k.base <= n) {
		a, ok := k.scan.next()
		if !ok {
			k.eof = true
			return
		}
		k.atoms = append(k.atoms, a)
	}
}

// choose returns the atom that ends the piece, so that prefix and text are
// not over the size. ok is false where nothing fits.
func (k *packing) choose(prefix string, room int) (x int, ok bool) {
	for tries, limit := 0, room; ; tries++ {
		x, ok := k.border(limit)
		if !ok {
			if k.start < k.done || !k.refine() {
				return 0, false
			}
			limit = room
			continue
		}
		if k.unit.additive() {
			return x, true
		}
		over := k.unit.count(Join(prefix, k.text[k.start:k.atoms[x].end])) - k.size
		if over <= 0 {
			return x, true
		}
		limit = k.atoms[x].sum - k.base - over
		if tries > 2 {
			limit /= 2
		}
	}
}

// border returns the atom at whose end a piece of at most limit units is best
// cut; ok is false where none fits that ends after the piece before.
func (k *packing) border(limit int) (x int, ok bool) {
	k.fill(limit + limit/2)
	first, fit := 0, 0
	for ; fit < len(k.atoms) && k.atoms[fit].sum-k.base <= limit; fit++ {
		if k.atoms[fit].end <= k.done {
			first = fit + 1
		}
	}
	if fit <= first {
		return 0, false
	}
	if x, ok := k.sections(first, fit, limit); ok {
		return x, true
	}
	return k.window(first, fit, limit), true
}

// sections chooses among the borders between sections, for a piece of whole
// ones. It goes on into the next section while the piece is short, if all of
// that section fits and it is not above the one where the piece began.
func (k *packing) sections(first, fit, limit int) (x int, ok bool) {
	hard := k.path.rank()
	if k.fresh >= section {
		hard = k.fresh + 1
	}
	at := -1
	for x := first; x < fit; x++ {
		r := k.atoms[x].rank
		if k.eof && x == len(k.atoms)-1 {
			r = top
		}
		if r < section || at >= 0 && r < k.atoms[at].rank {
			continue
		}
		at = x
		if r >= hard || r == top {
			return at, true
		}
		if k.units(x) >= limit/join {
			break
		}
	}
	return at, at >= 0 && k.units(at) >= limit/tiny
}

// Shares of the size.
const (
	join = 2  // a piece of half the size takes in no further section
	tiny = 16 // a section below that does not stand alone
	tail = 4  // what is left of a section is not cut smaller, if it can be helped
)

// window chooses the best border in the last quarter of the piece, so that the
// rest of the section is not left too small. Among equals the text around them
// decides and not how far they are from start: after an edit pieces soon begin
// and end where they did before, and keep their vectors.
func (k *packing) window(first, fit, limit int) int {
	hi := limit
	for x := fit; x < len(k.atoms); x++ {
		if k.atoms[x].rank >= section || k.eof && x == len(k.atoms)-1 {
			hi = min(limit, k.units(x)-limit/tail)
			break
		}
	}
	best, last := -1, first
	var hash uint32 // of best
	for x := first; x < fit && k.units(x) <= hi; x++ {
		last = x
		if k.units(x) < limit/4*3 || best >= 0 && k.atoms[x].rank < k.atoms[best].rank {
			continue
		}
		h := surroundings(k.text, k.atoms[x].end)
		if best < 0 || k.atoms[x].rank > k.atoms[best].rank || h >= hash {
			best, hash = x, h
		}
	}
	if best < 0 {
		return last
	}
	return best
}

// surroundings returns a hash (FNV-1a) of the bytes around offset i.
func surroundings(text string, i int) uint32 {
	const reach = 16
	h := uint32(2166136261)
	for j := max(0, i-reach); j < min(len(text), i+reach); j++ {
		h = (h ^ uint32(text[j])) * 16777619
	}
	return h
}

// units returns the size of the text from start to the end of atom x.
func (k *packing) units(x int) int { return k.atoms[x].sum - k.base }

// refine cuts the first atom into smaller ones; it reports whether it could.
func (k *packing) refine() bool {
	fine := k.split(k.start, k.base, k.atoms[0])
	if len(fine) < 2 {
		return false
	}
	k.atoms = append(fine, k.atoms[1:]...)
	return true
}

// split returns the smallest atoms of the text from offset from, where the
// sum is base, to the end of a.
func (k *packing) split(from, base int, a atom) []atom {
	sub := k.scan.within(from, a.end)
	sub.sum = base
	var fine []atom
	for {
		b, ok := sub.next()
		if !ok {
			break
		}
		b.sum = min(b.sum, a.sum)
		fine = append(fine, b)
	}
	fine[len(fine)-1] = a
	return fine
}

// advance goes on behind atom x, or before its end if the next piece is to
// overlap.
func (k *packing) advance(x int, overlap bool) {
	a := k.atoms[x]
	k.done = a.end
	if overlap && k.overlap > 0 && a.rank < section {
		if b, ok := k.again(x); ok {
			k.move(b, grapheme)
			return
		}
	}
	k.move(a, a.rank)
}

// back gives up the overlap.
func (k *packing) back() {
	for _, a := range k.atoms {
		if a.end == k.done {
			k.move(a, grapheme)
			return
		}
	}
}

// move lets the next piece begin at the end of a.
func (k *packing) move(a atom, fresh rank) {
	n := 0
	for n < len(k.atoms) && k.atoms[n].end <= a.end {
		n++
	}
	k.atoms = k.atoms[:copy(k.atoms, k.atoms[n:])]
	k.start, k.base, k.fresh = a.end, a.sum, fresh
}

// again returns the atom behind which the overlap with the piece that ends at
// atom x begins: at the best border within reach, the first of equals, and in
// the piece's last section.
func (k *packing) again(x int) (from atom, ok bool) {
	last := k.atoms[x]
	reach := func(list []atom) []atom {
		n, _ := slices.BinarySearchFunc(list, 0, func(a atom, _ int) int {
			if k.repeats(a, last) > k.overlap {
				return -1
			}
			return 1
		})
		return list[n:]
	}
	list := k.atoms[:x]
	for n := x - 1; n >= 0; n-- {
		if list[n].rank >= section {
			list = list[n:]
			break
		}
	}
	near := reach(list)
	if len(near) == 0 {
		begin, base := k.start, k.base
		if x > 0 {
			begin, base = k.atoms[x-1].end, k.atoms[x-1].sum
		}
		fine := k.split(begin, base, last)
		if near = reach(fine[:len(fine)-1]); len(near) == 0 {
			return atom{}, false
		}
	}
	from = near[0]
	for _, a := range near {
		if a.rank > from.rank {
			from = a
		}
	}
	return from, true
}

// repeats returns the size of the text from the end of a to the end of b.
func (k *packing) repeats(a, b atom) int {
	if k.unit.additive() {
		return b.sum - a.sum
	}
	return k.unit.count(k.text[a.end:b.end])
}
