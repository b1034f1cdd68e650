// Package embedtest tests implementations of embed.Embedder, and holds
// embedders for the tests of everybody else: [Words], which needs no model,
// and [Cassette], which replays the vectors of a real one.
package embedtest
