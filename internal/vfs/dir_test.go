package vfs_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("QUARRY_TEST_LOCK"); dir != "" {
		holdLock(dir)
		return
	}
	os.Exit(m.Run())
}

// holdLock takes a lock, says so, and waits to be killed.
func holdLock(dir string) {
	d, err := vfs.OpenDir(dir)
	if err == nil {
		_, err = d.Lock("LOCK", fmt.Sprint("pid ", os.Getpid()))
	}
	fmt.Println("locked", err)
	select {}
}

// The lock of another process is seen, says whose it is, and ends with that process, however it ends.
func TestLockOfProcess(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "QUARRY_TEST_LOCK="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Skip("no child processes here:", err)
	}
	defer child.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked <nil>\n" {
		t.Fatalf("child: %q, %v", line, err)
	}
	d := openDir(t, dir)
	_, err = d.Lock("LOCK", "us")
	var locked *vfs.LockedError
	want := vfs.LockedError{Name: filepath.Join(dir, "LOCK"), Owner: fmt.Sprint("pid ", child.Process.Pid)}
	if !errors.As(err, &locked) || *locked != want {
		t.Errorf("while the child has it: %v", err)
	}
	child.Process.Kill()
	child.Wait()
	held, err := d.Lock("LOCK", "us")
	if err != nil {
		t.Fatalf("when the child is dead: %v", err)
	}
	held.Close()
}

func TestOpenDir(t *testing.T) {
	dir := t.TempDir()
	if _, err := vfs.OpenDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	deep := filepath.Join(dir, "a", "b", "c")
	for range 2 {
		if err := vfs.MkdirAll(deep); err != nil {
			t.Fatal(err)
		}
	}
	d := openDir(t, deep)
	if d.Name() != deep {
		t.Error(d.Name())
	}
	if err := vfs.Replace(d, "file", nil); err != nil {
		t.Fatal(err)
	}
	if err := vfs.MkdirAll(filepath.Join(deep, "file")); err == nil {
		t.Error("made a directory of a file")
	}
	if err := vfs.MkdirAll(filepath.Join(deep, "file", "x")); err == nil {
		t.Error("made a directory in a file")
	}
	if _, err := d.Open("none"); err == nil || !strings.Contains(err.Error(), filepath.Join(deep, "none")) {
		t.Errorf("the error does not say where: %v", err)
	}
}

// A symbolic link does not lead out of the directory.
func TestSymlink(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	d := openDir(t, dir)
	if _, err := d.Open("link/secret"); err == nil {
		t.Error("opened a file outside")
	}
	if _, err := d.Create("link/new"); err == nil {
		t.Error("created a file outside")
	}
}

// What is stored is readable by its owner alone.
func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other permissions")
	}
	dir := filepath.Join(t.TempDir(), "kb")
	if err := vfs.MkdirAll(dir); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, dir)
	if err := errors.Join(vfs.Replace(d, "file", nil), d.Mkdir("sub")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".", "file", "sub"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func ExampleOpenDir() {
	dir, err := os.MkdirTemp("", "quarry")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	fsys, err := vfs.OpenDir(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fsys.Close()
	if err := vfs.Replace(fsys, "CURRENT", []byte("MANIFEST-000001")); err != nil {
		fmt.Println(err)
		return
	}
	names, _ := fsys.List(".")
	content, _ := vfs.ReadFile(fsys, "CURRENT")
	fmt.Println(names, string(content))
	// Output: [CURRENT] MANIFEST-000001
}
