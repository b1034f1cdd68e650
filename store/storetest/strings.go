package storetest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/quarry-go/quarry/internal/realdata"
)

// Strings returns strings that break stores: quotes and operators of query
// languages, control characters, look-alikes, and what is easily taken for
// something else. All are valid UTF-8 without NUL, distinct, not empty and of
// at most 4,096 bytes.
func Strings() []string {
	return []string{
		// what looks like nothing, or like a value of another type
		" ", "  ", "\t", "\n", "\u00a0", "\u200b", "\ufeff", "null", "NULL", "nil", "undefined", "None", "true", "0", "-0", "00", "1e3", "NaN", "Infinity", "9007199254740993", "2024-02-29T00:00:00Z",
		// quotes and escapes
		`"`, `'`, "`", `\`, `\\`, `\"`, `\u0041`, `%s%d%n`, `""`, `''`, `"; "`, "a\\",
		// SQL, GraphQL, Milvus expressions, JSON, templates
		`'; DROP TABLE chunks; --`, `' OR '1'='1`, `$1`, `:name`, `?`, `E'\x41'`, `$$`,
		`"}) { id } }`, `{path:["a"],operator:Equal}`, `#{x}`, `x"] or pk != "`, `a" in ["b"]`, `pk in ["x"] or pk != ""`, `{"$ne": null}`, `[]`, `{}`, `{"a":1}`, `${jndi:ldap://x}`, `{{7*7}}`, `<script>alert(1)</script>`, `&amp;`, `%00`, `%2e%2e%2f`,
		// patterns
		`*`, `%`, `_`, `a*`, `.*`, `[a-z]`, `^$`,
		// paths
		`..`, `../../etc/passwd`, `a/b`, `a\b`, `/`, `C:\con`, `./a`, `a//b`, `~`, `a.`, `aux.txt`,
		// line ends and control characters
		"a\nb", "a\r\nb", "a\u2028b", "\x01", "a\x07b", "\x1b[31mred\x1b[0m", "\x7f", "\u0085", "a\tb",
		// scripts, marks, directions
		"e\u0301", "\u00e9", "日本語", "한국어", "Ω≈ç√", "ﷺ", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F1E9\U0001F1EA", "\U0001F600", "a\u202Eb\u202C", "\u200Fאב", "Z\u0351\u036B\u0343\u036A\u0302", "İ", "ı", "ß", "ﬀ", "ǅ", "\uFFFD", "\uFFFF", "\U0010FFFF", "\U000E0041",
		// equal but for case or space
		"case", "CASE", "Case", " case", "case ",
		// long
		strings.Repeat("long ", 60), strings.Repeat("é", 1000), strings.Repeat("\U0001F600", 1024), strings.Repeat(`"`, 300), strings.Repeat("../", 80),
	}
}

// naughtyStrings returns the Big List of Naughty Strings by Max Woolf, those
// of it that are not empty.
func naughtyStrings() ([]string, error) {
	dir, err := realdata.Find("attack")
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "blns", "blns.json"))
	if err != nil {
		return nil, err
	}
	var all []string
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("blns.json: %w", err)
	}
	var out []string
	seen := map[string]bool{}
	for _, s := range all {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out, nil
}
