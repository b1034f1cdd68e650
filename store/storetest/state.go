package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/quarry-go/quarry/store"
)

// state is what one namespace holds, and the meaning of every operation on it.
// The chunks and records in it are its own and never change in place.
type state struct {
	chunks map[string]store.Chunk
	docs   map[string]store.Doc
	space  string
	dim    int
}

func newState() *state {
	return &state{chunks: map[string]store.Chunk{}, docs: map[string]store.Doc{}}
}

// checkSpace refuses vectors of another space or length than those seen.
func (s *state) checkSpace(c *store.Change) error {
	for i := range c.Upsert {
		v := c.Upsert[i].Vector
		if v == nil || s.space == "" {
			continue
		}
		if c.Space != s.space || len(v) != s.dim {
			return fmt.Errorf("%w: chunk %q has %d dimensions of %q, the store %d of %q",
				store.ErrSpace, c.Upsert[i].ID, len(v), c.Space, s.dim, s.space)
		}
	}
	return nil
}

// apply makes a change that Validate and checkSpace accepted.
func (s *state) apply(c *store.Change) store.Changed {
	gone, records := s.losses(c.Delete)
	for _, id := range gone {
		delete(s.chunks, id)
	}
	for _, id := range records {
		delete(s.docs, id)
	}
	upserted := map[string]bool{}
	for _, u := range c.Upsert {
		s.put(u, c.Space)
		upserted[u.ID] = true
	}
	written := map[string]bool{}
	for _, d := range c.Docs {
		s.putDoc(d)
		written[d.ID] = true
	}
	gone = slices.DeleteFunc(gone, func(id string) bool { return upserted[id] })
	return store.Changed{Upserted: len(upserted), Deleted: len(gone), Docs: len(written)}
}

func (s *state) put(u store.Chunk, space string) {
	if u.Vector != nil && s.space == "" {
		s.space, s.dim = space, len(u.Vector)
	}
	s.chunks[u.ID] = u.Clone()
}

func (s *state) putDoc(d store.Doc) {
	d.Origin = d.Origin.Clone()
	s.docs[d.ID] = d
}

// losses returns, sorted, the IDs of the chunks that f matches and of the
// records that go with them; none for a nil f.
func (s *state) losses(f store.Filter) (chunks, docs []string) {
	if f == nil {
		return nil, nil
	}
	loses, has := map[string]bool{}, map[string]bool{}
	for id, c := range s.chunks {
		has[c.DocID] = true
		if store.Match(f, &c) {
			chunks = append(chunks, id)
			loses[c.DocID] = true
		}
	}
	for id, d := range s.docs {
		record := store.Chunk{DocID: d.ID, Source: d.Source, Origin: d.Origin}
		if loses[id] || !has[id] && store.Match(f, &record) {
			docs = append(docs, id)
		}
	}
	slices.Sort(chunks)
	slices.Sort(docs)
	return chunks, docs
}

func (s *state) get(ids []string, f store.Fields) []store.Chunk {
	var out []store.Chunk
	seen := map[string]bool{}
	for _, id := range ids {
		if c, ok := s.chunks[id]; ok && !seen[id] {
			seen[id] = true
			out = append(out, c.Select(f))
		}
	}
	return out
}

func (s *state) scan(q *store.ScanQuery) []store.Chunk {
	var out []store.Chunk
	for _, id := range slices.Sorted(maps.Keys(s.chunks)) {
		if c := s.chunks[id]; id > q.After && store.Match(q.Filter, &c) {
			out = append(out, c.Select(q.Fields))
		}
	}
	return out
}

func (s *state) records(q *store.DocQuery) []store.Doc {
	pass := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	var out []store.Doc
	for _, id := range slices.Sorted(maps.Keys(s.docs)) {
		d := s.docs[id]
		if pass(q.Sources, d.Source) && pass(q.Refs, d.Ref) && pass(q.IDs, d.ID) {
			d.Origin = d.Origin.Clone()
			out = append(out, d)
		}
	}
	return out
}

// search ranks what passes the filter: by cosine, or by BM25.
func (s *state) search(q *store.Query) ([]store.Hit, error) {
	var score func(*store.Chunk) (float64, bool)
	rank := store.Rank{Ranker: store.RankerVector, Metric: "cosine"}
	if q.Vector != nil {
		if s.space != "" && (len(q.Vector) != s.dim || q.Space != "" && q.Space != s.space) {
			return nil, fmt.Errorf("%w: query has %d dimensions of %q, the store %d of %q",
				store.ErrSpace, len(q.Vector), q.Space, s.dim, s.space)
		}
		score = func(c *store.Chunk) (float64, bool) { return cosine(q.Vector, c.Vector), c.Vector != nil }
	} else {
		rank = store.Rank{Ranker: store.RankerText, Metric: "bm25"}
		score = s.bm25(q.Text)
	}
	var hits []store.Hit
	for _, c := range s.chunks {
		if !store.Match(q.Filter, &c) {
			continue
		}
		if x, ok := score(&c); ok {
			rank.Score = x
			hits = append(hits, store.Hit{Chunk: c.Select(q.Fields), Score: x, Ranks: []store.Rank{rank}})
		}
	}
	slices.SortFunc(hits, func(a, b store.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Chunk.ID, b.Chunk.ID))
	})
	hits = hits[:min(q.K, len(hits))]
	for i := range hits {
		hits[i].Ranks[0].Position = i + 1
	}
	return hits, nil
}

// cosine of the angle between two vectors; 0 where their lengths differ.
func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

const analyzerName = "storetest: lower-case runs of letters and digits"

// terms cuts a text into its words.
func terms(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// bm25 returns the ranking function of Robertson and Zaragoza, The
// Probabilistic Relevance Framework: BM25 and Beyond (2009), with k1 1.2,
// b 0.75 and the idf ln(1 + (N-n+0.5)/(n+0.5)), over Prefix and Text. It is
// false for a chunk without a term of the query.
func (s *state) bm25(query string) func(*store.Chunk) (float64, bool) {
	const k1, b = 1.2, .75
	words := terms(query)
	slices.Sort(words)
	words = slices.Compact(words)
	count := map[string]map[string]int{} // term, chunk ID -> occurrences
	length := map[string]int{}
	total := 0
	for id, c := range s.chunks {
		for _, w := range terms(c.Prefix + "\n" + c.Text) {
			length[id]++
			total++
			if !slices.Contains(words, w) {
				continue
			}
			if count[w] == nil {
				count[w] = map[string]int{}
			}
			count[w][id]++
		}
	}
	n := float64(len(s.chunks))
	average := float64(total) / max(n, 1)
	return func(c *store.Chunk) (score float64, found bool) {
		for _, w := range words {
			tf := float64(count[w][c.ID])
			if tf == 0 {
				continue
			}
			df := float64(len(count[w]))
			idf := math.Log1p((n - df + .5) / (df + .5))
			score += idf * tf * (k1 + 1) / (tf + k1*(1-b+b*float64(length[c.ID])/average))
			found = true
		}
		return score, found
	}
}
