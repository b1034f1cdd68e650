package rag

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A Shard is one of N parts of the work of a sync: N processes, each with an I of
// its own from 0 on, fill one store together, each with the Refs that a hash
// gives to its part. The zero Shard is the whole.
type Shard struct{ I, N int }

// check returns an error that wraps ErrInvalid for a part that there is not.
func (s Shard) check() error {
	if s == (Shard{}) || 0 <= s.I && s.I < s.N {
		return nil
	}
	return fmt.Errorf("%w: shard %d of %d", ErrInvalid, s.I, s.N)
}

// whole reports whether s is all of the work.
func (s Shard) whole() bool { return s.N <= 1 }

// has reports whether a Ref is in the part.
func (s Shard) has(ref string) bool {
	if s.whole() {
		return true
	}
	sum := sha256.Sum256([]byte(ref))
	return binary.LittleEndian.Uint64(sum[:])%uint64(s.N) == uint64(s.I)
}

// String returns I and N, as "1/4"; the whole is "0/1".
func (s Shard) String() string {
	if s.whole() {
		return "0/1"
	}
	return fmt.Sprintf("%d/%d", s.I, s.N)
}
