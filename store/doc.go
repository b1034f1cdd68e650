// Package store is the contract of what keeps chunks and finds them again.
//
// A [DB] opens namespaces. A namespace's [Store] searches by vector or by
// words, reads and scans chunks, and changes them by one verb, [Store.Write].
// Beside the chunks it keeps a [Doc] record for each document: the state that
// a sync compares with and cleans up by. A [Filter] is a tree of conditions
// that every implementation answers alike; [Match] is its definition.
//
// What an implementation cannot do it says in [Info], and a request for it
// gets an error that wraps [errors.ErrUnsupported]: nothing is ignored.
//
// The packages below this one implement the contract, and store/storetest
// tests any implementation of it. This package imports the standard library only.
package store
