// Package pgstore keeps chunks in PostgreSQL with the extension pgvector, so that
// a program's passages live where its other data does, in the same transactions,
// backups and access rules.
//
// # What it is
//
// Three tables: chunks, the records of documents, and the namespaces with their
// sizes. A change is one transaction, seen whole or not at all and by everybody
// at once; writers of one namespace take turns. Vectors are searched by their
// cosine, through an HNSW index where the planner chooses it and exactly where a
// query asks for it or the index does not find enough.
//
// Words are ranked by BM25, as in the embedded store and with the same analyzer, so
// that languages without spaces and hybrid answers work alike: the terms of a
// chunk, hashed, are an indexed array, and the ranking is computed by the server from the
// rows that share a term with the query. That is fast while a term is in some
// ten thousand chunks of a namespace, and slower in proportion beyond.
//
// A filter becomes SQL whose values are all parameters. It answers as
// [store.Match] does, whatever type the values of a key have.
//
// # Namespaces
//
// The name is a column of every key and a condition of every statement, which a
// handle cannot leave out. With [Options.RowSecurity] the server checks it as
// well. Superusers and roles with BYPASSRLS are above its check.
//
// # Rights
//
// Open makes what is missing, for which it needs the right to create tables and,
// once, the extension. [DDL] prints the statements for those who let another role
// run them; then set [Options.NoCreate].
//
// # Costs
//
// Vectors of up to 2,000 dimensions are kept in single precision; longer ones, up
// to 4,000, in half precision, since that is what an index of pgvector takes.
// Writing is dominated by the server's work on the HNSW index.
package pgstore
