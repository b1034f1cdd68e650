package bm25

import "math"

// The two parameters of BM25: how soon repetitions of a term stop to count, and how much long entries pay for their
// length.
const (
	K1 = 1.2
	B  = 0.75
)

// Stats is what scoring has to know of a collection. The statistics of a collection kept in parts are the sums of
// those of the parts.
type Stats struct {
	Entries int    // N, entries without terms included
	Length  uint64 // terms in all entries, repetitions included
}

// A Scorer computes BM25 over one collection: the sum over the terms of a query of
//
//	weight * idf * tf / (tf + K1*(1 - B + B*length/average))
//	idf = ln(1 + (N - df + 0.5) / (df + 0.5))
//
// after Robertson et al., "Okapi at TREC-3" (1994), with the idf that is never negative, and without the constant
// factor K1+1, which ranks nothing differently: a term adds at most its weight times its idf.
type Scorer struct {
	entries float64
	base    float64 // K1*(1-B)
	perTerm float64 // K1*B/average
}

// NewScorer returns the scorer of a collection.
func NewScorer(s Stats) Scorer {
	c := Scorer{entries: float64(s.Entries), base: K1 * (1 - B)}
	if s.Length > 0 {
		c.perTerm = K1 * B * float64(s.Entries) / float64(s.Length)
	}
	return c
}

// IDF returns the weight of a term that df entries of the collection contain.
func (c Scorer) IDF(df int) float64 {
	n := float64(df)
	return math.Log(1 + (c.entries-n+0.5)/(n+0.5))
}

// Norm returns what an entry of the given length in terms adds to the denominator.
func (c Scorer) Norm(length uint32) float64 {
	// The conversion forbids a fused multiply-add, so that every caller gets the same bits.
	return c.base + float64(c.perTerm*float64(length))
}

// Score returns what a term of the given weight (its share of the query times its idf) adds to the score of an entry
// that has it tf times.
func Score(weight float64, tf uint32, norm float64) float64 {
	f := float64(tf)
	return weight * f / (f + norm)
}
