package markdown

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/quarry-go/quarry/loaders"
	"go.yaml.in/yaml/v3"
)

// frontMatter matches the YAML between two fences at the start of a document.
var frontMatter = regexp.MustCompile(`^---[ \t]*\n((?:[ \t]*(?:#.*)?\n)*["']?[A-Za-z_][^\n:]*:(?s:.*?)\n)(?:---|\.\.\.)[ \t]*(?:\n|$)`)

// maxFront is the longest front matter that is read.
const maxFront = 64 << 10

// readFront moves the front matter of d.Text to d's fields, and returns where
// Markdown begins in d.Text. Front matter that is no YAML stays in the text.
func readFront(d *loaders.Document) int {
	m := frontMatter.FindStringSubmatchIndex(d.Text[:min(len(d.Text), maxFront)])
	if m == nil {
		return 0
	}
	var values map[string]any
	if err := yaml.Unmarshal([]byte(d.Text[m[2]:m[3]]), &values); err != nil {
		d.Warnings = append(d.Warnings, fmt.Sprintf("front matter: %v", err))
		return m[1]
	}
	d.Text = d.Text[m[1]:]
	for _, key := range slices.Sorted(maps.Keys(values)) {
		v := plainValue(values[key])
		text, _ := v.(string)
		name := strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(key)
		switch {
		case values[key] == nil:
		case v == nil || !metaKey.MatchString(name) || strings.HasPrefix(name, "quarry_"):
			d.Warnings = append(d.Warnings, fmt.Sprintf("front matter: %q is left out: not a plain value under a plain name", key))
		case key == "title" && text != "":
			d.Title = text
		case (key == "lang" || key == "language") && text != "":
			d.Lang = text
		default:
			if d.Meta == nil {
				d.Meta = map[string]any{}
			}
			d.Meta[name] = v
		}
	}
	return 0
}

// metaKey matches the keys that Document.Meta may have.
var metaKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)

// plainValue returns v as one of the types that Document.Meta holds, or nil.
func plainValue(v any) any {
	switch v := v.(type) {
	case string:
		return clean(v)
	case bool:
		return v
	case int:
		n := int64(v)
		if n > 1<<53 || n < -1<<53 {
			return nil
		}
		return n
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case time.Time:
		return v.UTC().Truncate(time.Microsecond)
	case []any:
		texts := make([]string, 0, len(v))
		for _, e := range v {
			switch e := e.(type) {
			case string:
				texts = append(texts, clean(e))
			case bool, int, float64:
				texts = append(texts, fmt.Sprint(e))
			default:
				return nil
			}
		}
		return texts
	}
	return nil
}

// clean removes what a YAML escape can bring in and a document may not hold.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}
