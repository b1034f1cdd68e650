package text

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
)

func read(t testing.TB, o *Options, in loaders.Input) (loaders.Document, error) {
	t.Helper()
	n := 0
	var doc loaders.Document
	var last error
	for d, err := range New(o).Parse(context.Background(), in) {
		doc, last = d, err
		if n++; n > 1 {
			t.Fatal("more than one pair")
		}
	}
	return doc, last
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, mime, content string
		text, title         string
	}{
		{"a.txt", "", "\xef\xbb\xbfHello\r\n\r\nWorld\r\n", "Hello\n\nWorld\n", "Hello"},
		{"a.txt", "", "", "", "a.txt"},
		{"a.txt", "", "just one line", "just one line", "just one line"},
		{"a.txt", "", "two lines\nof prose\n", "two lines\nof prose\n", "a.txt"},
		{"a.txt", "", strings.Repeat("long ", 30), strings.Repeat("long ", 30), "a.txt"},
		{"a.rst", "", "=====\nTitle\n=====\n\ntext", "=====\nTitle\n=====\n\ntext", "a.rst"},
		{"a.rst", "", "Title\n=====\n\ntext", "Title\n=====\n\ntext", "Title"},
		{"a.adoc", "", "= Title\n\ntext", "= Title\n\ntext", "Title"},
		{"a.log", "", "started\n\nended", "started\n\nended", "a.log"},
		{"a.txt", "", "1234\n\nx", "1234\n\nx", "a.txt"},
		{"a.txt", "text/plain; charset=windows-1251", "\xec\xe8\xf0", "мир", "мир"},
		{"", "", "x\n\ny", "x\n\ny", "x"},
	} {
		in := loaders.BytesInput("ref", []byte(c.content))
		in.Name, in.MIME = c.name, c.mime
		d, err := read(t, nil, in)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
		if d.Text != c.text || d.Title != c.title || d.ID != "ref" || len(d.Warnings) > 0 {
			t.Errorf("%s %q: text %q, title %q, warnings %q", c.name, c.content, d.Text, d.Title, d.Warnings)
		}
	}
}

func TestCharset(t *testing.T) {
	in := loaders.BytesInput("a.txt", []byte("\xec\xe8\xf0"))
	if d, err := read(t, &Options{Charset: "windows-1251"}, in); err != nil || d.Text != "мир" {
		t.Errorf("%q, %v", d.Text, err)
	}
	in = loaders.BytesInput("a.txt", []byte(strings.Repeat("é", 20)+"\xff\xfe"))
	if d, err := read(t, nil, in); err != nil || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "2 places") {
		t.Errorf("%q, %v", d.Warnings, err)
	}
}

func TestErrors(t *testing.T) {
	limited := func(l loaders.Limits) loaders.Input {
		in := loaders.BytesInput("a.txt", []byte(strings.Repeat("x", 100)))
		in.Budget = loaders.NewBudget(l)
		return in
	}
	for name, c := range map[string]struct {
		in   loaders.Input
		want error
	}{
		"binary": {loaders.BytesInput("a.txt", []byte("a\x00b\x00\x00")), loaders.ErrFormat},
		"magic":  {loaders.BytesInput("a.txt", []byte("%PDF-1.4\n")), loaders.ErrFormat},
		"input":  {limited(loaders.Limits{MaxInput: 99}), loaders.ErrBudget},
		"text":   {limited(loaders.Limits{MaxText: 99}), loaders.ErrBudget},
		"time":   {limited(loaders.Limits{MaxTime: 1}), loaders.ErrBudget},
	} {
		_, err := read(t, nil, c.in)
		if de, ok := errors.AsType[*loaders.DocError](err); !ok || !errors.Is(err, c.want) || de.Ref != "a.txt" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGuess(t *testing.T) {
	fs := loaders.Formats{Format(&Options{Extensions: []string{".zzz"}})}
	for name, want := range map[string]bool{"a.txt": true, "README": true, "a.zzz": true, "a.unknown": true} {
		if _, ok := fs.Find(name, "", []byte("some words\n")); ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	if _, ok := fs.Find("a.unknown", "", []byte("\x00\x01\x02")); ok {
		t.Error("binary content is guessed to be text")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Title\n=====\r\n\r\ntext"), "text/plain; charset=gbk")
	f.Add([]byte("\xff\xfea\x00"), "")
	f.Fuzz(func(t *testing.T, b []byte, mime string) {
		in := loaders.BytesInput("a.txt", b)
		in.MIME = mime
		d, err := read(t, nil, in)
		if err != nil {
			if !errors.Is(err, loaders.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		if err := d.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

func ExampleNew() {
	in := loaders.BytesInput("lettre.txt", []byte("Lettre \xe0 un ami\r\n\r\nO\xf9 es-tu?\r\n")) // Windows-1252
	for d, err := range New(nil).Parse(context.Background(), in) {
		fmt.Printf("%s: %q %v\n", d.Title, d.Text, err)
	}
	// Output:
	// Lettre à un ami: "Lettre à un ami\n\nOù es-tu?\n" <nil>
}

func ExampleFormat() {
	formats := loaders.Formats{Format(nil)}
	for name, head := range map[string]string{"NOTES.unknown": "plain words"} {
		f, ok := formats.Find(name, "", []byte(head))
		fmt.Println(f.Name, ok)
	}
	// Output:
	// text true
}
