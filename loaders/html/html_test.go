package html_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/loaders/html"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// whole reads a page without looking for an article.
func whole(t testing.TB, src string) loaders.Document {
	t.Helper()
	return parse(t, html.New(&html.Options{Whole: true}), loaders.BytesInput("page.html", []byte(src)))
}

func TestText(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"inline is joined", "<p>a<b>b</b>c <i> d </i> e</p>", "abc d e"},
		{"blocks are parted", "<div>a</div><div>b</div><p>c</p>d<p>e", "a\nb\n\nc\n\nd\n\ne"},
		{"white space", "<p>\n a \t\n b&nbsp;c\u00a0d\u200be\u00adf </p>", "a b c def"},
		{"entities", "<p>&lt;a&gt; &amp;amp; &eacute; &#8212;", "<a> &amp; é —"},
		{"br", "a<br>b<br/>c", "a\nb\nc"},
		{"unseen", "a<script>no</script><style>no</style><noscript>no</noscript><template>no</template><nav>no</nav><p hidden>no<p style='color:red; display : none !important'>no<p aria-hidden=true>no<p>b<!-- no -->", "a\n\nb"},
		{"not unseen", "<p style='display:block' aria-hidden=false>a", "a"},
		{"page footer", "<p>a</p><footer>no</footer><article>b<footer>c</footer></article>", "a\n\nb\n\nc"},
		{"pre", "<p>x</p><pre>\na  b\n\n  <b>c</b>|d\n</pre>y", "x\n\na  b\n\n  c|d\n\ny"},
		{"list", "<ul><li>a<li><p>b</p><p>c</p><ul><li>d</ul><li></ul>e", "- a\n\n- b\n\n  c\n\n  - d\n\ne"},
		{"ordered list", "<ol start=3><li>a<li>b</ol>", "3. a\n4. b"},
		{"definitions", "<dl><dt>a<dd>b</dl>", "a\nb"},
		{"table", "<table><caption>C</caption><tr><th>a<th>b|<tr><td>1<br>2<td><p>3</p><p>4</p></table>", "C\n| a | b\\| |\n| --- | --- |\n| 1 2 | 3 4 |"},
		{"table spans", "<table><tr><td rowspan=2>a<td colspan=2>b<tr><td>c<td>d</table>", "| a | b |  |\n| --- | --- | --- |\n|  | c | d |"},
		{"words in cells", "<table><tr><td>a b<td>c<tr><td> d  e<td></table>", "| a b | c |\n| --- | --- |\n| d e |  |"},
		{"layout table", "<table><tr><td><h2>a</h2>b<td>c<tr><td>d<td>e</table>", "a\n\nb\nc\nd\ne"},
		{"permalink", "<h2>a<a href='#a'>¶</a></h2>", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := whole(t, c.src).Text; got != c.want {
				t.Errorf("%s\ngot  %q\nwant %q", c.src, got, c.want)
			}
		})
	}
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		name string
		kind loaders.SpanKind
		src  string
		want []string
	}{
		{"own id", loaders.Heading, "<h1 id=a>A <b>b</b></h1>", []string{"1|A b|a|A b"}},
		{"id inside", loaders.Heading, "<h2><a name=a></a>A</h2>", []string{"2|A|a|A"}},
		{"anchor before", loaders.Heading, "<p>x<p><a name=a></a><h2>A</h2><h2>B</h2>", []string{"2|A|a|A", "2|B||B"}},
		{"anchor with text between", loaders.Heading, "<a name=a></a>x<h2>A</h2>", []string{"2|A||A"}},
		{"section", loaders.Heading, "<section id=a><p>x</p><h2>A</h2><h3>B</h3></section><h2>C</h2>", []string{"2|A|a|A", "3|B||B", "2|C||C"}},
		{"escaped", loaders.Heading, "<h1 id='a b%安'>A</h1>", []string{"1|A|a%20b%25安|A"}},
		{"empty", loaders.Heading, "<h1> </h1>x", nil},
		{"code", loaders.Code, "<pre><code class='x language-go'>a\n</code></pre>b<code>c</code>", []string{"0|go||a"}},
		{"lists", loaders.List, "<ul><li>a<ol><li>b</ol></ul>", []string{"1|||- a/  1. b", "2|||1. b"}},
		{"tables", loaders.Table, "x<table><caption>C</caption><tr><td>a<td>b<tr><td>c<td>d</table>y", []string{"0|C||C/| a | b |/| --- | --- |/| c | d |"}},
		{"rows", loaders.Row, "<table><tr><td>a<td>b<tr><td>c<td>d</table>", []string{"0|||| a | b |", "0|||| c | d |"}},
		{"no links", loaders.Link, "<a href='http://x/'>a</a>", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outline(whole(t, c.src), c.kind); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s\ngot  %q\nwant %q", c.src, got, c.want)
			}
		})
	}
}

// outline writes the spans of a kind, one a line.
func outline(d loaders.Document, kind loaders.SpanKind) []string {
	var out []string
	for _, s := range d.Spans {
		if s.Kind == kind {
			line := fmt.Sprintf("%d|%s|%s|%s", s.Level, s.Label, s.Anchor, d.Text[s.Start:s.End])
			out = append(out, strings.ReplaceAll(line, "\n", "/"))
		}
	}
	return out
}

func TestLinks(t *testing.T) {
	in := loaders.BytesInput("p.html", []byte("<base href='/d/'><a href='e'>a</a> <a href='#f'>b</a> <a href='mailto:g'>c</a>"))
	in.URI = "https://h/p.html"
	d := parse(t, html.New(&html.Options{Links: true}), in)
	if got := outline(d, loaders.Link); !reflect.DeepEqual(got, []string{"0||https://h/d/e|a"}) {
		t.Errorf("got %q", got)
	}
}

func TestHead(t *testing.T) {
	in := loaders.BytesInput("p.html", []byte(`<html lang=de_AT><title> A
	title </title><link rel=canonical href="/c?d=1"><meta name=description content="Of  it">
	<meta name=author content=Me><meta property="article:published_time" content="2024-05-06T07:08:09+02:00"><h1>H</h1>`))
	in.URI = "https://h/p.html"
	d := parse(t, html.New(nil), in)
	want := map[string]any{
		"canonical": "https://h/c?d=1", "description": "Of it", "author": "Me",
		"published": time.Date(2024, 5, 6, 5, 8, 9, 0, time.UTC),
	}
	if d.Title != "A title" || d.Lang != "de-AT" || d.URI != in.URI || !reflect.DeepEqual(d.Meta, want) {
		t.Errorf("got %q %q %v", d.Title, d.Lang, d.Meta)
	}
	if d := whole(t, "<meta property=og:title content=Shared><h1>H</h1>"); d.Title != "Shared" {
		t.Errorf("title %q", d.Title)
	}
	if d := whole(t, "<h2>Only <i>this</i></h2>"); d.Title != "Only this" || d.Meta != nil {
		t.Errorf("title %q, meta %v", d.Title, d.Meta)
	}
}

func TestCharset(t *testing.T) {
	encode := func(e interface{ String(string) (string, error) }, s string) string {
		out, err := e.String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	gbk := simplifiedchinese.GBK.NewEncoder()
	for _, c := range []struct{ name, mime, src, want string }{
		{"mark", "text/html; charset=latin1", "\xef\xbb\xbfé", "é"},
		{"media type", "text/html; charset=gbk", encode(gbk, "语言"), "语言"},
		{"meta", "", "<meta charset=gbk>" + encode(gbk, "语言"), "语言"},
		{"http-equiv", "", `<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">` + encode(japanese.ShiftJIS.NewEncoder(), "日本"), "日本"},
		{"xml", "", `<?xml version="1.0" encoding="windows-1251"?><html><body>` + encode(charmap.Windows1251.NewEncoder(), "Да") + "</body></html>", "Да"},
		{"meta of a page saved anew", "", "<meta charset=gbk>语言", "语言"},
		{"claims to be UTF-8", "", "<meta charset=utf-8><p>caf\xe9 na\xefve d\xe9j\xe0 vu", "café naïve déjà vu"},
		{"utf-16", "", "\xff\xfea\x00b\x00", "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := loaders.BytesInput("p.html", []byte(c.src))
			in.MIME = c.mime
			if got := parse(t, html.New(nil), in).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestXHTML(t *testing.T) {
	d := whole(t, `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x>y"/></head>`+
		`<body><h1><a id="t"/>A</h1><p/>b<br/>c<div title='/'/>d</body></html>`)
	if d.Text != "A\n\nb\nc\nd" || d.Spans[0].Anchor != "t" {
		t.Errorf("got %q %+v", d.Text, d.Spans)
	}
}

func TestArticle(t *testing.T) {
	prose := strings.Repeat("<p>It is a sentence of an article, with commas, which goes on for a while and says little.</p>", 30)
	page := "<html><body><div class=menu><ul>" + strings.Repeat("<li><a href=/x>Buy something else now</a>", 50) + "</ul></div>" +
		"<div class=content><h2>Part</h2>" + prose + "</div><div class=sidebar>Most read stories</div></body></html>"
	in := loaders.BytesInput("p.html", []byte(page))
	if d := parse(t, html.New(nil), in); strings.Contains(d.Text, "Buy") || strings.Contains(d.Text, "Most read") || !strings.HasPrefix(d.Text, "Part\n\nIt is") {
		t.Errorf("clutter in %.200q", d.Text)
	}
	if d := parse(t, html.New(&html.Options{Whole: true}), in); !strings.Contains(d.Text, "Buy") || !strings.Contains(d.Text, "Most read") {
		t.Error("the whole page lacks parts")
	}
}

func TestErrors(t *testing.T) {
	first := func(ctx context.Context, src string, l loaders.Limits) error {
		in := loaders.BytesInput("p.html", []byte(src))
		in.Budget = loaders.NewBudget(l)
		for _, err := range html.New(nil).Parse(ctx, in) {
			return err
		}
		return nil
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		src  string
		l    loaders.Limits
		want error
	}{
		{"empty", context.Background(), "", loaders.Limits{}, loaders.ErrNoText},
		{"no text", context.Background(), "<script>x</script><p> ", loaders.Limits{}, loaders.ErrNoText},
		{"binary", context.Background(), "\x7fELF\x00\x00\x01", loaders.Limits{}, loaders.ErrFormat},
		{"input", context.Background(), "<p>abc", loaders.Limits{MaxInput: 3}, loaders.ErrBudget},
		{"text", context.Background(), "<p>abc", loaders.Limits{MaxText: 2}, loaders.ErrBudget},
		{"depth", context.Background(), strings.Repeat("<div>", 30) + "x", loaders.Limits{MaxDepth: 20}, loaders.ErrBudget},
		{"depth of the parser", context.Background(), strings.Repeat("<div>", 9999) + "x", loaders.Limits{MaxDepth: 1e6}, loaders.ErrBudget},
		{"time", context.Background(), "<p>abc", loaders.Limits{MaxTime: 1}, loaders.ErrBudget},
		{"context", canceled, "<p>abc", loaders.Limits{}, context.Canceled},
	} {
		err := first(c.ctx, c.src, c.l)
		var docErr *loaders.DocError
		if !errors.Is(err, c.want) || errors.As(err, &docErr) == errors.Is(c.want, context.Canceled) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestSniff(t *testing.T) {
	for head, want := range map[string]bool{
		"<!DOCTYPE html><p>": true, "\xef\xbb\xbf\n<!-- x -->\n<HTML lang=en>": true, "<?xml version='1.0'?>\n<html xmlns=x>": true,
		"<html": false, "<htmlx>": false, "<?xml version='1.0'?><svg>": false, "<!-- <html>": false, "text": false, "": false,
	} {
		if got := html.Format(nil).Sniff([]byte(head)); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

// TestHostile reads pages that repeat what costs parsers dearly, a mebibyte
// each where QUARRY_LONG is set.
func TestHostile(t *testing.T) {
	size := 8 << 10
	if os.Getenv("QUARRY_LONG") != "" {
		size = 1 << 20
	}
	for _, unit := range []string{
		"<p>a, b, c", "<div>a, b, c</div>", strings.Repeat("<div>", 200) + "a, b" + strings.Repeat("</div>", 200), "a<br><br>",
		"<a href=x>b ", "<b><i>x<p>", "<font size=1><font size=2><p>x", "<table><tr><td>a<td>b<tr><td>c<td>d</table>",
		strings.Repeat("<table><tr><td>", 60) + strings.Repeat("</table>", 60), "<table><td>", "<tr><td rowspan=65000 colspan=1000>a<td>b",
		strings.Repeat("<ul><li>a", 90) + strings.Repeat("</ul>", 90), "<h2 id=a>a</h2>", "a=b ", "&amp;", "<!-- x -->", "<svg><g>",
		"<template><p>", "<", "</div></p></dl>", "<p style='display:none;;;;'>x</p>", "<section id=a><p>x, y", "<a x='y'", "<pre>a\n",
	} {
		for _, start := range []string{"<p ", "<?xml version='1.0'?>", "<table>", "<pre>"} {
			in := loaders.BytesInput("p.html", []byte(start+strings.Repeat(unit, size/len(unit))))
			in.Budget = loaders.NewBudget(loaders.Limits{})
			for d, err := range html.New(nil).Parse(context.Background(), in) {
				if err == nil {
					err = d.Validate()
				}
				if err != nil && !errors.Is(err, loaders.ErrBudget) && !errors.Is(err, loaders.ErrNoText) {
					t.Errorf("%s%.20s: %v", start, unit, err)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		handbook, "<ul><li>a<ol start=9><li><pre>\n b\n</pre></ol></ul>", "<table><tr><td rowspan=3>a|<td colspan=2>b<tr><td>c<table><tr><td>d</table></table>",
		"<?xml version='1.0' encoding='gbk'?><html><a name='x'/><h1/><h2>\xd3\xef</h2></html>", "<svg><title>a</title></svg><math><mi>x</mi></math><select><option>y",
		"<h1>a<h2 id=b>c</h1><section id=d><h3>e", "<!--{\"Title\":\"x\"}--><frameset><frame>", "<pre><h1>a\n</h1>\n<table><tr><td>b<td>c<tr><td>d</table></pre>",
		"\xff\xfe<\x00p\x00>\x00x\x00", "<p>a\x00b&#0;c&#xd800;d</p><meta name=author content='&#0;'>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, o := range []*html.Options{nil, {Whole: true, Links: true}} {
			in := loaders.BytesInput("f.html", b)
			in.URI = "https://h/f.html"
			for d, err := range html.New(o).Parse(context.Background(), in) {
				if err != nil {
					continue
				}
				if err := d.Validate(); err != nil {
					t.Fatal(err)
				}
				checkNesting(t, d)
			}
		}
	})
}

// checkNesting holds that spans of one kind do not overlap partly.
func checkNesting(t *testing.T, d loaders.Document) {
	open := map[loaders.SpanKind][]loaders.Span{}
	for _, s := range d.Spans {
		stack := open[s.Kind]
		for len(stack) > 0 && stack[len(stack)-1].End <= s.Start {
			stack = stack[:len(stack)-1]
		}
		if len(stack) > 0 && stack[len(stack)-1].End < s.End {
			t.Fatalf("%+v overlaps %+v in %q", s, stack[len(stack)-1], d.Text)
		}
		open[s.Kind] = append(stack, s)
	}
}
