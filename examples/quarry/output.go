package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/quarry-go/quarry/internal/sanitize"
)

// print writes v as one line of JSON.
func (a *app) print(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }

// line returns what comes from a document or a file system on one line, without
// what would control a terminal.
func line(v any) string { return sanitize.Line(fmt.Sprint(v)) }

// clip returns the first lines of a text, indented.
func clip(text string, lines int) string {
	var b strings.Builder
	for i, l := range strings.Split(strings.TrimSpace(sanitize.Text(text)), "\n") {
		if i == lines {
			b.WriteString("    ...\n")
			break
		}
		fmt.Fprintf(&b, "    %s\n", strings.TrimRight(l, " \t\r"))
	}
	return b.String()
}
