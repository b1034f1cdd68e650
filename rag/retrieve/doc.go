// Package retrieve finds passages for a question.
//
// A [Retriever] answers a [Question] with a [Result]. Retrievers are made of
// retrievers: one searches a store by words, one by vectors, one fuses the
// results of both, one reranks. All keep the question's filter, principals
// and K.
package retrieve
