package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// syncJSON syncs a folder and returns what the program says of it.
func (c *tool) syncJSON(code int, args ...string) syncResult {
	c.t.Helper()
	out, errs, got := c.run(append([]string{"sync", "--json"}, args...)...)
	var r syncResult
	if err := json.Unmarshal([]byte(out), &r); err != nil || got != code {
		c.t.Fatalf("sync %v: exit code %d, want %d: %v\n%s%s", args, got, code, err, out, errs)
	}
	return r
}

// cause returns why a file is not in, and how the report counts it.
func cause(r syncResult, path string) string {
	for _, f := range r.Failed {
		if f.Path == path {
			return "failed: " + f.Cause
		}
	}
	for _, f := range r.Skipped {
		if f.Path == path {
			return "skipped: " + f.Cause
		}
	}
	return "not reported"
}

func TestFilesThatCannotBeRead(t *testing.T) {
	c, dir := newTool(t), t.TempDir()
	write(t, dir, "good.txt", "A good file.")
	write(t, dir, "empty.pdf", "")
	write(t, dir, "empty.txt", "")
	write(t, dir, "cut.pdf", "%PDF-1.4\n1 0 obj\n<<")
	write(t, dir, "latin1.txt", "caf\xe9 au lait, d\xe9j\xe0 vu, na\xefve fa\xe7ade")
	write(t, dir, "binary.txt", "\x7fELF\x02\x01\x01\x00\x00\x00")
	if err := os.Symlink(".", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "escape.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling.txt")); err != nil {
		t.Fatal(err)
	}
	r := c.syncJSON(exitPartly, dir)
	for path, want := range map[string]string{
		"empty.pdf":    "failed:",
		"cut.pdf":      "failed:",
		"binary.txt":   "",
		"loop":         "skipped:",
		"escape.txt":   "skipped:",
		"dangling.txt": "skipped:",
	} {
		got := cause(r, path)
		if !strings.HasPrefix(got, want) || got == "not reported" {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	c.want(c.must(0, "search", "caf\u00e9 au lait"), "latin1.txt", "caf\u00e9 au lait, d\u00e9j\u00e0 vu")
	c.want(c.must(0, "search", "good"), "good.txt")
	if out, _, _ := c.run("search", "root"); strings.Contains(out, "/bin/") {
		t.Error("a link led out of the folder")
	}
	if r := c.syncJSON(exitPartly, dir); r.Added+r.Changed+r.Deleted+r.Chunks != 0 {
		t.Errorf("a second sync: %+v", r)
	}
}

// What documents and file names hold does not reach the terminal.
func TestTerminalIsSafe(t *testing.T) {
	const clear = "\x1b[2J"
	c, dir := newTool(t), t.TempDir()
	write(t, dir, "a.md", "# Tea"+clear+" time\n\nGreen tea"+clear+" is brewed\u009b1m at 80 degrees.\n")
	path := filepath.Join(dir, "b"+clear+".png")
	if err := os.WriteFile(path, []byte("\x89PNG\r\n\x1a\n"), 0o644); err != nil {
		t.Skip(err) // some file systems have no such names
	}
	out := c.must(0, "sync", "-n", dir) + c.must(0, "sync", "-v", dir) + c.must(0, "search", "green tea") +
		c.must(0, "evidence", "green tea") + c.must(exitError, "sync", filepath.Join(dir, "no"+clear))
	c.want(out, "skipped b[2J.png", "Green tea[2J is brewed")
	if strings.ContainsAny(out, "\x1b\u009b") || strings.Contains(c.must(exitPartly, "parse", dir), "\x1b") {
		t.Errorf("%q", out)
	}
}

func TestUnreadableFileAndFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are of another kind here")
	}
	c, dir := newTool(t), t.TempDir()
	write(t, dir, "a.txt", "Alpha text.")
	write(t, dir, "sub/b.txt", "Beta text.")
	asNobody(t, c.kb, dir)
	c.must(0, "sync", dir)

	restore := func(path string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	restore("sub", 0)
	t.Cleanup(func() { restore("sub", 0o755) })
	write(t, dir, "a.txt", "Alpha text, changed.")
	restore("a.txt", 0)
	r, code := syncAsNobody(t, c.kb, dir)
	if code != exitPartly || r.Deleted != 0 || !strings.Contains(cause(r, "a.txt"), "permission denied") {
		t.Errorf("exit code %d, %+v", code, r)
	}
	c.want(c.must(0, "stats"), "2 documents")
	c.want(c.must(0, "check"), "every checksum holds")
}

// asNobody gives the folders to a user who is not root, to whom permissions
// mean something.
func asNobody(t *testing.T, paths ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for _, p := range paths {
		for q := p; len(q) > len(os.TempDir()); q = filepath.Dir(q) {
			if err := os.Chmod(q, 0o777); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

// syncAsNobody syncs in a process of a user who is not root.
func syncAsNobody(t *testing.T, kb, dir string) (r syncResult, code int) {
	t.Helper()
	cmd := program(t.Context(), kb, dir)
	if os.Geteuid() == 0 {
		out, err := exec.Command("chown", "-R", "65534:65534", kb, dir).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		bin := filepath.Join(t.TempDir(), "quarry.test")
		if out, err := exec.Command("cp", os.Args[0], bin).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		asNobody(t, bin)
		cmd.Path, cmd.Args[0] = bin, bin
		setUser(cmd, 65534)
	}
	out, err := cmd.Output()
	if jerr := json.Unmarshal(out, &r); jerr != nil {
		t.Fatalf("%v: %v: %s", err, jerr, out)
	}
	return r, cmd.ProcessState.ExitCode()
}

func TestFullDisk(t *testing.T) {
	c, dir := newTool(t), t.TempDir()
	disk := mount(t, "size=2m")
	c.kb = filepath.Join(disk, "kb")
	write(t, dir, "small.txt", "A small file that fits.")
	c.must(0, "sync", "--source", "docs", dir)
	for i := range 60 {
		write(t, dir, fmt.Sprintf("big%02d.txt", i), strings.Repeat(fmt.Sprintf("Line of file %d.\n", i), 3000))
	}
	c.want(c.must(exitError, "sync", "--source", "docs", dir), "no space left", "disk is full")
	c.want(c.must(0, "check"), "every checksum holds")
	c.want(c.must(0, "search", "small file"), "small.txt")
	if out, err := exec.Command("mount", "-o", "remount,size=64m", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c.must(0, "sync", "--source", "docs", dir)
	c.want(c.must(0, "stats"), "61 documents")
	c.want(c.must(0, "check"), "every checksum holds")
}

func TestReadOnlyDisk(t *testing.T) {
	c, dir := newTool(t), handbook(t)
	disk := mount(t, "size=8m")
	c.kb = filepath.Join(disk, "kb")
	c.must(0, "sync", dir)
	if out, err := exec.Command("mount", "-o", "remount,ro", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c.want(c.must(exitError, "sync", dir), "read-only")
	c.want(c.must(0, "search", "approval"), "refunds.md") // reading needs no write
	c.want(c.must(0, "check"), "every checksum holds")
	c.kb = filepath.Join(disk, "new")
	c.want(c.must(exitError, "sync", dir), "read-only")
}

// mount returns a small disk of its own.
func mount(t *testing.T, options string) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs Linux and root")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

func TestAnotherProgramsFolder(t *testing.T) {
	c, dir := newTool(t), handbook(t)
	c.kb = t.TempDir()
	write(t, c.kb, "letter.doc", "Dear Sir")
	c.want(c.must(exitError, "sync", dir), c.kb, "not a store")
	if b, err := os.ReadFile(filepath.Join(c.kb, "letter.doc")); err != nil || string(b) != "Dear Sir" {
		t.Errorf("the file was touched: %q, %v", b, err)
	}
	if entries, _ := os.ReadDir(c.kb); len(entries) != 1 {
		t.Errorf("something was added: %v", entries)
	}
}

func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no interrupt can be sent to a process here")
	}
	c, dir := newTool(t), t.TempDir()
	for i := range 300 {
		write(t, dir, fmt.Sprintf("f%03d.txt", i), strings.Repeat(fmt.Sprintf("Line of file %d with words.\n", i), 150))
	}
	cmd := program(t.Context(), c.kb, dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for atWork := false; !atWork; { // a store is being written
		select {
		case err := <-done:
			t.Fatalf("it ended before it was at work: %v: %s", err, &errs)
		case <-time.After(time.Millisecond):
			entries, err := os.ReadDir(c.kb)
			atWork = err == nil && len(entries) >= 3
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-done
	if code := cmd.ProcessState.ExitCode(); code != exitSignal && code != 0 { // 0: it was done already
		t.Errorf("exit code %d: %s", code, &errs)
	}
	c.want(c.must(0, "check"), "every checksum holds")
	c.must(0, "sync", "--source", "docs", dir)
	c.want(c.must(0, "stats"), "300 documents")
}
