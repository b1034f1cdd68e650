// Package ragtest tests implementations of the stages of a knowledge base:
// chunkers, retrievers, rerankers, token counters and observers.
//
// Each function returns nil, or an error that joins every rule it found broken
// and what showed it:
//
//	if err := ragtest.Chunker(ctx, mine, docs...); err != nil {
//		t.Error(err)
//	}
//
// Stores, loaders, embedders and models have kits of their own: storetest,
// loadertest, embedtest and llmtest.
package ragtest
