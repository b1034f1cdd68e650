package html

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/internal/charset"
	"github.com/quarry-go/quarry/loaders"
)

// declared finds the encoding in a meta element or an XML declaration.
var declared = regexp.MustCompile(`(?i)<meta\s[^>]*charset\s*=\s*["']?\s*([\w:.-]+)|^\s*<\?xml\s[^>]*encoding\s*=\s*["']([\w:.-]+)`)

// declaredLen is how far into a page its declaration may stand.
const declaredLen = 4096

// decode returns the page as UTF-8, in which tags of XHTML that close
// themselves are written out, and what was lost in that. Its encoding is that of a byte order mark, that
// of the media type, the one that the page declares, or what it looks like.
func decode(raw []byte, mediaType string) (src string, warnings []string, err error) {
	kind, params, _ := mime.ParseMediaType(mediaType)
	head := raw[:min(len(raw), declaredLen)]
	label := params["charset"]
	if m := declared.FindSubmatch(head); label == "" && m != nil && !isUTF8(raw) {
		label = string(m[1]) + string(m[2]) // a page that was saved anew still declares what it was
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			label = "" // what is readable as ASCII is no UTF-16
		}
	}
	if strings.EqualFold(label, "utf-8") {
		label = "" // pages that claim it and are not are common
	}
	t, err := charset.Decode(raw, label)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", loaders.ErrFormat, err)
	}
	if kind == "application/xhtml+xml" || bytes.HasPrefix(bytes.TrimSpace(head), []byte("<?xml")) {
		return selfClosed.ReplaceAllStringFunc(t.Text, writeOut), t.Warnings(), nil
	}
	return t.Text, t.Warnings(), nil
}

// isUTF8 reports whether b is UTF-8 for certain: valid, and not by being ASCII.
func isUTF8(b []byte) bool {
	return utf8.Valid(b) && bytes.ContainsFunc(b, func(r rune) bool { return r >= utf8.RuneSelf })
}

// selfClosed matches an element of XML that is closed in its only tag.
var selfClosed = regexp.MustCompile(`<([A-Za-z][\w:.-]*)((?:\s[^<>"']*|"[^<"]*"|'[^<']*')*)/>`)

// writeOut gives such an element the end tag without which HTML takes it for
// open, except where HTML knows it as empty.
func writeOut(tag string) string {
	m := selfClosed.FindStringSubmatch(tag)
	switch strings.ToLower(m[1]) {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr":
		return tag
	}
	return "<" + m[1] + m[2] + "></" + m[1] + ">"
}
