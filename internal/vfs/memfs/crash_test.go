package memfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
)

// dump describes all files, content included.
func dump(t testing.TB, m *FS) string {
	t.Helper()
	var b strings.Builder
	var walk func(dir string)
	walk = func(dir string) {
		names, err := m.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			path := strings.TrimPrefix(dir+"/"+name, "./")
			info, err := m.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.IsDir() {
				fmt.Fprintf(&b, "%s/ ", path)
				walk(path)
				continue
			}
			content, err := vfs.ReadFile(m, path)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s=%s ", path, content)
		}
	}
	walk(".")
	return strings.TrimSpace(b.String())
}

func ok(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// put writes a new file.
func put(t testing.TB, m *FS, name, content string, sync bool) {
	t.Helper()
	f, err := m.Create(name)
	ok(t, err)
	_, err = f.Write([]byte(content))
	ok(t, err)
	if sync {
		ok(t, f.Sync())
	}
	ok(t, f.Close())
}

// edit changes an existing file.
func edit(t testing.TB, m *FS, name string, do func(vfs.File) error) {
	t.Helper()
	f, err := m.Append(name)
	ok(t, err, do(f), f.Close())
}

// add writes s to the end of a file.
func add(s string) func(vfs.File) error {
	return func(f vfs.File) error {
		_, err := f.Write([]byte(s))
		return err
	}
}

// After a power failure there is one of just these states, and each of them comes up.
func TestCrashStates(t *testing.T) {
	tests := []struct {
		name   string
		do     func(*FS)
		states []string // the first: nothing survives; the last: everything
	}{
		{"file synced, name not", func(m *FS) {
			put(t, m, "a", "x", true)
		}, []string{"", "a=x"}},
		{"file and name synced", func(m *FS) {
			put(t, m, "a", "x", true)
			ok(t, m.SyncDir("."))
		}, []string{"a=x"}},
		{"name synced, file not", func(m *FS) {
			put(t, m, "a", "x", false)
			ok(t, m.SyncDir("."))
		}, []string{"a=", "a=?", "a=x"}},
		{"directory synced, its name not", func(m *FS) {
			ok(t, m.Mkdir("d"))
			put(t, m, "d/a", "x", true)
			ok(t, m.SyncDir("d"))
		}, []string{"", "d/ d/a=x"}},
		{"name of directory synced, its names not", func(m *FS) {
			ok(t, m.Mkdir("d"))
			put(t, m, "d/a", "x", true)
			ok(t, m.SyncDir("."))
		}, []string{"d/", "d/ d/a=x"}},
		{"rename over a file", func(m *FS) {
			put(t, m, "a", "new", true)
			put(t, m, "b", "old", true)
			ok(t, m.SyncDir("."), m.Rename("a", "b"))
		}, []string{"a=new b=old", "b=new"}},
		{"rename of a file that was not synced", func(m *FS) {
			put(t, m, "b", "old", true)
			ok(t, m.SyncDir("."))
			put(t, m, "a", "x", false)
			ok(t, m.Rename("a", "b"))
		}, []string{"b=old", "a= b=old", "a=? b=old", "a=x b=old", "b=", "b=?", "b=x"}},
		{"rename between directories", func(m *FS) {
			ok(t, m.Mkdir("d"), m.Mkdir("e"))
			put(t, m, "d/a", "x", true)
			ok(t, m.SyncDir("d"), m.SyncDir("."), m.Rename("d/a", "e/a"))
		}, []string{"d/ d/a=x e/", "d/ d/a=x e/ e/a=x", "d/ e/", "d/ e/ e/a=x"}},
		{"rename between directories, one synced", func(m *FS) {
			ok(t, m.Mkdir("d"), m.Mkdir("e"))
			put(t, m, "d/a", "x", true)
			ok(t, m.SyncDir("d"), m.SyncDir("."), m.Rename("d/a", "e/a"), m.SyncDir("e"))
		}, []string{"d/ d/a=x e/ e/a=x", "d/ e/ e/a=x"}},
		{"remove", func(m *FS) {
			put(t, m, "a", "x", true)
			put(t, m, "b", "y", true)
			ok(t, m.SyncDir("."), m.Remove("a"), m.Remove("b"))
		}, []string{"a=x b=y", "a=x", "b=y", ""}},
		{"remove, synced", func(m *FS) {
			put(t, m, "a", "x", true)
			ok(t, m.SyncDir("."), m.Remove("a"), m.SyncDir("."))
		}, []string{""}},
		{"remove and create", func(m *FS) {
			put(t, m, "a", "old", true)
			ok(t, m.SyncDir("."), m.Remove("a"))
			put(t, m, "a", "new", true)
		}, []string{"a=old", "", "a=new"}},
		{"truncate", func(m *FS) {
			put(t, m, "a", "abc", true)
			ok(t, m.SyncDir("."))
			edit(t, m, "a", func(f vfs.File) error { return f.Truncate(1) })
		}, []string{"a=abc", "a=a"}},
		{"truncate, synced", func(m *FS) {
			put(t, m, "a", "abc", true)
			ok(t, m.SyncDir("."))
			edit(t, m, "a", func(f vfs.File) error { return errors.Join(f.Truncate(1), f.Sync()) })
		}, []string{"a=a"}},
		{"extend with zeros", func(m *FS) {
			put(t, m, "a", "abc", true)
			ok(t, m.SyncDir("."))
			edit(t, m, "a", func(f vfs.File) error { return f.Truncate(5) })
		}, []string{"a=abc", "a=abc\x00\x00"}},
		{"write in the place of what was cut off", func(m *FS) {
			put(t, m, "a", "abc", true)
			ok(t, m.SyncDir("."))
			edit(t, m, "a", func(f vfs.File) error { return f.Truncate(1) })
			edit(t, m, "a", add("X"))
		}, []string{"a=abc", "a=a", "a=aXc", "a=a?", "a=aX"}},
		{"sync that failed", func(m *FS) {
			put(t, m, "a", "abc", true)
			ok(t, m.SyncDir("."))
			edit(t, m, "a", func(f vfs.File) error {
				err := add("lost")(f)
				f.(*file).FailSync()
				return errors.Join(err, add("kept")(f), f.Sync())
			})
		}, []string{"a=abc\x00\x00\x00\x00kept"}},
		{"sync that failed, cut off, and written again", func(m *FS) {
			put(t, m, "a", "abc", true)
			ok(t, m.SyncDir("."))
			edit(t, m, "a", func(f vfs.File) error {
				err := add("lost")(f)
				f.(*file).FailSync()
				return errors.Join(err, f.Truncate(5), f.Truncate(3), add("kept")(f), f.Sync())
			})
		}, []string{"a=abckept"}},
	}
	for _, tt := range tests {
		m := New()
		tt.do(m)
		state := func(c *FS) string { // a lost byte may show as anything
			s := dump(t, c)
			for _, want := range tt.states {
				i := strings.IndexByte(want, '?')
				if i >= 0 && len(s) == len(want) && s[:i] == want[:i] && s[i+1:] == want[i+1:] && !slices.Contains(tt.states, s) {
					return want
				}
			}
			return s
		}
		if got, want := state(m.Crash(Nothing, nil)), tt.states[0]; got != want {
			t.Errorf("%s: nothing survives: %q, want %q", tt.name, got, want)
		}
		if got, want := state(m.Crash(Everything, nil)), tt.states[len(tt.states)-1]; got != want {
			t.Errorf("%s: everything survives: %q, want %q", tt.name, got, want)
		}
		got := map[string]bool{}
		for seed := range uint64(1000) {
			c := m.Crash(Random, rand.New(rand.NewPCG(seed, 0)))
			got[state(c)] = true
			if after := dump(t, c.Crash(Nothing, nil)); after != dump(t, c) {
				t.Fatalf("%s: a second crash changes %q to %q", tt.name, dump(t, c), after)
			}
		}
		want := slices.Sorted(slices.Values(tt.states))
		if states := slices.Sorted(maps.Keys(got)); !slices.Equal(states, want) {
			t.Errorf("%s: states %q, want %q", tt.name, states, want)
		}
	}
}

// Unsynced sectors come and go one by one, in any order; synced bytes stay.
func TestSectors(t *testing.T) {
	m := New()
	put(t, m, "a", strings.Repeat("s", SectorSize-100), true)
	ok(t, m.SyncDir("."))
	edit(t, m, "a", add(strings.Repeat("w", 100+3*SectorSize)))
	seen := map[string]bool{}
	lengths := map[int]bool{}
	for seed := range uint64(2000) {
		c := m.Crash(Random, rand.New(rand.NewPCG(seed, 0)))
		b, err := vfs.ReadFile(c, "a")
		ok(t, err)
		if !bytes.Equal(b[:SectorSize-100], bytes.Repeat([]byte("s"), SectorSize-100)) {
			t.Fatal("synced bytes were lost")
		}
		lengths[len(b)] = true
		pattern := ""
		for off := SectorSize - 100; off < len(b); off += SectorSize - off%SectorSize {
			switch sector := b[off:min(len(b), off+SectorSize-off%SectorSize)]; {
			case bytes.Count(sector, []byte("w")) == len(sector):
				pattern += "w"
			case bytes.Count(sector, []byte{0}) == len(sector):
				pattern += "0"
			default:
				pattern += "?"
			}
		}
		seen[pattern] = true
	}
	for _, want := range []string{"", "w", "ww", "www", "wwww", "0000", "0w", "w0w", "w?w", "ww?w", "000w", "0??w", "w???"} {
		if !seen[want] {
			t.Errorf("no state %q", want)
		}
	}
	if len(lengths) != 5 {
		t.Errorf("lengths %v", lengths)
	}
}

// In lost sectors old bytes show up: of removed files too, at their old place.
func TestStaleBytes(t *testing.T) {
	m := New()
	put(t, m, "old", "old bytes", true)
	ok(t, m.Remove("old"))
	put(t, m, "new", "new bytes", false)
	ok(t, m.SyncDir("."))
	for seed := range uint64(2000) {
		c := m.Crash(Random, rand.New(rand.NewPCG(seed, 0)))
		if dump(t, c) == "new=old bytes" {
			return
		}
	}
	t.Error("never seen")
}

// A killed program leaves everything as it is, and nothing is more durable than before.
func TestKill(t *testing.T) {
	m := New()
	put(t, m, "a", "synced", true)
	ok(t, m.SyncDir("."))
	edit(t, m, "a", add(" not"))
	ok(t, m.Mkdir("d"))
	put(t, m, "d/b", "x", false)
	_, err := m.Lock("LOCK", "me")
	ok(t, err)
	k := m.Crash(Kill, nil)
	if got, want := dump(t, k), dump(t, m); got != want {
		t.Errorf("killed: %q, want %q", got, want)
	}
	for _, s := range []Survival{Nothing, Everything} {
		if got, want := dump(t, k.Crash(s, nil)), dump(t, m.Crash(s, nil)); got != want {
			t.Errorf("killed, then a crash: %q, want %q", got, want)
		}
	}
	for seed := range uint64(100) {
		got := dump(t, k.Crash(Random, rand.New(rand.NewPCG(seed, 0))))
		if want := dump(t, m.Crash(Random, rand.New(rand.NewPCG(seed, 0)))); got != want {
			t.Fatalf("killed, then crash %d: %q, want %q", seed, got, want)
		}
	}
	if k.Handles() != 0 || m.Handles() != 1 {
		t.Errorf("handles: %d, %d", k.Handles(), m.Handles())
	}
	held, err := k.Lock("LOCK", "next")
	ok(t, err, held.Close())
}

// Neither file system sees what happens to the other after a crash.
func TestCrashIsACopy(t *testing.T) {
	for _, s := range []Survival{Everything, Kill, Random} {
		m := New()
		put(t, m, "a", "abc", true)
		ok(t, m.SyncDir("."))
		c := m.Crash(s, rand.New(rand.NewPCG(1, 1)))
		edit(t, m, "a", add("m"))
		edit(t, c, "a", add("c"))
		put(t, c, "b", "", true)
		if got, want := dump(t, m)+" "+dump(t, c), "a=abcm a=abcc b="; got != want {
			t.Errorf("%v: %q, want %q", s, got, want)
		}
	}
}

func TestEdit(t *testing.T) {
	m := New()
	put(t, m, "a", "abc", false)
	shown := m.Crash(Everything, nil)
	ok(t, m.SyncDir("."))
	ok(t, m.Edit("a", func(b []byte) []byte { b[1] ^= 1; return b }))
	if got := dump(t, m.Crash(Nothing, nil)) + " " + dump(t, shown); got != "a=acc a=abc" {
		t.Error(got)
	}
	if err := m.Edit("b", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func Example() {
	disk := New()
	f, err := disk.Create("file")
	if err != nil {
		fmt.Println(err)
		return
	}
	f.Write([]byte("synced"))
	f.Sync()
	f.Close()
	_, err = disk.Crash(Nothing, nil).Open("file")
	fmt.Println(err)
	disk.SyncDir(".")
	content, _ := vfs.ReadFile(disk.Crash(Nothing, nil), "file")
	fmt.Printf("%s\n", content)
	// Output:
	// open file: file does not exist
	// synced
}
