package markdown

import (
	"html"
	"regexp"
	"strings"
)

// The seven starts of an HTML block; the last cannot interrupt a paragraph.
var (
	rawText  = regexp.MustCompile(`^(?i)<(?:script|pre|style|textarea)(?:[\s>]|$)`)
	rawBlock = regexp.MustCompile(`^(?i)</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)(?:\s|/?>|$)`)
	rawTag   = regexp.MustCompile(`^(?:<[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][\w:.-]*(?:\s*=\s*(?:[^\s"'=<>` + "`" + `]+|'[^']*'|"[^"]*"))?)*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)\s*$`)
)

// beginRaw begins a block of HTML.
func (s *scanner) beginRaw(rest string, at, end, matched int, continues bool) bool {
	var until []string
	switch {
	case rawText.MatchString(rest):
		until = []string{"</script>", "</pre>", "</style>", "</textarea>"}
	case strings.HasPrefix(rest, "<!--"):
		until = []string{"-->"}
	case strings.HasPrefix(rest, "<?"):
		until = []string{"?>"}
	case strings.HasPrefix(rest, "<![CDATA["):
		until = []string{"]]>"}
	case len(rest) > 2 && strings.HasPrefix(rest, "<!") && isLetter(rest[2]):
		until = []string{">"}
	case rawBlock.MatchString(rest):
	case !continues && rawTag.MatchString(rest):
	default:
		return false
	}
	s.close(s.parent(matched))
	s.leaf.kind, s.leaf.start, s.leaf.until = raw, at, until
	if ends(rest, until) {
		s.last = end
		s.closeLeaf()
	}
	return true
}

// inRaw reads a line of a block of HTML.
func (s *scanner) inRaw(c *cursor, end int) {
	rest := c.rest()
	switch {
	case len(s.leaf.until) == 0 && rest == "":
		s.closeLeaf()
	case ends(rest, s.leaf.until):
		s.last = end
		s.closeLeaf()
	}
}

func ends(line string, until []string) bool {
	for _, u := range until {
		if containsFold(line, u) {
			return true
		}
	}
	return false
}

// containsFold is strings.Contains for a lower-case ASCII sub, in any case.
func containsFold(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		j := strings.IndexByte(s[i:], sub[0])
		if j < 0 {
			return false
		}
		if i += j; i+len(sub) <= len(s) && strings.EqualFold(s[i:i+len(sub)], sub) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

var (
	rawHeading = regexp.MustCompile(`(?is)<h([1-6])(?:\s[^>]*)?>(.*?)</h[1-6]\s*>`)
	rawID      = regexp.MustCompile(`(?i)<[^>]*\s(?:id|name)\s*=\s*["']?([^"'\s>]+)`)
	anyTag     = regexp.MustCompile(`<[^>]*>`)
)

// rawHeadings finds the headings in a block of HTML, as the README of many a
// project begins with one.
func (s *scanner) rawHeadings(start, end int) {
	if strings.HasPrefix(s.src[start:], "<!--") {
		return
	}
	for _, m := range rawHeading.FindAllStringSubmatchIndex(s.src[start:end], -1) {
		block := s.src[start+m[0] : start+m[1]]
		text := html.UnescapeString(anyTag.ReplaceAllString(s.src[start+m[4]:start+m[5]], ""))
		id := ""
		if m := rawID.FindStringSubmatch(block); m != nil {
			id = m[1]
		}
		s.add(start+m[0], start+m[1], int(s.src[start+m[2]]-'0'), text, id)
	}
}
