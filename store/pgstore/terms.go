package pgstore

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/quarry-go/quarry/internal/text"
)

// count returns the terms of a text, sorted, as the index holds them, and how
// often each is there. A term is a hash of the namespace and the word: what other
// namespaces keep costs a search nothing, and numbers compare fast.
func count(ns, s string) (terms []int64, counts []int32) {
	hash := sha256.New()
	times := map[int64]int32{}
	seen := map[string]int64{}
	for word := range (text.Analyzer{}).Terms(s) {
		term, ok := seen[string(word)]
		if !ok {
			var sum [sha256.Size]byte
			hash.Reset()
			hash.Write([]byte(ns))
			hash.Write([]byte{0})
			hash.Write(word)
			term = int64(binary.LittleEndian.Uint64(hash.Sum(sum[:0])))
			seen[string(word)] = term
			terms = append(terms, term)
		}
		times[term]++
	}
	slices.Sort(terms)
	terms = slices.Compact(terms)
	counts = make([]int32, len(terms))
	for i, t := range terms {
		counts[i] = times[t]
	}
	return terms, counts
}
