package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

// asProgram makes this test binary be the command line itself, so that it can
// be killed.
const asProgram = "QUARRY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestKilledSync kills a sync at random moments. Each time the store passes its
// check, and at the end one more sync makes it hold what a sync in one go does.
// With QUARRY_LONG it does so 20 times over the source of the Go installation.
func TestKilledSync(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "wasip1" {
		t.Skip("no signal kills a process here as kill -9 does")
	}
	rounds, dir := 3, filepath.Join(t.TempDir(), "docs")
	if os.Getenv("QUARRY_LONG") != "" {
		rounds = 20
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(strings.TrimSpace(string(root)), "src")
	} else {
		for i := range 200 {
			write(t, dir, fmt.Sprintf("d%02d/f%03d.txt", i%10, i), strings.Repeat(fmt.Sprintf("Line of file %d with some words in it.\n", i), 1+i%150))
		}
	}
	whole := filepath.Join(t.TempDir(), "whole")
	begin := time.Now()
	finish(t, whole, dir)
	took := time.Since(begin)
	want := digest(t, whole)

	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		kb := filepath.Join(t.TempDir(), "kb")
		kills := 1 + r.IntN(3)
		for range kills {
			cmd := program(t.Context(), kb, dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(r.Int64N(int64(took)+1)), func() { cmd.Process.Kill() })
			cmd.Wait() // killed, or done before it could be
			timer.Stop()
			if _, err := os.Stat(kb); err != nil {
				continue // killed before it made the folder
			}
			if _, err := local.Check(t.Context(), kb); err != nil && !fresh(kb) {
				t.Fatalf("seed %d round %d: after a kill: %v", seed, round, err)
			}
		}
		finish(t, kb, dir)
		if got := digest(t, kb); got != want {
			t.Fatalf("seed %d round %d: the completed store differs from one made in one go", seed, round)
		}
	}
	t.Logf("%d rounds", rounds)
}

// fresh reports whether the folder holds no store yet: it was killed while it
// was being made.
func fresh(kb string) bool {
	db, err := local.Open(kb, nil)
	if err != nil {
		return false
	}
	defer db.Close()
	return db.Stats().Changes == 0
}

// program is a sync of dir in a process of its own.
func program(ctx context.Context, kb, dir string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "--kb", kb, "sync", "--json", "--source", "docs", dir)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// finish syncs to the end: some files may fail, and all that can be is in.
func finish(t *testing.T, kb, dir string) {
	t.Helper()
	out, err := program(t.Context(), kb, dir).Output()
	var r syncResult
	if jerr := json.Unmarshal(out, &r); jerr != nil {
		t.Fatalf("sync: %v: %v: %s", err, jerr, out)
	}
	if r.Added+r.Changed+r.Unchanged == 0 {
		t.Fatalf("sync did nothing: %s", out)
	}
	for _, f := range append(r.Failed, r.Skipped...) {
		if f.Cause == "" {
			t.Errorf("%s failed without a cause", f.Path)
		}
	}
}

// digest returns a hash of all chunks and records of a store.
func digest(t *testing.T, kb string) string {
	t.Helper()
	db, err := local.Open(kb, &local.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Namespace(rag.DefaultNamespace)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	n := 0
	for c, err := range s.Scan(t.Context(), store.ScanQuery{Fields: store.FieldsAll}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(h, "%+v\n", c)
		n++
	}
	for d, err := range s.Docs(t.Context(), store.DocQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		d.RefVersion = "" // names the state of the file system, not of the content
		fmt.Fprintf(h, "%+v\n", d)
		n++
	}
	return fmt.Sprintf("%d %x", n, h.Sum(nil))
}
