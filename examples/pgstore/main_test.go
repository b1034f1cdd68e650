package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/servers"
)

func TestRun(t *testing.T) {
	server := servers.Postgres(t)
	name := fmt.Sprintf("example_%d", os.Getpid())
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	defer conn.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
	own, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	own.Path = "/" + name

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tea.md"), []byte("# Tea\n\nGreen tea is brewed at 80 degrees.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 added", "1 unchanged"} {
		var out bytes.Buffer
		if err := run(t.Context(), &out, []string{own.String(), dir, "How hot is green tea brewed?"}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), `tea.md#tea "Green tea is brewed at 80 degrees."`) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	if err := run(t.Context(), &bytes.Buffer{}, nil); err == nil {
		t.Error("no arguments are accepted")
	}
}
