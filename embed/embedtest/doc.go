// Package embedtest tests implementations of embed.Embedder, and holds
// embedders for the tests of everybody else.
//
// [Run] checks every promise of the contract, each as a subtest that bears the
// name of its rule. [Words] needs no model, and [Cassette] replays the vectors
// of a real one.
package embedtest
