// Package llm is the contract of what answers a prompt.
//
// A [Generator] streams the answer of one model. [Func] adapts a function,
// and the packages below this one adapt services; package rag/langchaingo
// adapts any of langchaingo's models. Package rag/llm/llmtest tests any
// Generator and holds a scripted one for tests.
//
// This package imports the standard library only.
package llm
