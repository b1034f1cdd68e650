package text

import (
	"strings"
	"testing"
)

var cases = []struct{ name, text, want string }{
	{"empty", "", ""},
	{"function words", "The cat and the dogs of whom I am fond.", "cat dog fond"},
	{"case", "Retrieval RETRIEVAL retrieval", "retriev retriev retriev"},
	{"possessive", "The company's dogs' tails, Moses's", "compani dog tail mose"},
	{"typographic apostrophe", "company’s don’t o’clock", "compani oclock"},
	{"contraction", "they're rock'n'roll", "rocknrol"},
	{"numbers", "3.14 and 2019, p<0.05", "3 14 2019 p 0 05"},
	{"snake", "read_file_at", "read file readfileat"},
	{"camel", "parseFile HTTPServer newJSONReader", "parsefil pars file httpserver http server newjsonread new json reader"},
	{"qualified", "fmt.Println(x)", "fmt println fmtprintln x"},
	{"camel of biology", "mRNA PhD iPhone siRNAs GPCRs", "mrna phd iphon sirna gpcr"},
	{"camel without capitals at the end", "getURL userID isValid", "geturl get url userid user id isvalid valid"},
	{"mixed identifier", "HTTP_StatusCode.Text", "http statuscod statu code text httpstatuscodetext"},
	{"underscores around", "__init__ _x a__b", "init x b ab"},
	{"stop before a number", "v1.2 e.3", "v1 2 e 3"},
	{"stop after a capital", "see Dr.Smith", "see dr smith drsmith"},
	{"sentence end", "the end. Next", "end next"},
	{"acronym", "the US and us; WHO knows who", "us who know"},
	{"dotted acronym", "the U.S. economy", "u s us economi"},
	{"diacritics", "Schrödinger naïve Ærø Straße", "schroding naiv aero strass"},
	{"decomposed", "Schro\u0308dinger", "schroding"},
	{"ligature and width", "ﬁnding ＡＢＣ", "find abc"},
	{"soft hyphen", "exam\u00adple", "exampl"},
	{"subscript", "H₂O x²", "h2o x2"},
	{"greek", "Λόγος ΛΌΓΟΣ", "λο\u0301γοσ λο\u0301γοσ"},
	{"cyrillic keeps its letters", "Йод", "и\u0306од"},
	{"chinese", "检索增强", "检 索 检索 增 索增 强 增强"},
	{"mixed", "用Go写2次", "用 go 写 2 次"},
	{"thai", "ภาษา", "ภ า ภา ษ าษ า ษา"},
	{"japanese", "カレー。", "カ レ カレ ー レー"},
	{"half width", "ｶﾞ", "ガ"},
	{"korean", "한국 말", "한 국 한국 말"},
	{"korean decomposed", "\u1112\u1161\u11ab", "한"},
	{"invalid UTF-8", "a\xffbc\xc3", "bc"},
	{"emoji", "go 🚀 fast 1️⃣", "go fast 1"},
}

func TestTerms(t *testing.T) {
	for _, c := range cases {
		if got := strings.Join(collect(c.text), " "); got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.name, c.text, got, c.want)
		}
	}
}
