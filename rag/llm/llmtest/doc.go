// Package llmtest tests implementations of llm.Generator, and holds [Scripted],
// a Generator for the tests of everybody else.
package llmtest
