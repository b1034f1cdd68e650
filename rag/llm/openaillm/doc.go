// Package openaillm answers through any service that speaks OpenAI's chat
// completions protocol: OpenAI itself, Ollama, vLLM, llama.cpp and others.
//
// It needs the standard library only. Answers are streamed. It makes one
// attempt: what failed may be tried again by a wrapper, which learns from the
// error whether that makes sense, and from llm.RetryAfter when.
package openaillm
