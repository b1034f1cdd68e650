// Package storetest tests implementations of the contract in package store.
//
// [Run] is the kit: one call in a test of the implementation, and each rule of
// the contract becomes a subtest whose failure quotes the rule, says what was
// seen, and how to see it again.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: func() (store.DB, error) { return mystore.Open(t.TempDir(), nil) },
//		})
//	}
//
// A store is held to what its [store.Info] declares, no less and no more: what
// it declares absent must be refused with [errors.ErrUnsupported].
//
// The package has two stores of its own for tests of what stands on a store.
// [Reference] is the plainest possible one, the model that others are compared
// with. [Weak] promises as little as the contract allows, and can be killed in
// the middle of a Write.
//
// [RandomChunks], [RandomFilter] and the functions beside them make test data
// from a seeded source.
package storetest
