// Package markdown reads Markdown: CommonMark with the tables and footnotes
// that GitHub adds.
//
// The text of a document is its source, without the front matter and with LF
// as line end. Nothing is rendered and so nothing is lost: code keeps its
// fences, links their targets, and a citation quotes what the author wrote at
// a byte range that can be found in the file again. Language models read
// Markdown as it is.
//
// Structure is in the spans, found by one pass over the lines, in time linear
// in their bytes: headings with the anchors that GitHub gives them, blocks of
// code, tables and their rows, lists, footnotes. The pass follows the block
// rules of the CommonMark specification, version 0.31.2; inline markup is
// looked at in headings alone.
package markdown
