package assemble

import "github.com/quarry-go/quarry/store"

// A Manifest is the account of a context: what became of each hit, and what
// the tokens were spent on.
type Manifest struct {
	Entries []Entry // one a hit, in the order in which they were decided
	// Budget is what the prompt may cost and Tokens what it costs, in the
	// units of the counter.
	Budget, Tokens int
}

// An Entry is what became of one hit.
type Entry struct {
	ChunkID string
	DocID   string
	Fate    Fate
	Reason  string // empty for a chunk that was kept as it is
	Passage int    // number of the passage that holds it; 0 if dropped
	Score   float64
}

// Fate is what became of a hit.
type Fate string

// The fates.
const (
	Kept    Fate = "kept"    // it is a passage, or starts one
	Merged  Fate = "merged"  // it is part of a passage
	Trimmed Fate = "trimmed" // it is in a passage that was cut to fit the budget
	Dropped Fate = "dropped" // it is not in the context
)

func (m *Manifest) note(h *store.Hit, f Fate, reason string) {
	m.Entries = append(m.Entries, Entry{ChunkID: h.Chunk.ID, DocID: h.Chunk.DocID, Fate: f, Reason: reason, Score: h.Score})
}

// revise changes the entries of p's chunks.
func (m *Manifest) revise(p *Passage, f Fate, reason string) {
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Fate == Dropped {
			continue
		}
		for _, id := range p.Chunks {
			if e.ChunkID == id {
				e.Fate, e.Reason = f, reason
			}
		}
	}
}

// number writes the passages' numbers into the entries.
func (m *Manifest) number(ps []Passage) {
	for _, p := range ps {
		for i := range m.Entries {
			e := &m.Entries[i]
			for _, id := range p.Chunks {
				if e.Fate != Dropped && e.ChunkID == id {
					e.Passage = p.Number
				}
			}
		}
	}
}
