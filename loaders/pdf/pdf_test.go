package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
)

// A builder makes small PDF files.
type builder struct {
	objects []string
	root    int
}

// add adds an object and returns its number.
func (b *builder) add(format string, args ...any) int {
	b.objects = append(b.objects, fmt.Sprintf(format, args...))
	return len(b.objects)
}

func (b *builder) stream(dict, data string) int {
	return b.add("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// pages adds a catalog with pages of the given content, with Helvetica as F1.
func (b *builder) pages(contents ...string) *builder {
	font := b.add("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	tree := len(b.objects) + 2*len(contents) + 1
	kids := ""
	for _, c := range contents {
		s := b.stream("", c)
		kids += fmt.Sprintf("%d 0 R ", b.add("<</Type/Page/Parent %d 0 R/Contents %d 0 R/Resources<</Font<</F1 %d 0 R>>>>>>", tree, s, font))
	}
	b.add("<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 600 800]>>", kids, len(contents))
	b.root = b.add("<</Type/Catalog/Pages %d 0 R>>", tree)
	return b
}

// body returns the objects with their offsets.
func (b *builder) body() (string, []int) {
	var out strings.Builder
	out.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(b.objects))
	for i, o := range b.objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return out.String(), offsets
}

// file returns the whole with a cross-reference table and more of a trailer.
func (b *builder) file(trailer string) string {
	body, offsets := b.body()
	var out strings.Builder
	fmt.Fprintf(&out, "%sxref\n0 %d\n0000000000 65535 f \n", body, len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, b.root, trailer, len(body))
	return out.String()
}

func show(s string) string { return fmt.Sprintf("BT /F1 12 Tf 72 700 Td (%s) Tj ET", s) }

// parse reads a file that must be sound.
func parse(t testing.TB, file string) loaders.Document {
	t.Helper()
	d, err := read(loaders.BytesInput("x.pdf", []byte(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocument(t *testing.T) {
	b := (&builder{}).pages(show("One"), "", show("Three"))
	b.objects[b.root-1] = strings.Replace(b.objects[b.root-1], "/Catalog", "/Catalog/Lang(en-GB)/PageLabels<</Nums[0<</S/r>> 2<</S/D/St 7/P(A-)>>]>>", 1)
	info := b.add(`<</Title(A \(good\) title)/Author<FEFF00C900640065>/Keywords(k)>>`)
	d := parse(t, b.file(fmt.Sprintf("/Info %d 0 R", info)))
	if d.Title != "A (good) title" || d.Lang != "en-GB" || d.Text != "One\n\nThree" {
		t.Errorf("got %q %q %q", d.Title, d.Lang, d.Text)
	}
	if want := map[string]any{"author": "Éde", "keywords": "k", "pages": int64(3)}; !reflect.DeepEqual(d.Meta, want) {
		t.Errorf("meta %v", d.Meta)
	}
	want := []loaders.Span{
		{Kind: loaders.Page, Start: 0, End: 3, Label: "i", Anchor: "page=1"},
		{Kind: loaders.Page, Start: 5, End: 10, Label: "A-7", Anchor: "page=3"},
	}
	if !reflect.DeepEqual(d.Spans, want) {
		t.Errorf("spans %+v", d.Spans)
	}
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "1 of 3 pages") {
		t.Errorf("warnings %q", d.Warnings)
	}
}

func TestContent(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"words by gaps", "BT /F1 12 Tf 72 700 Td [(Hello) -300 (World) -20 (s)] TJ ET", "Hello Worlds"},
		{"lines", "BT /F1 12 Tf 14 TL 72 700 Td (a) Tj 0 -14 Td (b) Tj T* (c) Tj (d) ' 1 2 (e) \" ET", "a\nb\nc\nd\ne"},
		{"one word in parts", "BT /F1 12 Tf 1 0 0 1 72 700 Tm (Fi) Tj 1 0 0 1 82 700 Tm (ne) Tj ET", "Fine"},
		{"blocks", "BT /F1 12 Tf 72 700 Td (a) Tj 0 -60 Td (b) Tj ET", "a\n\nb"},
		{"order on the page", "BT /F1 12 Tf 72 600 Td (below) Tj ET BT /F1 12 Tf 72 700 Td (above) Tj ET", "above\n\nbelow"},
		{"escapes", `BT /F1 12 Tf 72 700 Td (\101\(\
b\)\q) Tj <4 34 4> Tj ET`, "A(b)qCD"},
		{"encoding", "BT /F1 12 Tf 72 700 Td (caf\xe9 \x80) Tj ET", "café €"},
		{"inline image", "BI /W 1 /H 1 ID \x00(\xff EI Q BT /F1 12 Tf 72 700 Td (a) Tj ET", "a"},
		{"outside of the page", "BT /F1 12 Tf 72 700 Td (a) Tj 9000 0 Td (b) Tj ET", "a"},
		{"broken operators", "Q Q ] >> ) 1 2 cm BT /F1 12 Tf 72 700 Td (a) Tj [ (b) 5 TJ ET", "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parse(t, (&builder{}).pages(c.content).file("")).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestFontsOfPage holds that a font's name is one of its page: the library's
// own reader of text takes the first page's fonts for all.
func TestFontsOfPage(t *testing.T) {
	b := (&builder{}).pages(show("AB"), show("AB"))
	other := b.add("<</Type/Font/Subtype/Type1/BaseFont/X/Encoding<</Differences[65/alpha/uni4E2D]>>>>")
	b.objects[4] = strings.Replace(b.objects[4], "/F1 1 0 R", fmt.Sprintf("/F1 %d 0 R", other), 1)
	if d := parse(t, b.file("")); d.Text != "AB\n\nα中" {
		t.Errorf("got %q", d.Text)
	}
}

func TestColumns(t *testing.T) {
	var c strings.Builder
	c.WriteString("BT /F1 10 Tf 12 TL ")
	for col, word := range []string{"left", "right"} {
		fmt.Fprintf(&c, "1 0 0 1 %d 700 Tm ", 50+col*250)
		for i := range 4 {
			fmt.Fprintf(&c, "(%s line %d of the column that goes on) Tj T* ", word, i)
		}
	}
	d := parse(t, (&builder{}).pages(c.String()+"ET").file(""))
	if l, r := strings.Index(d.Text, "left line 3"), strings.Index(d.Text, "right line 0"); l < 0 || r < l {
		t.Errorf("columns are mixed: %q", d.Text)
	}
}

func TestFormsAndAnnotations(t *testing.T) {
	b := (&builder{}).pages(show("page") + " /X Do")
	form := b.stream("/Type/XObject/Subtype/Form/BBox[0 0 100 20]/Matrix[1 0 0 1 0 -100]/Resources<</Font<</F1 1 0 R>>/XObject<</X 6 0 R>>>>",
		show("form")+" /X Do") // it draws itself, too
	note := b.stream("/Subtype/Form/BBox[0 0 100 20]/Resources<</Font<</F1 1 0 R>>>>", "BT /F1 12 Tf 2 2 Td (note) Tj ET")
	b.objects[2] = strings.Replace(b.objects[2], "/Resources<<", fmt.Sprintf("/Annots[<</Subtype/FreeText/Rect[72 300 172 320]/AP<</N %d 0 R>>>> "+
		"<</Subtype/FreeText/F 2/Rect[72 200 172 220]/AP<</N %d 0 R>>>>]/Resources<</XObject<</X %d 0 R>>", note, note, form), 1)
	if form != 6 {
		t.Fatal(form)
	}
	d := parse(t, b.file(""))
	if !strings.HasPrefix(d.Text, "page\n\nform\n") || strings.Count(d.Text, "note") != 1 {
		t.Errorf("got %q", d.Text)
	}
}

func TestComposite(t *testing.T) {
	b := (&builder{}).pages("BT /F1 12 Tf 72 700 Td <000100020003> Tj ET")
	m := b.stream("", "1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfchar <0001> <00660066> endbfchar 2 beginbfrange <0002> <0002> [<4E2D>] <0003> <0004> <0061> endbfrange")
	b.objects[0] = fmt.Sprintf("<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode %d 0 R/DescendantFonts[<</W[1[500 1000] 3 4 500]>>]>>", m)
	if d := parse(t, b.file("")); d.Text != "ff中a" {
		t.Errorf("got %q", d.Text)
	}
	b.objects[0] = "<</Type/Font/Subtype/Type0/Encoding/GBK-EUC-H/DescendantFonts[<<>>]>>"
	b.objects[1] = strings.Replace(b.objects[1], "<000100020003>", "<d6d0 41>", 1)
	if d := parse(t, b.file("")); d.Text != "中A" {
		t.Errorf("got %q", d.Text)
	}
}

// TestDamage reads files that the library refuses, or that end the process.
func TestDamage(t *testing.T) {
	sound := func() *builder { return (&builder{}).pages(show("text"), show("more")) }
	file := sound().file("")
	cyclic := sound()
	cyclic.objects[5] = "<</Type/Pages/Kids[6 0 R 3 0 R 6 0 R 5 0 R 3 0 R]>>"
	updated := sound()
	body, _ := updated.body()
	for name, f := range map[string]string{
		"sound":           file,
		"junk before":     "junk\n\x00" + file,
		"junk after":      file + "\njunk " + strings.Repeat("x", 5000),
		"newer header":    strings.Replace(file, "%PDF-1.4", "%PDF-2.0", 1),
		"no header":       file[9:],
		"no end":          strings.TrimSuffix(file, "%%EOF\n"),
		"wrong startxref": strings.Replace(file, "startxref\n", "startxref\n9", 1),
		"no table":        body,
		"huge size":       strings.Replace(file, "/Size 8", "/Size 17179869184", 1),
		"cyclic Prev":     strings.Replace(file, "/Size 8", fmt.Sprintf("/Size 8/Prev %d", strings.Index(file, "xref")), 1),
		"cyclic pages":    cyclic.file(""),
		"no endobj":       strings.ReplaceAll(file, "endobj", ""),
		"no page tree":    strings.Replace(file, "/Type/Pages/Kids", "/Type/Pages/Gone", 1),
		"no catalog":      strings.Replace(strings.Replace(file, "/Root", "/Toor", 1), "/Catalog", "/Gatalog", 1),
		"wrong length":    strings.ReplaceAll(file, "/Length 4", "/Length 99"),
		"bad escape":      strings.Replace(file, "/Kids", `/Odd(\q \999 <)/Hex<abc>/Num --5/Bad#zz 1.2.3/Kids`, 1),
		"CR only":         strings.ReplaceAll(file, "\n", "\r"),
		"updated":         file + "2 0 obj\n<</Length 2>>\nstream\n Q\nendstream\nendobj\n2 0 obj\n<</Length 41>>\nstream\nBT /F1 12 Tf 72 700 Td (text) Tj ET\nendstream\nendobj\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := parse(t, f)
			if d.Text != "text\n\nmore" {
				t.Errorf("got %q", d.Text)
			}
		})
	}
}

func TestObjectStream(t *testing.T) {
	b := (&builder{}).pages(show("packed"))
	packed := []int{1, 3, 4, 5} // all but the content
	var index, objects strings.Builder
	for _, id := range packed {
		fmt.Fprintf(&index, "%d %d ", id, objects.Len())
		objects.WriteString(b.objects[id-1] + " ")
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write([]byte(index.String() + objects.String()))
	w.Close()
	file := fmt.Sprintf("%%PDF-1.5\n2 0 obj\n%s\nendobj\n9 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n"+
		"10 0 obj\n<</Type/XRef/Root 5 0 R/Size 11/W[1 1 1]/Length 0>>\nstream\n\nendstream\nendobj\n",
		b.objects[1], len(packed), index.Len(), z.Len(), z.String())
	if d := parse(t, file); d.Text != "packed" {
		t.Errorf("got %q", d.Text)
	}
}

func TestErrors(t *testing.T) {
	picture := (&builder{}).pages("/X Do")
	picture.stream("/Subtype/Image/Filter/DCTDecode", "\xff\xd8")
	picture.objects[2] = strings.Replace(picture.objects[2], "/Font", "/XObject<</X 6 0 R>>/Font", 1)
	bomb := (&builder{}).pages("")
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(bytes.Repeat([]byte("q "), 1<<20))
	w.Close()
	bomb.objects[1] = fmt.Sprintf("<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", z.Len(), z.String())
	text := (&builder{}).pages(show("text")).file("")
	locked := (&builder{}).pages(show("text")).file("/ID[<00>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<" +
		strings.Repeat("00", 32) + ">/U<" + strings.Repeat("00", 32) + ">>>")
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name, file string
		ctx        context.Context
		limits     loaders.Limits
		want       error
	}{
		{"empty", "", context.Background(), loaders.Limits{}, loaders.ErrFormat},
		{"no PDF", "hello", context.Background(), loaders.Limits{}, loaders.ErrFormat},
		{"only a header", "%PDF-1.4\n%%EOF", context.Background(), loaders.Limits{}, loaders.ErrFormat},
		{"no page", "%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\n", context.Background(), loaders.Limits{}, loaders.ErrFormat},
		{"picture", picture.file(""), context.Background(), loaders.Limits{}, loaders.ErrNoText},
		{"locked", locked, context.Background(), loaders.Limits{}, loaders.ErrEncrypted},
		{"unknown lock", strings.Replace(locked, "/V 2", "/V 9", 1), context.Background(), loaders.Limits{}, loaders.ErrEncrypted},
		{"input", text, context.Background(), loaders.Limits{MaxInput: 10}, loaders.ErrBudget},
		{"inflated", bomb.file(""), context.Background(), loaders.Limits{MaxInflate: 1 << 20}, loaders.ErrBudget},
		{"text", text, context.Background(), loaders.Limits{MaxText: 2}, loaders.ErrBudget},
		{"time", text, context.Background(), loaders.Limits{MaxTime: 1}, loaders.ErrBudget},
		{"context", text, canceled, loaders.Limits{}, context.Canceled},
	} {
		in := loaders.BytesInput("x.pdf", []byte(c.file))
		in.Budget = loaders.NewBudget(c.limits)
		n := 0
		for d, err := range New(nil).Parse(c.ctx, in) {
			n++
			var docErr *loaders.DocError
			if !errors.Is(err, c.want) || errors.As(err, &docErr) == (c.ctx == canceled) || !reflect.DeepEqual(d, loaders.Document{}) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d pairs", c.name, n)
		}
	}
}

// TestPanicCostsThePage: whatever goes wrong inside of a page is its error.
func TestPanicCostsThePage(t *testing.T) {
	im, err := open(context.Background(), []byte((&builder{}).pages(show("text")).file("")), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	in := &interpreter{im: im} // without a map of fonts, in which to note one panics
	if _, err := in.text(im.pages()[0]); err == nil {
		t.Error("no error")
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		style string
		n     int
		want  string
	}{{"D", 12, "12"}, {"r", 4, "iv"}, {"R", 1999, "MCMXCIX"}, {"a", 3, "c"}, {"A", 28, "BB"}, {"", 3, ""}, {"D", -1, ""}, {"R", 1 << 19, "524288"}} {
		if got := numeral(c.style, c.n); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.style, c.n, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte((&builder{}).pages(show("text"), "/X Do").file("")))
	f.Add([]byte("%PDF-1.4\n1 0 obj<</Type/ObjStm/N 2/First 9/Length 40>>stream\n2 0 3 5 <</Type/Page>> (x) 7 0 R\nendstream endobj 3 0 obj 3 0 R trailer<</Root 2 0 R/Encrypt 1 0 R>>"))
	f.Add([]byte("1 0 obj<</Type/Page/Contents 2 0 R/Resources<</Font<</F<</Subtype/Type0/Encoding/GBK/ToUnicode 2 0 R/DescendantFonts[<</W[1 99999 5 2[1]]>>]>>>>>>>>endobj 2 0 obj<</Length 9>>stream\nBT/F 1 Tf 1 2 3 4 5 6 Tm[(a)(\\400<)]TJ<beginbfrange>Do EI endstream"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := loaders.BytesInput("f.pdf", b)
		in.Budget = loaders.NewBudget(loaders.Limits{MaxInflate: 16 << 20})
		d, err := read(in, nil)
		if err != nil {
			if cause(err) == "" {
				t.Fatal(err)
			}
			return
		}
		if err := d.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}
