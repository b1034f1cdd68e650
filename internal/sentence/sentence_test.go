package sentence

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func split(s string) (out []string) {
	for a, b := range Spans(s) {
		out = append(out, s[a:b])
	}
	return out
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" \n\t", nil},
		{"One. Two! Three?", []string{"One.", "Two!", "Three?"}},
		{"Wrapped over\ntwo lines. Next", []string{"Wrapped over\ntwo lines.", "Next"}},
		{"Title\n\nBody text.", []string{"Title", "Body text."}},
		{"See e.g. the list of J. Smith et al. here. End.", []string{"See e.g. the list of J. Smith et al. here.", "End."}},
		{"Version 1.26 of go.mod is fine.", []string{"Version 1.26 of go.mod is fine."}},
		{`He said "Stop." Then left.`, []string{`He said "Stop."`, "Then left."}},
		{"Wait... what?! Yes.", []string{"Wait...", "what?!", "Yes."}},
		{"今天下雨。明天呢？「好。」完", []string{"今天下雨。", "明天呢？", "「好。」", "完"}},
		{"真的？！是。。。", []string{"真的？！", "是。。。"}},
		{"1. Item one. 2 of them", []string{"1. Item one.", "2 of them"}},
		{"Items:\n- one\n- two\n1. three", []string{"Items:", "- one", "- two", "1. three"}},
		{"| a | b |\n| c | d |", []string{"| a | b |", "| c | d |"}},
		{"Stop (now.) Go", []string{"Stop (now.)", "Go"}},
		{"a.", []string{"a."}},
		{". .", []string{".", "."}},
	} {
		if got := split(c.in); !slices.Equal(got, c.want) {
			t.Errorf("Spans(%q):\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func FuzzSpans(f *testing.F) {
	for _, s := range []string{"", "a. b", "x\n\ny", "。」", "e.g. x", "\xff.\xfe", "1) a\n2) b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for a, b := range Spans(s) {
			if a < last || b <= a || b > len(s) {
				t.Fatalf("span [%d:%d] after %d of %d bytes", a, b, last, len(s))
			}
			if gap := s[last:a]; strings.TrimFunc(gap, unicode.IsSpace) != "" {
				t.Fatalf("lost %q", gap)
			}
			last = b
		}
		if strings.TrimFunc(s[last:], unicode.IsSpace) != "" {
			t.Fatalf("lost %q at the end", s[last:])
		}
	})
}
