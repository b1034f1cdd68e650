package html

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/quarry-go/quarry/loaders"
	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A head is what a page says of itself.
type head struct {
	title, lang                            string
	canonical, description, author, issued string
	base                                   *url.URL // what links are relative to; nil if unknown
}

// readHead collects it from a page at uri. Of several values for one thing the
// first counts, and a more exact one before a looser.
func readHead(root *dom.Node, uri string) head {
	var h, loose head
	if u, err := url.Parse(uri); err == nil && u.IsAbs() {
		h.base = u
	}
	for n := root; n != nil; n = next(n, root) {
		if n.Type == dom.CommentNode {
			set(&h.title, commentTitle(n.Data))
			continue
		}
		switch n.DataAtom {
		case atom.Html:
			set(&h.lang, attr(n, "lang"))
			set(&h.lang, attr(n, "xml:lang"))
		case atom.Title:
			if within(n, atom.Head) {
				set(&h.title, textOf(n))
			}
		case atom.Base:
			if u := h.resolve(attr(n, "href")); u != nil {
				h.base = u
			}
		case atom.Link:
			if strings.EqualFold(attr(n, "rel"), "canonical") {
				if u := h.resolve(attr(n, "href")); u != nil {
					set(&h.canonical, u.String())
				}
			}
		case atom.Meta:
			h.meta(n, &loose)
		case atom.Time:
			if attr(n, "itemprop") == "datePublished" || has(n, "pubdate") {
				set(&h.issued, attr(n, "datetime"))
			}
		}
	}
	set(&h.title, loose.title)
	set(&h.lang, loose.lang)
	return h
}

func (h *head) meta(n *dom.Node, loose *head) {
	value := attr(n, "content")
	for _, key := range []string{attr(n, "name"), attr(n, "property"), attr(n, "itemprop")} {
		switch strings.ToLower(key) {
		case "og:title":
			set(&loose.title, value)
		case "og:locale":
			set(&loose.lang, value)
		case "description":
			set(&h.description, value)
		case "author":
			set(&h.author, value)
		case "article:published_time", "datepublished", "dc.date", "dc.date.issued", "dcterms.date", "dcterms.issued":
			set(&h.issued, value)
		}
	}
	if strings.EqualFold(attr(n, "http-equiv"), "content-language") {
		set(&loose.lang, value)
	}
}

func (h *head) resolve(href string) *url.URL {
	u, err := url.Parse(strings.TrimSpace(href))
	switch {
	case err != nil || href == "":
		return nil
	case h.base != nil:
		return h.base.ResolveReference(u)
	case u.IsAbs():
		return u
	}
	return nil
}

// fill writes h into d.
func (h *head) fill(d *loaders.Document) {
	d.Title = h.title
	if tag := strings.ReplaceAll(h.lang, "_", "-"); langTag.MatchString(tag) {
		d.Lang = tag
	}
	d.Meta = map[string]any{}
	for key, value := range map[string]string{"canonical": h.canonical, "description": h.description, "author": h.author} {
		if value != "" {
			d.Meta[key] = value
		}
	}
	if t, ok := date(h.issued); ok {
		d.Meta["published"] = t
	}
	if len(d.Meta) == 0 {
		d.Meta = nil
	}
}

var langTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// set gives *field the value, in one line, if it has none.
func set(field *string, value string) {
	if *field == "" {
		*field = strings.ToValidUTF8(strings.Join(strings.Fields(value), " "), "")
	}
}

func has(n *dom.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// commentTitle returns the title from a comment that holds a JSON object, as
// the pages of Go's own documentation begin with.
func commentTitle(comment string) string {
	if !strings.HasPrefix(comment, "{") || len(comment) > 4096 {
		return ""
	}
	var front struct{ Title string }
	if json.Unmarshal([]byte(comment), &front) != nil {
		return ""
	}
	return front.Title
}

// date reads the forms of ISO 8601 that pages use.
func date(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 {
			return t.UTC().Truncate(time.Microsecond), true
		}
	}
	return time.Time{}, false
}
