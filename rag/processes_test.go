package rag_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/servers"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/store/pgstore"
)

// What the processes are told: where, and which shard.
const (
	processTable = "QUARRY_TEST_TABLE"
	processShard = "QUARRY_TEST_SHARD"
)

// corpus is what every process syncs.
func corpus() rag.Loader {
	docs := make([]rag.Document, 600)
	for i := range docs {
		docs[i] = rag.Document{ID: fmt.Sprintf("%d.txt", i), URI: fmt.Sprintf("%d.txt", i), Text: strings.Repeat(fmt.Sprintf("Passage of document %d. ", i), 200)}
	}
	return loaders.Slice(docs...)
}

// onPostgres opens a knowledge base in a table.
func onPostgres(t *testing.T, table string) *rag.KB {
	t.Helper()
	db, err := pgstore.Connect(t.Context(), servers.Postgres(t), &pgstore.Options{Table: table})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	kb, err := rag.New(&rag.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	return kb
}

// TestShardProcess is what one of the processes of TestShardProcesses does.
func TestShardProcess(t *testing.T) {
	table := os.Getenv(processTable)
	if table == "" {
		t.Skip("run by TestShardProcesses")
	}
	var s rag.Shard
	if _, err := fmt.Sscanf(os.Getenv(processShard), "%d/%d", &s.I, &s.N); err != nil {
		t.Fatal(err)
	}
	r, err := onPostgres(t, table).Sync(t.Context(), "corpus", corpus(), &rag.SyncOptions{Shard: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
}

// Four processes fill one store on PostgreSQL; one of them is killed, which keeps
// others from dividing the work otherwise until it was run again. Then nothing is
// left to do.
func TestShardProcesses(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	schema := fmt.Sprintf("shards_%d", os.Getpid())
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	defer conn.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
	table := schema + ".kb"
	kb := onPostgres(t, table)

	start := func(i int) (*exec.Cmd, *strings.Builder) {
		var out strings.Builder
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestShardProcess$", "-test.v")
		c.Env = append(os.Environ(), processTable+"="+table, fmt.Sprintf("%s=%d/4", processShard, i))
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c, &out
	}
	var all []*exec.Cmd
	var outs []*strings.Builder
	for i := range 4 {
		c, out := start(i)
		all, outs = append(all, c), append(outs, out)
	}
	// Its mark stands before anything of it is written.
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for marked := false; !marked; {
		if err := conn.QueryRow(soon, "SELECT count(*) > 0 FROM "+schema+".kb_docs WHERE ref_version = '3/4'").Scan(&marked); err != nil {
			t.Fatal(err)
		}
	}
	if err := all[3].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		if err := c.Wait(); (err == nil) != (i < 3) {
			t.Errorf("process %d: %v\n%s", i, err, outs[i])
		}
	}
	for _, o := range []*rag.SyncOptions{nil, {Shard: rag.Shard{I: 0, N: 2}}} {
		if _, err := kb.Sync(t.Context(), "corpus", corpus(), o); !errors.Is(err, rag.ErrShards) {
			t.Errorf("while a shard has not ended: %v", err)
		}
	}
	again, out := start(3)
	if err := again.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r, err := kb.Sync(t.Context(), "corpus", corpus(), nil)
	if err != nil || r.Unchanged != 600 || r.Added+r.Changed+r.Deleted != 0 {
		t.Errorf("the whole: %v, %v", r, err)
	}
}
