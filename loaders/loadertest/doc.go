// Package loadertest tests implementations of the contract in package loaders.
//
// [Run] tests a loader, and a lister where it is one; [Parser] tests a format.
// One call in a test of the implementation, and each rule of the contract
// becomes a subtest whose failure quotes the rule and says what was seen.
//
//	func TestLoader(t *testing.T) {
//		loadertest.Run(t, loadertest.Harness{Loader: mine.Folder("testdata", nil)})
//	}
//
//	func TestParser(t *testing.T) {
//		loadertest.Parser(t, mine.Format(nil), loaders.BytesInput("small.xyz", small))
//	}
package loadertest
