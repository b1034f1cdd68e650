package local

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
)

// killedDir makes the test program a writer of the store in that directory,
// which prints the number of each change when it is acknowledged.
const killedDir = "QUARRY_TEST_KILLED_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedDir); dir != "" {
		fmt.Fprintln(os.Stderr, writeForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const killedWriters = 4

// writeForever writes numbered changes from several goroutines until the
// process ends. A change is a document of two chunks, and takes away the one
// of the same writer four before it.
func writeForever(dir string) error {
	db, err := Open(dir, &Options{LogBytes: 16 << 10})
	if err != nil {
		return err
	}
	out := make(chan string)
	for w := range killedWriters {
		n := must(db.Namespace(fmt.Sprint(w)))
		go func() {
			docs, err := collect(n.Docs(context.Background(), store.DocQuery{}))
			next := 0
			for _, d := range docs {
				next = max(next, d.Chunks+1)
			}
			for ; err == nil; next++ {
				_, err = n.Write(context.Background(), numbered(next))
				out <- fmt.Sprint(w, " ", next)
			}
			out <- fmt.Sprint("error: ", err)
		}()
	}
	for line := range out {
		if _, err := os.Stdout.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func numbered(n int) store.Change {
	id := fmt.Sprintf("%08d", n)
	chunk := func(part string) store.Chunk {
		text := "change number " + id + " part " + part
		return store.Chunk{ID: id + part, DocID: id, Text: text, End: len(text), Vector: []float32{0, 1}}
	}
	return store.Change{
		Delete: store.Docs(fmt.Sprintf("%08d", n-4)),
		Upsert: []store.Chunk{chunk("a"), chunk("b")},
		Docs:   []store.Doc{{ID: id, Chunks: n}},
		Space:  "plane",
	}
}

// P1, P2, P6: a program that writes is killed, again and again, and every
// change that it said was written is there; it had the lock, and has it no more.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(seed(t), 0))
	acknowledged := slices.Repeat([]int{-1}, killedWriters)
	rounds, changes := recoveries(20, 2000), int64(0)
	for round := range rounds {
		for w, n := range killWriter(t, dir, time.Duration(rng.IntN(30))*time.Millisecond) {
			acknowledged[w] = max(acknowledged[w], n)
		}
		report, err := Check(t.Context(), dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		changes = report.Changes
		db, err := Open(dir, nil)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for w, n := range acknowledged {
			if err := numberedUpTo(must(db.Namespace(fmt.Sprint(w))), n); err != nil {
				t.Fatalf("round %d, writer %d: %v", round, w, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d changes", rounds, changes)
}

// killWriter starts a writer, kills it some time after its first words, and returns
// the last number that each of its goroutines acknowledged.
func killWriter(t *testing.T, dir string, after time.Duration) map[int]int {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := map[int]int{}
	var once sync.Once
	for lines := bufio.NewScanner(out); lines.Scan(); {
		once.Do(func() {
			if _, err := Open(dir, nil); err == nil {
				t.Error("the store was opened while another process had it")
			}
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		})
		var w, n int
		if _, err := fmt.Sscan(lines.Text(), &w, &n); err != nil {
			t.Errorf("the writer says %q", lines.Text())
			break
		}
		last[w] = n
	}
	cmd.Wait()
	return last
}

// numberedUpTo returns an error unless s holds just what a writer has written
// who was told of change n, and may have written the one behind it.
func numberedUpTo(s store.Store, n int) error {
	docs, err := collect(s.Docs(context.Background(), store.DocQuery{}))
	if err != nil {
		return err
	}
	chunks, err := collect(s.Scan(context.Background(), store.ScanQuery{}))
	if err != nil {
		return err
	}
	last := -1
	if len(docs) > 0 {
		if last, err = strconv.Atoi(docs[len(docs)-1].ID); err != nil {
			return err
		}
	}
	if last < n {
		return fmt.Errorf("change %d was acknowledged, the last one there is %d", n, last)
	}
	var want, got []string
	for i := max(0, last-3); i <= last; i++ {
		c := numbered(i)
		want = append(want, c.Upsert[0].ID, c.Upsert[1].ID)
	}
	for _, c := range chunks {
		got = append(got, c.ID)
	}
	if !slices.Equal(got, want) || len(docs) != len(want)/2 {
		return fmt.Errorf("chunks %q and %d documents, want %q", got, len(docs), want)
	}
	return nil
}
