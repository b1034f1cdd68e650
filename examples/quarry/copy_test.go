package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/servers"
)

// folder fills the knowledge base of a tool, and returns its documents.
func (c *tool) folder(n int) string {
	dir := c.t.TempDir()
	for i := range n {
		write(c.t, dir, fmt.Sprintf("%d.md", i), fmt.Sprintf("# Part %d\n\nThe tea of part %d is brewed at %d degrees.\n", i, i, 60+i))
	}
	c.must(0, "sync", dir)
	return dir
}

func TestCopyToAFolder(t *testing.T) {
	c := newTool(t)
	dir := c.folder(30)
	to := filepath.Join(t.TempDir(), "copy")
	c.want(c.must(0, "copy", c.kb, to), "30 chunks of 30 documents: 60 written, 0 deleted, and verified")
	c.want(c.must(0, "copy", c.kb, to), ": 0 written, 0 deleted")
	copied := &tool{t, to}
	c.want(copied.must(0, "sync", dir), "0 added, 0 changed, 30 unchanged")
	c.want(copied.must(0, "search", "tea of part 7"), "7.md")
	c.must(exitError, "copy", filepath.Join(to, "nothing"), filepath.Join(t.TempDir(), "kb"))
	c.must(exitUsage, "copy", c.kb)
	if _, err := os.Stat(filepath.Join(to, "nothing")); err == nil {
		t.Error("a knowledge base was made where one was to be read")
	}
}

func TestCopyToPostgres(t *testing.T) {
	url := servers.Postgres(t)
	schema := fmt.Sprintf("copy_%d", os.Getpid())
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	defer conn.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
	c := newTool(t)
	dir := c.folder(30)
	table := schema + ".kb"
	c.must(exitError, "copy", "--table", table, url, c.kb) // there is none yet
	c.want(c.must(0, "copy", "--table", table, c.kb, url), "30 chunks of 30 documents: 60 written, 0 deleted, and verified")
	back := &tool{t, filepath.Join(t.TempDir(), "back")}
	c.want(c.must(0, "copy", "--json", "--table", table, url, back.kb), `"written":60`)
	c.want(back.must(0, "sync", dir), "0 added, 0 changed, 30 unchanged")
}
