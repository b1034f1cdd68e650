// Package chunk cuts documents into the passages that are indexed and found.
//
// A chunk is a byte range of its document's text and nothing else, so that a
// citation can be checked, neighbours can be joined without repeats, and a
// context can grow into the text around it. One packer fills chunks up to
// their size along borders that it chooses by rank: those of the document's
// own structure first, then paragraphs, lines, sentences, clauses, words and,
// last, graphemes.
package chunk
