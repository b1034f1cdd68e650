package cite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/quarry-go/quarry/internal/sanitize"
)

func TestMarkers(t *testing.T) {
	for _, c := range []struct {
		in   string
		want string
	}{
		{"", ""},
		{"One [1]. Two[2].", "1@4-7 2@12-15"},
		{"Both [1, 2] and [3;4].", "1@5-11 2@5-11 3@16-21 4@16-21"},
		{"A range [2-4].", "2@8-13 3@8-13 4@8-13"},
		{"A range [2–4].", "2@8-15 3@8-15 4@8-15"},
		{"Backwards [4-2] and long [1-9999].", "4@10-15 2@10-15 1@25-33 9999@25-33"},
		{"Code `a[1]` is none, text [2] is.", "2@26-29"},
		{"``b[1]` [2]`` [3]", "3@14-17"},
		{"An open `a[1] is text.", "1@10-13"},
		{"[x] [12345] [] [ 7 ]", "7@15-20"},
		{"[1][2]", "1@0-3 2@3-6"},
	} {
		var got []string
		for _, m := range Markers(c.in) {
			got = append(got, fmt.Sprintf("%d@%d-%d", m.Number, m.Start, m.End))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("Markers(%q) = %s, want %s", c.in, s, c.want)
		}
	}
}

func TestVerify(t *testing.T) {
	sources := []Source{
		{1, "Refunds above 500 need the approval\nof finance.", 100},
		{2, "Travel is booked a week ahead.", 0},
	}
	for _, c := range []struct {
		name, answer string
		want         []string // sentence: verdict
		uncited      []string
	}{
		{"no quotation", "Finance approves them [1].", []string{"Finance approves them [1].: unchecked"}, nil},
		{"exact", `They "need the approval of finance" [1].`, []string{`They "need the approval of finance" [1].: quoted`}, nil},
		{"exact with a stop", `It says “need the approval of finance.” [1]`, []string{`It says “need the approval of finance.” [1]: quoted`}, nil},
		{"changed", `They "need the approval of sales" [1].`, []string{`They "need the approval of sales" [1].: misquoted`}, nil},
		{"wrong passage", `They "need the approval of finance" [2].`, []string{`They "need the approval of finance" [2].: misquoted`}, nil},
		{"half", `"Refunds" and "money" [1].`, []string{`"Refunds" and "money" [1].: partial`}, nil},
		{"invented", "So it is [7].", []string{"So it is [7].: unknown"}, nil},
		{"after the stop", "Finance approves. [1] Travel is early. [2]",
			[]string{"Finance approves. [1]: unchecked", "Travel is early. [2]: unchecked"}, nil},
		{"uncited", "Nobody knows. Finance approves [1]. Is that so?", []string{"Finance approves [1].: unchecked"}, []string{"Nobody knows."}},
		{"two passages", "Both hold [1, 2].", []string{"Both hold [1, 2].: unchecked", "Both hold [1, 2].: unchecked"}, nil},
	} {
		r := Verify(c.answer, sources)
		var got, uncited []string
		for _, x := range r.Citations {
			got = append(got, c.answer[x.SentenceStart:x.SentenceEnd]+": "+string(x.Verdict))
		}
		for _, u := range r.Uncited {
			uncited = append(uncited, c.answer[u[0]:u[1]])
		}
		if !slices.Equal(got, c.want) || !slices.Equal(uncited, c.uncited) {
			t.Errorf("%s:\n got %q, uncited %q\nwant %q, uncited %q", c.name, got, uncited, c.want, c.uncited)
		}
	}
}

func TestQuotePlaceInDocument(t *testing.T) {
	doc := "Preface. Refunds  above\n500 need\u200b approval."
	src := Source{1, doc[9:], 9}
	answer := `See "above 500 need approval" [1].`
	q := Verify(answer, []Source{src}).Citations[0].Quotes[0]
	if got, want := doc[q.SourceStart:q.SourceEnd], "above\n500 need\u200b approval"; !q.Found || got != want {
		t.Errorf("found %v, %q, want %q", q.Found, got, want)
	}
	if got := answer[q.Start:q.End]; got != "above 500 need approval" {
		t.Errorf("quotation %q", got)
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		text, quote string
		want        string // as it stands in the text; empty if it does not
	}{
		{"They are unable to pay.", "able to pay", ""},
		{"They are able to pay.", "able to pay", "able to pay"},
		{"unable, able", "able", "able"},
		{"It costs 1,500 euros.", "500 euros", ""},
		{"It costs 1,500 euros.", "costs 1", ""},
		{"It costs 2.50 euros, or 50.", "50", "50"},
		{"It costs 500, or 600.", "500", "500"},
		{"It is 500.", "It is 500.", "It is 500."},
		{"It is over.", "It is ov.", ""},
		{"cafe\u0301 au lait", "cafe", ""},
		{"费用为五百元整。", "五百元", "五百元"},
		{"서울에서 왔다", "서울", "서울"},
		{"It doesn\u2019t matter.", "doesn't matter", "doesn\u2019t matter"},
		{"end of a page\fand the next", "page and the", "page\fand the"},
		{"an icon \ue001inside", "icon inside", "icon \ue001inside"},
		{"re\u00adfund", "refund", "re\u00adfund"},
		{"", "x", ""},
	} {
		a, b, ok := read(c.text).find(c.quote)
		if c.text[a:b] != c.want || ok != (c.want != "") {
			t.Errorf("%q in %q: %q, %v", c.quote, c.text, c.text[a:b], ok)
		}
	}
}

// What a model was shown has no hidden characters, and what it quotes of that
// is found.
func TestFindWhatWasShown(t *testing.T) {
	text := "A\u3164 b\u0007ell\ufe00 ra\U000e0041ng; \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645."
	if _, _, ok := read(text).find(sanitize.Text(text)); !ok {
		t.Errorf("%q is not found in %q", sanitize.Text(text), text)
	}
}

// TestWorkIsBounded gives an answer in which everything cites and quotes
// everything: it must not cost the product of its parts.
func TestWorkIsBounded(t *testing.T) {
	passage := strings.Repeat("some words of a passage ", 1000)
	answer := strings.Repeat(`"a passage some" `, 500) + strings.Repeat("[1][2-30]", 500)
	sources := make([]Source, 30)
	for i := range sources {
		sources[i] = Source{Number: i + 1, Text: passage}
	}
	var r Report
	if n := testing.AllocsPerRun(1, func() { r = Verify(answer, sources) }); n > 60_000 {
		t.Errorf("%v allocations", n)
	}
	if len(r.Citations) != 15_000 || r.Citations[0].Verdict != Quoted {
		t.Errorf("%d citations", len(r.Citations))
	}
}

func FuzzVerify(f *testing.F) {
	for _, s := range []string{"", "a [1].", `"x" [1][2] [1-3]`, "`[1]`", "“”[9]", "[1] a. [1] b", "\xff[1]\"\xfe\""} {
		f.Add(s, "some text x")
	}
	f.Fuzz(func(t *testing.T, answer, text string) {
		r := Verify(answer, []Source{{1, text, 0}, {2, answer, 0}})
		if len(r.Citations) != len(Markers(answer)) {
			t.Fatalf("%d citations for %d markers", len(r.Citations), len(Markers(answer)))
		}
		for _, c := range r.Citations {
			if c.SentenceStart > c.Start || c.End > c.SentenceEnd {
				t.Fatalf("marker [%d:%d] outside of its sentence [%d:%d]", c.Start, c.End, c.SentenceStart, c.SentenceEnd)
			}
			for _, q := range c.Quotes {
				src := map[int]string{1: text, 2: answer}[c.Number]
				if !q.Found {
					continue
				}
				a, b := read(src[q.SourceStart:q.SourceEnd]).text, read(answer[q.Start:q.End]).text
				if !utf8.ValidString(answer) || !utf8.ValidString(text) {
					continue
				}
				if a != b && a != strings.TrimRight(b, ".,;:!? ") {
					t.Fatalf("quote %q found as %q", b, a)
				}
			}
		}
	})
}
