package text

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// TestFingerprint fails when the terms of a fixed set of texts change under an unchanged fingerprint, which would
// leave stores with an index that the queries no longer fit. Change both lines together; a text more in the
// set changes the second alone.
func TestFingerprint(t *testing.T) {
	const (
		fingerprint = "words-grams/1"
		terms       = "1ce710a1d7b1e1b55f8f7985d5eb5acd"
	)
	all := append([]string(nil), texts...)
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
