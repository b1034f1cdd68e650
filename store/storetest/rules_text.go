package storetest

import (
	"fmt"
	"slices"

	"github.com/quarry-go/quarry/store"
)

// The rules on text use made-up words that no analyzer stems alike or drops.
var textRules = []rule{
	{"shared-term", "a text query finds every chunk that shares a term with it, and no other", testSharedTerm},
	{"prefix", "Prefix is indexed with Text", testPrefix},
	{"only-text", "a text query looks in Prefix and Text alone", testOnlyText},
	{"best-match", "a chunk that matches the words better comes first", testBestMatch},
	{"plain-words", "no syntax is special in Query.Text", testPlainWords},
}

// found compares what a text query finds, in any order.
func (s *shelf) finds(text string, want ...string) {
	got := slices.Sorted(slices.Values(hitIDs(s.search(store.Query{Text: text, K: 100}))))
	slices.Sort(want)
	if d := diffIDs(want, got); d != "" {
		s.t.Faultf("Search for the text %q: %s", text, d)
	}
}

func testSharedTerm(t *trial) {
	t.needText()
	s := t.empty()
	s.put(
		t.chunk("a", "doc", "quixnar velbort"),
		t.chunk("b", "doc", "velbort, zandril."),
		t.chunk("c", "doc", "zandril (morfeth)\nplukka"),
		t.chunk("empty", "doc", ""),
		t.chunk("blank", "doc", " \n\t"),
		t.chunk("marks", "doc", "?!... --"),
	)
	s.finds("quixnar", "a")
	s.finds("velbort", "a", "b")
	s.finds("plukka quixnar", "a", "c")
	s.finds("nosuchword zandril", "b", "c")
	s.finds("nosuchword")
	s.finds("quix velb lukka")
	s.finds(" ?! \n")
	s.finds("velbort velbort velbort", "a", "b")
	hits := s.search(store.Query{Text: "velbort zandril", K: 10, Filter: store.IDs("a", "c", "empty")})
	if d := diffIDs([]string{"a", "c"}, slices.Sorted(slices.Values(hitIDs(hits)))); d != "" {
		t.Faultf("Search for the text \"velbort zandril\" among a, c and empty: %s", d)
	}
}

func testPrefix(t *trial) {
	t.needText()
	s := t.empty()
	c := t.chunk("a", "doc", "velbort")
	c.Prefix = "quixnar > zandril"
	s.put(c, t.chunk("b", "doc", "morfeth"))
	s.finds("zandril", "a")
	s.finds("quixnar morfeth", "a", "b")
	c.Prefix = "plukka"
	s.put(c)
	s.finds("plukka", "a")
	s.finds("zandril")
}

func testOnlyText(t *trial) {
	t.needText()
	s := t.empty()
	c := t.chunk("quixnar", "quixnar", "velbort")
	c.Source, c.Version, c.EmbedKey = "quixnar", "quixnar", "quixnar"
	c.Origin = store.Origin{URI: "quixnar", Title: "quixnar", Lang: "quixnar", Principals: []string{"quixnar"}}
	c.Marks = []store.Mark{{Kind: "heading", Label: "quixnar", Anchor: "quixnar"}}
	c.Meta = map[string]any{"lang": "quixnar", "tags": []string{"quixnar"}}
	s.put(c)
	s.finds("quixnar")
	s.finds("velbort", "quixnar")
}

func testBestMatch(t *trial) {
	t.needText()
	s := t.empty()
	var chunks []store.Chunk
	for i := range 10 {
		chunks = append(chunks, t.chunk(fmt.Sprintf("a%d", i), "doc", "velbort morfeth plukka dwimmo"), t.chunk(fmt.Sprintf("b%d", i), "doc", "quixnar morfeth plukka dwimmo"))
	}
	s.put(append(chunks, t.chunk("z", "doc", "velbort quixnar plukka dwimmo"))...)
	hits := s.search(store.Query{Text: "velbort quixnar", K: 3})
	if len(hits) == 0 || hits[0].Chunk.ID != "z" {
		t.Faultf("Search for two words: %s first, want the only chunk that has both", list(hitIDs(hits)))
	}
}

func testPlainWords(t *trial) {
	t.needText()
	s := t.empty()
	s.put(t.chunk("a", "doc", "velbort"), t.chunk("b", "doc", "velbort quixnar"), t.chunk("c", "doc", "zandril"))
	for _, text := range []string{
		`velbort -quixnar`, `velbort !quixnar`, `+velbort +nosuchword`, `"velbort nosuchword"`, `velbort & nosuchword`, `velbort <-> nosuchword`,
		`velbort ~2`, `velbort ^9`, `( velbort`, `velbort )`, `{ velbort ] "`, `velbort '`, `velbort \`, `velbort : *`, `velbort ; --`, `* velbort ?`,
		`velbort | | &`, `/ velbort /`, `velbort $ @ # % = <>`, "velbort\n\t\r", `field : velbort`, `<b> velbort </b>`,
	} {
		s.finds(text, "a", "b")
	}
	for _, text := range []string{`*`, `vel*`, `/velb.*/`, `v?lbort`, `%`, `_______`, `.*`, `"`, `\`, `(`, `*:*`, `{}`, `[* TO *]`} {
		s.finds(text)
	}
	for _, text := range append(Strings(), "a\x00b") {
		if text != "" {
			s.search(store.Query{Text: text, K: 3})
		}
	}
}
