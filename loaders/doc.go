// Package loaders is the contract between what holds data and what indexes it.
//
// A [Loader] knows where documents come from: a folder, a web site, a
// database. A [Parser] knows what bytes mean: a PDF file, a mail message. Both
// yield a [Document]: text, and the structure found in it as byte ranges of
// that text. The packages below this one implement them; package
// loaders/auto joins all of them, and loaders/loadertest tests any of them.
//
// This package imports the standard library only.
package loaders
