package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// print writes v as one line of JSON.
func (a *app) print(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }

// clip returns the first lines of a text, indented.
func clip(text string, lines int) string {
	var b strings.Builder
	for i, l := range strings.Split(strings.TrimSpace(text), "\n") {
		if i == lines {
			b.WriteString("    ...\n")
			break
		}
		fmt.Fprintf(&b, "    %s\n", strings.TrimRight(l, " \t\r"))
	}
	return b.String()
}
