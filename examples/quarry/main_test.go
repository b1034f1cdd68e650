package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/store/local"
)

// tool runs the command line over a knowledge base of its own.
type tool struct {
	t  *testing.T
	kb string
}

func newTool(t *testing.T) *tool { return &tool{t, filepath.Join(t.TempDir(), "kb")} }

// run returns what a command prints and its exit code.
func (c *tool) run(args ...string) (stdout, stderr string, code int) {
	c.t.Helper()
	var out, errs bytes.Buffer
	code = run(c.t.Context(), append([]string{"--kb", c.kb}, args...), &out, &errs)
	return out.String(), errs.String(), code
}

// must runs a command that has to end with the given code, and returns what it
// prints on both streams.
func (c *tool) must(code int, args ...string) string {
	c.t.Helper()
	out, errs, got := c.run(args...)
	if got != code {
		c.t.Fatalf("quarry %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, errs)
	}
	return out + errs
}

func (c *tool) want(text string, parts ...string) {
	c.t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			c.t.Errorf("no %q in:\n%s", p, text)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func handbook(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, "refunds.md", "# Refunds\n\nIntro.\n\n## Approval\n\nRefunds above 500 need the approval of finance.\n")
	write(t, dir, "travel.txt", "Travel is booked a week ahead.\n")
	write(t, dir, "logo.bin", "\x00\x01\x02\x03")
	return dir
}

func TestSyncAndSearch(t *testing.T) {
	c, dir := newTool(t), handbook(t)
	c.want(c.must(0, "sync", dir), "2 added", "1 files skipped")
	c.want(c.must(0, "sync", dir), "0 added, 0 changed, 2 unchanged, 0 deleted; 0 chunks written")
	c.want(c.must(0, "sync", "-v", dir), "skipped logo.bin")
	c.want(c.must(0, "search", "who", "approves", "refunds"), "refunds.md", "approval of finance")
	c.want(c.must(0, "evidence", "Who approves refunds above 500?"), "[[passage 1", `refunds.md#approval "Refunds above 500 need the approval of finance."`)
	c.want(c.must(0, "stats"), "2 documents", dir)
	c.want(c.must(0, "check"), "every checksum holds")
	c.want(c.must(exitPartly, "search", "chromodynamics"), "nothing relevant")
	c.want(c.must(exitPartly, "evidence", "chromodynamics"), "nothing relevant")

	write(t, dir, "travel.txt", "Travel is booked two weeks ahead.\n")
	write(t, dir, "new.txt", "Something new.\n")
	if err := os.Remove(filepath.Join(dir, "refunds.md")); err != nil {
		t.Fatal(err)
	}
	c.want(c.must(0, "sync", "--dry-run", dir), "would add new.txt", "would change travel.txt", "would delete refunds.md")
	c.want(c.must(0, "stats"), "2 documents")
	c.want(c.must(0, "sync", dir), "1 added, 1 changed, 0 unchanged, 1 deleted")
}

func TestAnEmptiedFolderIsNotBelieved(t *testing.T) {
	c, dir := newTool(t), handbook(t)
	c.must(0, "sync", t.TempDir()) // an empty folder is an empty report
	c.must(0, "sync", dir)
	for _, name := range []string{"refunds.md", "travel.txt"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	c.want(c.must(exitError, "sync", dir), "2 of 2 documents", "--max-delete 1")
	c.want(c.must(0, "stats"), "2 documents")
	c.want(c.must(0, "sync", "--max-delete", "1", dir), "2 deleted")
	c.want(c.must(exitError, "sync", filepath.Join(dir, "gone")), "no such file or directory")
}

func TestJSON(t *testing.T) {
	c, dir := newTool(t), handbook(t)
	decode := func(code int, v any, args ...string) {
		t.Helper()
		out, errs, got := c.run(append(args, "--json")...)
		if got != code {
			t.Fatalf("%v: exit code %d: %s", args, got, errs)
		}
		first, _, _ := strings.Cut(out, "\n")
		if err := json.Unmarshal([]byte(first), v); err != nil {
			t.Fatalf("%v: %v in %s", args, err, out)
		}
	}
	var s syncResult
	decode(0, &s, "sync", "--source", "handbook", dir)
	if s.Added != 2 || s.Source != "handbook" || len(s.Skipped) != 1 || s.Skipped[0].Path != "logo.bin" || s.Failed == nil {
		t.Errorf("sync: %+v", s)
	}
	decode(0, &s, "sync", "-n", "--source", "handbook", dir)
	if !s.Planned || s.Unchanged != 2 {
		t.Errorf("plan: %+v", s)
	}
	var h hitResult
	decode(0, &h, "search", "approval of finance")
	if !strings.HasSuffix(h.URI, "refunds.md#approval") || h.Score <= 0 || h.End <= h.Start {
		t.Errorf("search: %+v", h)
	}
	var e evidenceResult
	decode(0, &e, "evidence", "Who approves refunds?")
	if len(e.Citations) == 0 || e.Citations[0].Number != 1 || !strings.Contains(e.Prompt, "Who approves refunds?") {
		t.Errorf("evidence: %+v", e)
	}
	var st statsResult
	decode(0, &st, "stats")
	if st.Documents != 2 || len(st.Sources) != 1 || st.Sources[0].Source != "handbook" {
		t.Errorf("stats: %+v", st)
	}
	var ch checkResult
	decode(0, &ch, "check")
	if !ch.OK || ch.Documents != 2 {
		t.Errorf("check: %+v", ch)
	}
	var doc struct{ ID, Text string }
	decode(exitPartly, &doc, "parse", dir) // the binary file cannot be read
	if doc.ID != "refunds.md" || !strings.Contains(doc.Text, "finance") {
		t.Errorf("parse: %+v", doc)
	}
	var piece chunkResult
	decode(0, &piece, "chunk", filepath.Join(dir, "travel.txt"))
	if piece.Text != "Travel is booked a week ahead.\n" || piece.End != len(piece.Text) {
		t.Errorf("chunk: %+v", piece)
	}
}

func TestUsage(t *testing.T) {
	c := newTool(t)
	for _, args := range [][]string{
		{"nonsense"}, {"sync"}, {"search"}, {"parse"}, {"stats", "x"}, {"sync", "--bogus", "x"},
		{"sync", "--source", "s", "a", "b"}, {"chunk", "--size", "10", "--overlap", "20", "main.go"},
	} {
		if out := c.must(exitUsage, args...); !strings.Contains(out, "quarry:") {
			t.Errorf("%v says nothing: %q", args, out)
		}
	}
	for _, args := range [][]string{{"search", "x"}, {"evidence", "x"}, {"stats"}, {"check"}} {
		c.want(c.must(exitError, args...), "no knowledge base", "quarry sync DIR")
	}
	c.must(0, "--help")
}

func TestALockedKnowledgeBase(t *testing.T) {
	c, dir := newTool(t), handbook(t)
	c.must(0, "sync", dir)
	db, err := local.Open(c.kb, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c.want(c.must(exitError, "sync", dir), "locked", "another quarry")
}

func TestADamagedKnowledgeBase(t *testing.T) {
	c, dir := newTool(t), handbook(t)
	c.must(0, "sync", dir)
	damaged := false
	logs, err := filepath.Glob(filepath.Join(c.kb, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range logs {
		b, err := os.ReadFile(path)
		if err != nil || len(b) < 500 {
			continue
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		damaged = true
	}
	if !damaged {
		t.Fatalf("nothing to damage in %v", logs)
	}
	c.want(c.must(exitCorrupt, "check"), "corrupt")
	c.want(c.must(exitError, "search", "refunds"), "corrupt", "quarry check")
}

func TestHintsAreForErrors(t *testing.T) {
	if h := hint(errors.New("anything")); h != "" {
		t.Errorf("hint %q", h)
	}
}
