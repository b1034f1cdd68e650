// Package local is the embedded store: chunks, their vectors and words, and
// document records, in a directory or in memory, without a server.
package local
