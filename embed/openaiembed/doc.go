// Package openaiembed embeds texts through any service that speaks OpenAI's
// embeddings protocol: OpenAI itself, Ollama, vLLM, llama.cpp,
// text-embeddings-inference and others.
//
// It needs the standard library only. It makes one attempt: what failed may be
// tried again by a wrapper, which learns from the error whether that makes
// sense, and from embed.RetryAfter when.
package openaiembed
