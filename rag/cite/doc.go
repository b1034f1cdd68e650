// Package cite reads the citations in an answer and checks them.
//
// An answer cites passages by number, as in [1] or [2, 3]. [Verify] maps each
// marker to its passage, finds what the cited sentence quotes, and looks the
// quotation up in the passage word by word. It flags numbers that no passage
// has and sentences that cite nothing. It does not judge whether a sentence
// without a quotation follows from its passage: the verdict is then Unchecked.
package cite
