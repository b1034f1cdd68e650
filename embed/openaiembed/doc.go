// Package openaiembed embeds texts through any service that speaks OpenAI's
// embeddings protocol: OpenAI itself, Ollama, vLLM, llama.cpp,
// text-embeddings-inference and others.
//
// It needs the standard library only. It makes one attempt, and a second only
// where the service closed a kept connection before it answered. A wrapper may
// try again; it learns from the error whether that makes sense, and from
// embed.RetryAfter when.
package openaiembed
