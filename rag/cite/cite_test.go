package cite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
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
				a, _ := plain(src[q.SourceStart:q.SourceEnd])
				b, _ := plain(answer[q.Start:q.End])
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
