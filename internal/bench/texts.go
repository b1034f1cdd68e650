package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// texts reads the texts in dir: one for each file.
func texts(dir string) (map[string]string, error) {
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".gz")
		corpus := name == "corpus.jsonl"
		if ext := filepath.Ext(name); !corpus && ext != ".md" && ext != ".txt" || name == "README.md" {
			return nil
		}
		text, err := read(path, corpus)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		found[rel] = text
		return nil
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no texts in %s", dir)
	}
	return found, err
}

func read(path string, corpus bool) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return "", err
		}
	}
	if corpus {
		return joined(r)
	}
	b, err := io.ReadAll(r)
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), ""), "\x00", ""), err
}

// joined writes the documents of a corpus as one text, with headings and
// paragraphs of a few sentences.
func joined(r io.Reader) (string, error) {
	var b strings.Builder
	in := bufio.NewScanner(r)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var d struct{ Title, Text string }
		if err := json.Unmarshal(in.Bytes(), &d); err != nil {
			return "", err
		}
		if d.Title != "" {
			fmt.Fprintf(&b, "## %s\n\n", d.Title)
		}
		for i, s := range strings.SplitAfter(d.Text, ". ") {
			if i > 0 && i%4 == 0 {
				b.WriteString("\n\n")
			}
			b.WriteString(s)
		}
		b.WriteString("\n\n")
	}
	return strings.ReplaceAll(b.String(), "\x00", ""), in.Err()
}

// grow repeats text until it has at least n bytes.
func grow(text string, n int) string {
	return strings.Repeat(text, 1+n/max(len(text), 1))
}

var runes = utf8.RuneCountInString
