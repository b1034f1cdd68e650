package assemble

import (
	"cmp"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// join makes passages of hits: it drops chunks without text, repeats of a
// chunk and texts that are the same but for white space, and joins chunks of
// one version of a document that touch or overlap. The passages are in the
// order of their best hits. It notes in m what it dropped and joined.
func join(hits []store.Hit, m *Manifest) []*Passage {
	type key struct{ doc, version string }
	var order []key
	groups := map[key][]*store.Hit{}
	ids, texts := map[string]bool{}, map[string]bool{}
	for i := range hits {
		h := &hits[i]
		same := strings.Join(strings.Fields(h.Chunk.Text), " ")
		switch {
		case same == "":
			m.note(h, Dropped, "no text")
			continue
		case ids[h.Chunk.ID]:
			m.note(h, Dropped, "the same chunk")
			continue
		case texts[same]:
			m.note(h, Dropped, "the same text as a better hit")
			continue
		}
		ids[h.Chunk.ID], texts[same] = true, true
		k := key{h.Chunk.DocID, h.Chunk.Version}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], h)
	}

	rank := map[string]int{} // chunk ID -> place in hits
	for i := len(hits) - 1; i >= 0; i-- {
		rank[hits[i].Chunk.ID] = i
	}
	var out []*Passage
	for _, k := range order {
		g := groups[k]
		slices.SortStableFunc(g, func(a, b *store.Hit) int {
			return cmp.Or(cmp.Compare(a.Chunk.Start, b.Chunk.Start), cmp.Compare(b.Chunk.End, a.Chunk.End))
		})
		var p *Passage
		for _, h := range g {
			if p != nil && h.Chunk.Start <= p.End {
				p.add(h)
				m.note(h, Merged, "touches a passage of its document")
			} else {
				p = newPassage(h)
				out = append(out, p)
				m.note(h, Kept, "")
			}
		}
	}
	first := func(p *Passage) int {
		r := len(hits)
		for _, id := range p.Chunks {
			r = min(r, rank[id])
		}
		return r
	}
	slices.SortStableFunc(out, func(a, b *Passage) int { return cmp.Compare(first(a), first(b)) })
	return out
}

func newPassage(h *store.Hit) *Passage {
	c := h.Chunk.Clone()
	return &Passage{
		Text: c.Text, Start: c.Start, End: c.End,
		DocID: c.DocID, Source: c.Source, Version: c.Version, Chunks: []string{c.ID},
		Origin: c.Origin, Marks: c.Marks, Score: h.Score,
	}
}

// add extends p by a chunk that starts inside of it or at its end.
func (p *Passage) add(h *store.Hit) {
	c := &h.Chunk
	p.Chunks = append(p.Chunks, c.ID)
	p.Score = max(p.Score, h.Score)
	if c.End > p.End {
		p.Text += c.Text[p.End-c.Start:]
		p.End = c.End
	}
	for _, m := range c.Marks {
		if !slices.Contains(p.Marks, m) {
			p.Marks = append(p.Marks, m)
		}
	}
	slices.SortStableFunc(p.Marks, func(a, b store.Mark) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
	})
}
