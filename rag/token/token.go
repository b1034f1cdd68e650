// Package token is the contract of what counts tokens, and holds the counters
// that need no data. Exact counters for a model's own vocabulary live in the
// packages below this one, so that only their importers link the data.
//
// This package imports the standard library only.
package token

import "unicode/utf8"

// A Counter counts the tokens of a text. Count is at least 0, 0 for the empty
// text, and the same for the same text. For any texts a and b, Count(a+b) is
// at most Count(a)+Count(b)+1. It is safe for concurrent use.
type Counter interface {
	Count(text string) int
}

// Func adapts a function to a [Counter].
type Func func(text string) int

// Count calls f.
func (f Func) Count(text string) int { return f(text) }

// Bytes counts bytes. No tokenizer that works on bytes, or falls back to them,
// makes more tokens than that, so a budget kept in Bytes holds for any model;
// English takes about a quarter of it.
type Bytes struct{}

// Count returns len(text).
func (Bytes) Count(text string) int { return len(text) }

// Estimate guesses what common tokenizers make of a text: a token for every
// four ASCII bytes and for every other code point, rounded up. Real counts of
// prose are mostly within a third of it; a budget that must hold needs
// [Bytes] or an exact counter.
type Estimate struct{}

// Count returns the estimate.
func (Estimate) Count(text string) int {
	ascii, wide := 0, 0
	for _, r := range text {
		if r < utf8.RuneSelf {
			ascii++
		} else {
			wide++
		}
	}
	return (ascii+3)/4 + wide
}
