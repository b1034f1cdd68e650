package embedtest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/embed"
)

func TestCassetteRecordsAndReplays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors.jsonl")
	w := Words(16)
	texts := []string{"b", "a", "line\nbreak \u2028 \"quoted\"", "a"}

	t.Setenv("QUARRY_RECORD", "1")
	t.Run("record", func(t *testing.T) {
		c := Cassette(t, path, w)
		for _, kind := range []embed.Kind{embed.Query, embed.Passage} {
			if _, err := c.Embed(t.Context(), embed.Request{Kind: kind, Texts: texts}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Embed(t.Context(), embed.Request{Texts: texts}); err != nil || w.Calls() != 2 {
			t.Fatalf("recorded texts were embedded again: %d calls, %v", w.Calls(), err)
		}
	})
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	t.Setenv("QUARRY_RECORD", "")
	want, err := Words(16).Embed(t.Context(), embed.Request{Texts: texts})
	if err != nil {
		t.Fatal(err)
	}
	c := Cassette(t, path, nil)
	got, err := c.Embed(t.Context(), embed.Request{Texts: texts})
	if err != nil {
		t.Fatal(err)
	}
	for i := range texts {
		if !slices.Equal(got.Vectors[i], want.Vectors[i]) {
			t.Errorf("text %q: %v, want %v", texts[i], got.Vectors[i], want.Vectors[i])
		}
	}
	if c.Model() != w.Model() {
		t.Errorf("model %+v", c.Model())
	}
	_, err = c.Embed(t.Context(), embed.Request{Kind: embed.Query, Texts: []string{"a", "never seen"}})
	if err == nil || !strings.Contains(err.Error(), `query "never seen"`) || !errors.Is(err, embed.ErrResponse) {
		t.Errorf("missing text: %v", err)
	}

	// A second recording adds, and writes the same file for the same content.
	t.Setenv("QUARRY_RECORD", "1")
	t.Run("again", func(t *testing.T) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{texts[2], "a", "b"} {
			t.Run("part", func(t *testing.T) {
				c := Cassette(t, path, w)
				for _, kind := range []embed.Kind{embed.Passage, embed.Query} {
					if _, err := c.Embed(t.Context(), embed.Request{Kind: kind, Texts: []string{text}}); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	})
	second, err := os.ReadFile(path)
	if err != nil || string(first) != string(second) {
		t.Errorf("the file depends on the order of recording (%v):\n%s\n%s", err, first, second)
	}
}

func TestCassetteRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors.jsonl")
	if _, err := openCassette(path, Words(4), false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for _, data := range []string{
		"", "{", `{"Name":"m","Dim":1}` + "\n" + `{"text":"a","vector":"AAAA"}`,
		`{"Name":"m","Dim":1}` + "\n" + `{"text":"a","vector":"?"}`, `{"Name":"m","Dim":1}` + "\n" + `{"text":`,
	} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openCassette(path, nil, false); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", data, err)
		}
	}
	if err := os.WriteFile(path, []byte(`{"Name":"words","Revision":"1","Dim":8}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openCassette(path, Words(4), false); err == nil {
		t.Error("replayed vectors of another model")
	}
	if c, err := openCassette(path, Words(4), true); err != nil || c.Model().Dim != 4 {
		t.Errorf("recording another model: %v", err)
	}
}

// A cassette keeps the contract for what it holds; to record is the only way
// to know every text that the kit asks for.
func TestCassetteKeepsTheContract(t *testing.T) {
	c, err := openCassette(filepath.Join(t.TempDir(), "vectors.jsonl"), Words(32), true)
	if err != nil {
		t.Fatal(err)
	}
	Run(t, c, nil)
	c.record = nil
	Run(t, c, nil)
}
