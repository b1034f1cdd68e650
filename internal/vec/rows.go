package vec

// Rows keeps vectors of one length in contiguous memory, in the order in which they are added. A
// row never moves, so that what Add returned stays good while more is added. Memory is given back
// to the collector block by block, when nobody holds a row of the block any more.
//
// The zero Rows is ready for use. Add is for one goroutine at a time; rows may be read by any.
type Rows struct {
	block []float32 // the one that is being filled
	next  int       // rows in the block after it
}

// Blocks grow from the least to the most number of floats, so that a small set costs little and a
// large one is in few pieces.
const (
	leastBlock = 1 << 10
	mostBlock  = 1 << 18
)

// Add copies v behind the rows before it and returns the copy, which must not be changed.
func (r *Rows) Add(v []float32) []float32 {
	if cap(r.block)-len(r.block) < len(v) {
		r.next = min(max(2*r.next, leastBlock), mostBlock)
		r.block = make([]float32, 0, max(r.next, len(v)))
	}
	n := len(r.block)
	r.block = append(r.block, v...)
	return r.block[n:len(r.block):len(r.block)]
}
