// Package openaillm answers through any service that speaks OpenAI's chat
// completions protocol: OpenAI itself, Ollama, vLLM, llama.cpp and others.
//
// It needs the standard library only. Answers are streamed. It makes one
// attempt, and a second only where the service closed a kept connection before
// it answered. A wrapper may try again; it learns from the error whether that
// makes sense, and from llm.RetryAfter when.
package openaillm
