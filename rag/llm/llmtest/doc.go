// Package llmtest tests implementations of llm.Generator, and holds a
// Generator for the tests of everybody else.
//
// [Run] checks every promise of the contract, each as a subtest that bears the
// name of its rule. [Say], [Script] and [Answer] make a [Scripted] model.
package llmtest
