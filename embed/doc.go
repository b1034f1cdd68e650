// Package embed is the contract of what turns texts into vectors.
//
// An [Embedder] embeds passages and queries into one vector space, which its
// [Model] names. The packages below this one implement it for services and
// local models, and wrap one Embedder in another: for batching, retries,
// caching. Package embed/embedtest tests any Embedder.
//
// This package imports the standard library only.
package embed
