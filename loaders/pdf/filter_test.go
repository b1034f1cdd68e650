package pdf

import (
	"bytes"
	"compress/zlib"
	"testing"
)

func TestFilters(t *testing.T) {
	deflate := func(s string) []byte {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write([]byte(s))
		w.Close()
		return z.Bytes()
	}
	png := parms{predictor: 15, columns: 4, colors: 1, bits: 8}
	rows := "\x00\x01\x02\x03\x04" + "\x01\x01\x01\x01\x01" + "\x02\x01\x01\x01\x01" + "\x03\x01\x01\x01\x01" + "\x04\x01\x01\x01\x01"
	undone := "\x01\x02\x03\x04" + "\x01\x02\x03\x04" + "\x02\x03\x04\x05" + "\x02\x03\x04\x05" + "\x03\x04\x05\x06"
	for _, c := range []struct {
		name string
		in   []byte
		f    []filter
		want string
	}{
		{"flate", deflate("hello"), []filter{{name: "FlateDecode"}}, "hello"},
		{"flate without its end", deflate("hello hello hello")[:14], []filter{{name: "Fl"}}, "hello hello hello"},
		{"lzw", []byte("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"), []filter{{"LZWDecode", parms{early: 1}}}, "-----A---B"}, // the example of the standard
		{"hex", []byte("48 65 6C6c 6F7>junk"), []filter{{name: "AHx"}}, "Hellop"},
		{"ascii85", []byte("<~BOu!rDZ~>"), []filter{{name: "A85"}}, "hello"},
		{"run length", []byte("\x02abc\xfed\x80x"), []filter{{name: "RL"}}, "abcddd"},
		{"several", []byte("<~" + "GhPj8~>"), []filter{{name: "A85"}, {name: "DCTDecode"}}, ""},
		{"png", deflate(rows), []filter{{"FlateDecode", png}}, undone},
		{"tiff", deflate("\x01\x01\x01\x01\x05\x01\x01\x01"), []filter{{"FlateDecode", parms{predictor: 2, columns: 4, colors: 1, bits: 8}}}, "\x01\x02\x03\x04\x05\x06\x07\x08"},
		{"absurd columns", deflate("\x02ab"), []filter{{"FlateDecode", parms{predictor: 12, columns: 1 << 30, colors: 1, bits: 8}}}, "\x02ab"},
	} {
		got, err := unfilter(c.in, c.f, nil)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func FuzzFilters(f *testing.F) {
	f.Add([]byte("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"), 12, 4, 1, 8, 1)
	f.Add([]byte("x\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15"), 2, 1, 3, 16, 0)
	f.Fuzz(func(t *testing.T, b []byte, predictor, columns, colors, bits, early int) {
		p := parms{predictor, columns, colors, bits, early & 1}
		for _, name := range []string{"Fl", "LZW", "AHx", "A85", "RL"} {
			unfilter(bytes.Clone(b), []filter{{name, p}}, nil)
		}
	})
}
