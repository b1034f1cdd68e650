package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var texts = []string{
	"",
	"It's the retrieval-augmented generation of passages, isn't it? 3.14 per cent of 1,000 of them.",
	"func (s *Server) handleHTTPRequest(w http.ResponseWriter) error { return json.NewEncoder(w).Encode(max_tokens) }",
	"The U.S. and the US; e.g. WHO's guidelines. mRNA, siRNAs, TNFalpha and β-catenin, H₂O, 5'-UTR.",
	"Schrödinger's naïve Ærøskøbing, İstanbul ılık, Ǆungla, ﬁancé, Straße, ＦＵＬＬ ｗｉｄｔｈ",
	"Съешь ещё этих мягких французских булок. Λόγος, ΣΊΣΥΦΟΣ. שָׁלוֹם العَرَبِيَّة हिन्दी में",
	"检索增强生成（RAG）用2024年的数据。検索拡張生成はカタカナとひらがな、ｶﾞｷﾞ。검색 증강 생성, ภาษาไทยไม่มีช่องว่าง",
	"soft\u00adhyphen zero\u200bwidth join\u200der e\u0301 \u0301alone a\u034fb 1\ufe0f\u20e3 葛\U000e0100城 🚀",
	"bad \xff\xfe bytes\xc3 cut\xe4\xb8 \x00 nul",
	"\u010a\u0e48\u0e2d",
	strings.Repeat("long", 40) + " " + strings.Repeat("é", 300) + " " + strings.Repeat("a_", 50) + " " + strings.Repeat("\u0430\u0301", 300),
}

func collect(s string) []string {
	var out []string
	for t := range (Analyzer{}).Terms(s) {
		out = append(out, string(t))
	}
	return out
}

func FuzzTerms(f *testing.F) {
	for _, s := range texts {
		f.Add(s, "other_Words")
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		all := collect(s)
		for _, x := range all {
			if len(x) == 0 || len(x) > MaxTerm || !utf8.ValidString(x) || strings.ContainsAny(x, " ._'\x00\ufffd") {
				t.Fatalf("%q gives the term %q", s, x)
			}
		}
		if two, want := collect(s+" "+other), slices.Concat(all, collect(other)); !slices.Equal(two, want) {
			t.Fatalf("%q and %q apart give %q, together %q", s, other, want, two)
		}
		if len(all) > 0 {
			n := 0
			for range (Analyzer{}).Terms(s) {
				if n++; n == (len(all)+1)/2 {
					break
				}
			}
		}
		if len(s) < MaxTerm { // cutting long words is not blind to the form they come in
			if composed, parts := collect(norm.NFC.String(s)), collect(norm.NFD.String(s)); !slices.Equal(composed, parts) {
				t.Fatalf("%q gives %q composed and %q decomposed", s, composed, parts)
			}
		}
	})
}
