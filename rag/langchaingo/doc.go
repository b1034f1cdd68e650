// Package langchaingo joins Quarry and langchaingo (github.com/tmc/langchaingo
// v0.1.14): [Model] and [Embedder] make langchaingo's models and embedders
// usable here, and [LLM] makes any llm.Generator usable there.
//
// langchaingo's own stores for Pinecone must not be linked beside Quarry's:
// the two majors of Pinecone's client cannot be in one program.
package langchaingo
