// Package pdf reads the text of PDF files, page by page.
//
// It reads in three steps. First the file is read from start to end and shown
// to the object layer, github.com/ledongthuc/pdf, as a strict file with a
// cross-reference table of our own making: so files with a damaged or lying
// table, junk around them, newer headers or encryption open as well, and no
// number in a file decides how much memory is asked for. Then an interpreter
// runs the content of each page, its forms and its annotations, with the fonts
// of that page, and notes each glyph with its place. Last the glyphs become
// lines, words by the gaps between them, and columns.
//
// What remains: the library's own loops end once the time of the budget is up,
// since its reads fail then, but a loop that does not read cannot be stopped;
// none is known. Predefined CMaps of Chinese, Japanese and Korean collections
// other than those of a plain charset, and fonts that say nothing of Unicode,
// give no text.
package pdf
