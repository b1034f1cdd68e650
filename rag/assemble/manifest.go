package assemble

// A Manifest is the account of a context: what became of each hit, and what
// the tokens were spent on.
type Manifest struct {
	Entries []Entry // one a hit, in the order of the hits
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
	Merged  Fate = "merged"  // it is part of a passage that another starts
	Trimmed Fate = "trimmed" // its first sentences are a passage
	Dropped Fate = "dropped" // it is not in the context
)

// drop notes that parts are not in the context.
func (a *assembler) drop(parts []part, reason string) {
	for _, q := range parts {
		e := &a.manifest.Entries[q.rank]
		e.Fate, e.Reason, e.Passage = Dropped, reason, 0
	}
}

// keep notes that the parts of p are in the context.
func (a *assembler) keep(p *piece) {
	for i, q := range p.parts {
		e := &a.manifest.Entries[q.rank]
		e.Passage = p.Number
		switch {
		case p.trimmed:
			e.Fate, e.Reason = Trimmed, "cut to fit the budget"
		case i == 0:
			e.Fate, e.Reason = Kept, ""
		default:
			e.Fate, e.Reason = Merged, "touches a passage of its document"
		}
	}
}
