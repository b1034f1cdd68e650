package loaders_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/loaders"
)

func TestBudget(t *testing.T) {
	b := loaders.NewBudget(loaders.Limits{MaxInput: 10, MaxText: 10, MaxInflate: 10, MaxEntries: 2, MaxDepth: 3})
	for name, c := range map[string]struct {
		within, over func() error
	}{
		"input":   {func() error { return b.Input(10) }, func() error { return b.Input(11) }},
		"text":    {func() error { return b.Text(10) }, func() error { return b.Text(1) }},
		"inflate": {func() error { return b.Inflate(10) }, func() error { return b.Inflate(1) }},
		"entry":   {func() error { return errors.Join(b.Entry(), b.Entry()) }, b.Entry},
		"depth":   {func() error { return b.Depth(3) }, func() error { return b.Depth(4) }},
	} {
		if err := c.within(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.over(); !errors.Is(err, loaders.ErrBudget) {
			t.Errorf("%s over its limit: %v", name, err)
		}
	}
	var none *loaders.Budget
	if err := errors.Join(none.Input(1<<60), none.Text(1<<30), none.Inflate(1<<30), none.Entry(), none.Depth(1<<30), none.Check(t.Context())); err != nil {
		t.Errorf("no budget: %v", err)
	}
	if l := loaders.NewBudget(loaders.Limits{}).Limits(); l.MaxInput == 0 || l.MaxText == 0 || l.MaxInflate == 0 || l.MaxEntries == 0 || l.MaxDepth == 0 || l.MaxTime == 0 {
		t.Errorf("a limit has no default: %+v", l)
	}
}

func TestBudgetTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := loaders.NewBudget(loaders.Limits{MaxTime: time.Minute})
		time.Sleep(time.Minute)
		if err := b.Check(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Nanosecond)
		if err := b.Check(t.Context()); !errors.Is(err, loaders.ErrBudget) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Check(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, loaders.ErrBudget) {
			t.Error(err)
		}
	})
}

func TestBudgetIsShared(t *testing.T) {
	b := loaders.NewBudget(loaders.Limits{MaxText: 1000})
	var wg sync.WaitGroup
	refused := make([]int, 4)
	for i := range refused {
		wg.Go(func() {
			for range 500 {
				if b.Text(1) != nil {
					refused[i]++
				}
			}
		})
	}
	wg.Wait()
	if n := refused[0] + refused[1] + refused[2] + refused[3]; n != 1000 {
		t.Errorf("%d of 2000 bytes refused at a limit of 1000", n)
	}
}

func TestDocError(t *testing.T) {
	cause := fmt.Errorf("x: %w", loaders.ErrFormat)
	var err error = fmt.Errorf("load: %w", &loaders.DocError{Ref: "a/b", Err: cause})
	de, ok := errors.AsType[*loaders.DocError](err)
	if !ok || !errors.Is(err, loaders.ErrFormat) || !strings.Contains(err.Error(), "a/b: x") {
		t.Error(err)
	}
	for _, c := range []struct {
		e    loaders.DocError
		ref  string
		want bool
	}{
		{*de, "a/b", true},
		{*de, "a/b/c", false},
		{loaders.DocError{Ref: "a/", Prefix: true}, "a/b/c", true},
		{loaders.DocError{Ref: "a/", Prefix: true}, "ab", false},
		{loaders.DocError{Ref: "a/"}, "a/b", false},
	} {
		if c.e.Covers(c.ref) != c.want {
			t.Errorf("%+v covers %q: %v", c.e, c.ref, !c.want)
		}
	}
}

func valid() loaders.Document {
	return loaders.Document{ID: "a", Ref: "a", Text: "héllo", Spans: []loaders.Span{
		{Kind: loaders.Heading, Start: 0, End: 6, Level: 1, Boxes: []loaders.Box{{X1: 1}}}, {Kind: loaders.Code, Start: 3, End: 3},
	}, Meta: map[string]any{"tags": []string{"x"}}, Principals: []string{"p"}, Warnings: []string{"w"}}
}

func TestValidate(t *testing.T) {
	good := valid()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, breakIt := range map[string]func(*loaders.Document){
		"no ID":            func(d *loaders.Document) { d.ID = "" },
		"invalid UTF-8":    func(d *loaders.Document) { d.Text = "a\xff" },
		"an invalid title": func(d *loaders.Document) { d.Title = "a\xff" },
		"NUL":              func(d *loaders.Document) { d.Text = "héllo\x00" },
		"trust":            func(d *loaders.Document) { d.Trust = 9 },
		"no kind":          func(d *loaders.Document) { d.Spans[0].Kind = "" },
		"negative":         func(d *loaders.Document) { d.Spans[0].Start = -1 },
		"backwards":        func(d *loaders.Document) { d.Spans[1].End = 1 },
		"outside":          func(d *loaders.Document) { d.Spans[0].End = 7 },
		"inside of é":      func(d *loaders.Document) { d.Spans[1].Start, d.Spans[1].End = 2, 2 },
		"out of order":     func(d *loaders.Document) { d.Spans[0], d.Spans[1] = d.Spans[1], d.Spans[0] },
		"inner before outer": func(d *loaders.Document) {
			d.Spans[1] = loaders.Span{Kind: loaders.Code, Start: 0, End: 6}
			d.Spans[0].End = 3
		},
	} {
		d := valid()
		breakIt(&d)
		if err := d.Validate(); !errors.Is(err, loaders.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSortSpans(t *testing.T) {
	d := loaders.Document{ID: "a", Text: "abcdef", Spans: []loaders.Span{
		{Kind: "b", Start: 2, End: 3}, {Kind: "x", Start: 0, End: 2}, {Kind: "y", Start: 0, End: 6}, {Kind: "z", Start: 0, End: 2},
	}}
	loaders.SortSpans(d.Spans)
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	var kinds string
	for _, s := range d.Spans {
		kinds += string(s.Kind)
	}
	if kinds != "yxzb" {
		t.Errorf("order %s", kinds)
	}
}

func TestClone(t *testing.T) {
	a := valid()
	b := a.Clone()
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("%+v, not %+v", b, a)
	}
	b.Spans[0].Start = 1
	b.Spans[0].Boxes[0].X1 = 9
	b.Meta["tags"].([]string)[0] = "y"
	b.Meta["new"] = 1
	b.Principals[0], b.Warnings[0] = "y", "y"
	if !reflect.DeepEqual(a, valid()) {
		t.Errorf("a copy's change reached the original: %+v", a)
	}
}

func TestSlice(t *testing.T) {
	l := loaders.Slice(loaders.Document{ID: "a", Meta: map[string]any{"x": "1"}}, loaders.Document{ID: "b", Ref: "r"})
	for range 2 {
		var got []string
		for d, err := range l.Load(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, d.ID+" "+d.Ref)
			if d.ID == "a" {
				if d.Meta["x"] != "1" {
					t.Errorf("meta %v", d.Meta)
				}
				d.Meta["x"] = "2"
			}
		}
		if !reflect.DeepEqual(got, []string{"a a", "b r"}) {
			t.Errorf("got %q", got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range l.Load(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// said is a parser whose document says which one it was.
func said(name string) loaders.Parser {
	return loaders.ParserFunc(func(_ context.Context, in loaders.Input) iter.Seq2[loaders.Document, error] {
		return func(yield func(loaders.Document, error) bool) {
			d := in.Document()
			d.Text = fmt.Sprintf("%s, %d parsers", name, len(in.Parsers))
			yield(d, nil)
		}
	})
}

func formats() loaders.Formats {
	return loaders.Formats{
		{Name: "guess", Guess: func(b []byte) bool { return len(b) > 0 }, Parser: said("guess")},
		{Name: "ext", Extensions: []string{".x", "makefile"}, Parser: said("ext")},
		{Name: "ext2", Extensions: []string{".x", ".y"}, MIMEs: []string{"text/x"}, Parser: said("ext2")},
		{Name: "sniff", Sniff: func(b []byte) bool { return bytes.HasPrefix(b, []byte("!")) }, Parser: said("sniff")},
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ name, mime, head, want string }{
		{"a.x", "", "!", "sniff"},
		{"a.x", "", "?", "ext"},
		{"a.X", "", "", "ext"},
		{"dir.x/a.y", "", "", "ext2"},
		{"Makefile", "", "", "ext"},
		{"a.z", "text/x; charset=utf-8", "?", "ext2"},
		{"a.z", "", "?", "guess"},
		{"a.z", "", "", ""},
		{"", "", "", ""},
	} {
		f, ok := formats().Find(c.name, c.mime, []byte(c.head))
		if f.Name != c.want || ok != (c.want != "") {
			t.Errorf("%+v: %s", c, f.Name)
		}
	}
}

func TestFormatsParse(t *testing.T) {
	one := func(fs loaders.Formats, in loaders.Input) (loaders.Document, error) {
		t.Helper()
		n := 0
		var doc loaders.Document
		var last error
		for d, err := range fs.Parse(t.Context(), in) {
			doc, last = d, err
			n++
		}
		if n != 1 {
			t.Fatalf("%d pairs", n)
		}
		return doc, last
	}
	if d, err := one(formats(), loaders.BytesInput("a.x", []byte("?"))); err != nil || d.Text != "ext, 4 parsers" {
		t.Errorf("%q, %v", d.Text, err)
	}
	in := loaders.BytesInput("a.x", []byte("?"))
	in.Parsers = formats()[:1]
	if d, err := one(formats(), in); err != nil || d.Text != "ext, 1 parsers" {
		t.Errorf("%q, %v", d.Text, err)
	}
	for _, c := range []struct {
		ref, content string
		limit        int64
		want         error
		text         string
	}{
		{"a.none", "", 0, loaders.ErrNoParser, ".none"},
		{"a", "", 0, loaders.ErrNoParser, "no extension"},
		{"a", "\x89PNG\r\n\x1a\n", 0, loaders.ErrNoParser, "PNG image"},
		{"a.crt", "0\x82\x03\x00", 0, loaders.ErrNoParser, ".crt (binary data)"},
		{"a.png", "\x89PNG\r\n\x1a\n", 0, loaders.ErrNoParser, ".png (PNG image)"},
		{"a.x", "123", 2, loaders.ErrBudget, "3 bytes of input, limit 2"},
	} {
		in := loaders.BytesInput(c.ref, []byte(c.content))
		in.Budget = loaders.NewBudget(loaders.Limits{MaxInput: c.limit})
		_, err := one(formats()[1:3], in)
		if de, ok := errors.AsType[*loaders.DocError](err); !ok || !errors.Is(err, c.want) || de.Ref != c.ref || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.ref, err)
		}
	}
	in = loaders.BytesInput("a.x", []byte("12345"))
	in.ReaderAt = failing{}
	if _, err := one(formats(), in); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
}

var errDisk = errors.New("disk on fire")

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestInput(t *testing.T) {
	in := loaders.BytesInput("dir/a.txt", []byte("hello"))
	if b, err := in.ReadAll(); err != nil || string(b) != "hello" || in.Name != "a.txt" {
		t.Errorf("%q, %v, %s", b, err, in.Name)
	}
	for n, want := range map[int]string{0: "", 3: "hel", 9: "hello"} {
		if b, err := in.Head(n); err != nil || string(b) != want {
			t.Errorf("head %d: %q, %v", n, b, err)
		}
	}
	in.Size = 9 // a file that became shorter
	if _, err := in.ReadAll(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	in.Budget = loaders.NewBudget(loaders.Limits{MaxInput: 8})
	if _, err := in.ReadAll(); !errors.Is(err, loaders.ErrBudget) {
		t.Error(err)
	}
}

func TestMagic(t *testing.T) {
	for head, want := range map[string]string{
		"": "", "P": "", "hello": "", "The ftyp box": "", "\x7fELF\x02": "ELF object", "PK\x03\x04": "zip archive",
		"RIFF1234WAVEfmt ": "WAV audio", strings.Repeat("x", 257) + "ustar": "tar archive",
	} {
		if got := loaders.Magic([]byte(head)); got != want {
			t.Errorf("%.20q: %q", head, got)
		}
	}
}

func TestTrust(t *testing.T) {
	if s := fmt.Sprint(loaders.Untrusted, loaders.Reviewed, loaders.Internal, loaders.Trust(7)); s != "untrusted reviewed internal invalid" {
		t.Error(s)
	}
}

func ExampleSlice() {
	l := loaders.Slice(
		loaders.Document{ID: "greeting", Text: "Good morning."},
		loaders.Document{ID: "farewell", Text: "Good night."},
	)
	for d, err := range l.Load(context.Background()) {
		fmt.Println(d.ID, d.Text, err)
	}
	// Output:
	// greeting Good morning. <nil>
	// farewell Good night. <nil>
}

func ExampleNewBudget() {
	b := loaders.NewBudget(loaders.Limits{MaxText: 10})
	fmt.Println(b.Text(8))
	fmt.Println(b.Text(8))
	// Output:
	// <nil>
	// over budget: more than 10 bytes of text
}

func TestSingle(t *testing.T) {
	broken := errors.New("broken")
	p := loaders.Single("note", func(ctx context.Context, in loaders.Input) (loaders.Document, error) {
		if in.Size == 0 {
			return loaders.Document{ID: "half"}, cmp.Or(ctx.Err(), broken)
		}
		return in.Document(), nil
	})
	pairs := func(ctx context.Context, content string) (docs []loaders.Document, errs []error) {
		for d, err := range p.Parse(ctx, loaders.BytesInput("a", []byte(content))) {
			docs, errs = append(docs, d), append(errs, err)
		}
		return docs, errs
	}
	if docs, errs := pairs(t.Context(), "x"); len(docs) != 1 || docs[0].ID != "a" || errs[0] != nil {
		t.Errorf("a document: %v, %v", docs, errs)
	}
	docs, errs := pairs(t.Context(), "")
	failed, ok := errors.AsType[*loaders.DocError](errs[0])
	if len(errs) != 1 || !ok || failed.Ref != "a" || !errors.Is(failed, broken) || failed.Error() != "a: note: broken" || docs[0].ID != "" {
		t.Errorf("an error: %+v, %v", docs, errs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errs = pairs(ctx, "")
	if _, ok := errors.AsType[*loaders.DocError](errs[0]); ok || !errors.Is(errs[0], context.Canceled) {
		t.Errorf("a context that ended: %v", errs)
	}
}

func ExampleSingle() {
	upper := loaders.Single("upper", func(ctx context.Context, in loaders.Input) (loaders.Document, error) {
		b, err := in.ReadAll()
		d := in.Document()
		d.Text = strings.ToUpper(string(b))
		return d, err
	})
	for d, err := range upper.Parse(context.Background(), loaders.BytesInput("note.txt", []byte("tea"))) {
		fmt.Println(d.ID, d.Text, err)
	}
	// Output: note.txt TEA <nil>
}
