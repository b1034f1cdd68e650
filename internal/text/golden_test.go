package text

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// TestFingerprint fails when the terms of a fixed set of texts change under an unchanged fingerprint, which would
// leave stores with an index that the queries no longer fit. Change both lines together.
func TestFingerprint(t *testing.T) {
	const (
		fingerprint = "words-grams/1"
		terms       = "ae1cfc2214c0830ed96c5625c08a7ad9"
	)
	all := append([]string(nil), texts...)
	for _, c := range cases {
		all = append(all, c.text)
	}
	for _, g := range stems {
		all = append(all, strings.ReplaceAll(g.pairs, "=", " "))
	}
	h := sha256.New()
	for _, s := range all {
		h.Write([]byte(strings.Join(collect(s), "\n") + "\n\n"))
	}
	got := hex.EncodeToString(h.Sum(nil))[:32]
	if f := (Analyzer{}).Fingerprint(); f != fingerprint || got != terms {
		t.Errorf("fingerprint %q with terms %s, want %q with %s", f, got, fingerprint, terms)
	}
}
