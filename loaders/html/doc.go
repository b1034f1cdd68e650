// Package html reads HTML and XHTML pages.
//
// The text of a page is its main content. Navigation, scripts, styles and what
// is hidden from the reader are left out, and so is the clutter around an
// article, as go-readability finds it. Where that would cost headings or most
// of the words, as it does on documentation, everything is kept.
//
// Block elements begin on lines of their own, inline text is joined as a
// browser joins it, preformatted text is kept to the letter, list items get
// markers, and tables of data become Markdown rows. Headings, lists, tables,
// rows and code are spans; a heading's Anchor is its id, or the id of what it
// opens.
package html
