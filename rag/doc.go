/*
Package rag attaches passages of a program's own data to any language model,
with citations that can be checked.

A [KB], a knowledge base, is filled from loaders and questioned:

	kb, err := rag.Open("./kb", nil)
	rep, err := kb.Sync(ctx, "handbook", auto.Dir("./docs", nil), nil)
	ev, err := kb.Evidence(ctx, rag.Question{Text: "Who approves refunds?"})
	fmt.Println(ev.Prompt())

Open needs no server, no key and no model: retrieval is keyword search (BM25).
With an [Embedder] it is hybrid. [New] takes any store; [Memory] keeps nothing
on disk. Without a model the product is [Evidence], for any client ([Attach]);
with one, [KB.Ask] and [KB.Stream] answer and verify their citations.

# The house

	rag                 joins the parts; what programs import
	rag/chunk           cuts documents into passages
	rag/retrieve        finds passages
	rag/assemble        makes a context of them
	rag/cite            checks the citations of an answer
	rag/eval            measures retrieval
	store embed loaders rag/llm rag/token   the contracts, standard library only
	store/local         the embedded store
	store/pgstore       PostgreSQL with pgvector
	internal/...        engines

Packages import lower layers only: the contracts know nothing of each other,
the stages nothing of each other, and only this package knows them all. The
names that programs need most are here by alias.

# What holds for every interface

	             concurrency       Close, and calls in flight        leaving a sequence early      who owns what
	DB, Store    safe              waits for them or ends them       frees it; no lock between     arguments are read and not kept;
	                               with ErrClosed; twice is fine     pairs                         results are copies, valid after Close
	Loader       safe              nothing to close                  closes what it opened         documents are the caller's
	Lister, Ref  safe              nothing to close                  closes what it opened         documents are the caller's
	Parser       safe              nothing to close                  keeps no reference to input   documents are the caller's
	Embedder     safe              nothing to close                  -                             texts are read and not kept;
	                                                                                               vectors are the caller's
	Generator    safe              nothing to close                  cancels the request           the request is read and not changed
	Chunker      safe              nothing to close                  frees it                      the document is read and not changed
	Retriever    safe              nothing to close                  -                             results are the caller's
	Reranker     safe              nothing to close                  -                             results are the caller's
	Counter      safe              nothing to close                  -                             -
	Observer     safe              nothing to close                  -                             -

Every method that takes a context returns soon after it ends, with an error
that wraps the context's error. The kits storetest, loadertest, embedtest,
llmtest and ragtest hold implementations to these rows.

# Decisions behind the contracts

A [Doc] record and its chunks live in one store, so no second database can
disagree with it. A record vouches for its chunks: a document that loses a
chunk loses its record, and a store without atomic writes removes the record
first and writes it last. The version of a Ref in a record counts the Ref's
documents, so that a missing one shows.

What is gone from a source is deleted at the end of a sync: a Ref that is not
listed any more, and a document that its Ref gives no more, which may have moved
to another. So one guard, MaxDelete, sees all of it, and nothing is deleted
before all was seen.

A record is written without its chunks only where the store still has it in the
same version, and nothing else writes to the namespace meanwhile: a document
that is deleted while a sync runs does not come back empty. That holds for the
writers of one process; processes over one remote store sync one source at a
time only as shards of it, SyncOptions.Shard.

The space of a vector travels with it, in store.Change and store.Query, so that
vectors of two models never meet.

Ne is the condition that a key is there and its value is another: the form that
every backend can express alike.

A [Chunker] names itself by a fingerprint, part of every document's version:
changing how documents are cut cuts them again, and no file need change.

A parser reports what it left out of a document as warnings of the document; an
error stands for a document that is not there at all.
*/
package rag
