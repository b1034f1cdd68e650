// Package assemble turns what was found for a question into a context for a
// language model: [Evidence].
//
// The way of a hit: duplicates are dropped; chunks of one document that touch
// or overlap become one passage, without repeats; the best are fitted into a
// budget of tokens, chunk by chunk where a passage is too much, and one is
// trimmed to its first sentences; then passages are ordered, numbered and
// marked. The [Manifest] says what became of every hit. The same input and
// secret give the same bytes.
//
// Retrieved text is material, not instruction. Each passage stands between
// marks that hold a nonce of 128 bits, a keyed hash of the passages that no
// author of a document can know and that occurs in none of them; invisible
// characters are removed. [Parse] recovers the passages from a prompt exactly.
// That a model never follows what a passage says cannot be promised.
package assemble
