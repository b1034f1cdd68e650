package wal

// lax is a set of rules that are left out. It is empty but in tests, which show with it that each rule is
// needed: without it, they fail.
type lax uint16

const (
	laxPayload lax = 1 << iota // payload checksums are not compared
	laxHeader                  // header checksums are not compared
	laxChain                   // the previous record is not compared
	laxPromise                 // sync offsets promise nothing
	laxTail                    // a bad record is always a torn tail
	laxMark                    // no marks are written
	laxFail                    // a log goes on after a failed sync
	laxAnew                    // a log that nothing vouches for is not written anew
	laxResync                  // a cut is not synced
	laxCut                     // a mark behind a cut has no random number
)

func (l lax) has(rule lax) bool { return l&rule != 0 }
