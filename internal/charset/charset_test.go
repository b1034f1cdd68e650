package charset

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

var (
	french       = "Le garçon a mangé une pâtisserie près de l'église, où il a trouvé son frère aîné.\nÀ bientôt, répondit-il, déjà fatigué.\n"
	russian      = "Быстрая коричневая лиса прыгает через ленивую собаку. Москва является столицей России.\nОн читает книгу о погоде.\n"
	greek        = "Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί. Η Αθήνα είναι η πρωτεύουσα της Ελλάδας.\n"
	chinese      = "中华人民共和国成立于一九四九年。今天的天气很好，我们去公园散步吧。\n他说：“知识就是力量。”\n"
	trad         = "今天的天氣很好，我們去公園散步吧。學而時習之，不亦說乎？\n他說：知識就是力量。\n"
	japaneseText = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\nカタカナもあります。\n"
	koreanText   = "대한민국의 수도는 서울이다. 오늘 날씨가 매우 좋습니다.\n우리는 공원에 갔다.\n"
)

// TestDecode encodes texts and requires them back. What names no encoding has
// to be detected.
func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name string
		enc  encoding.Encoding
		text string
	}{
		{"utf-8", encoding.Nop, french + russian + chinese},
		{"windows-1252", charmap.Windows1252, french},
		{"windows-1251", charmap.Windows1251, russian},
		{"koi8-r", charmap.KOI8R, russian},
		{"iso-8859-7", charmap.ISO8859_7, greek},
		{"gbk", simplifiedchinese.GBK, chinese},
		{"gb18030", simplifiedchinese.GB18030, chinese},
		{"big5", traditionalchinese.Big5, trad},
		{"shift_jis", japanese.ShiftJIS, japaneseText},
		{"euc-jp", japanese.EUCJP, japaneseText},
		{"iso-2022-jp", japanese.ISO2022JP, japaneseText},
		{"euc-kr", korean.EUCKR, koreanText},
		{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), chinese + french},
		{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), chinese + french},
		{"utf-16le without a mark", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), french},
		{"utf-16be without a mark", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "一 " + french},
		{"utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), russian},
		{"utf-32be", utf32.UTF32(utf32.BigEndian, utf32.UseBOM), russian},
	} {
		for _, times := range []int{3, 3000} {
			text := strings.Repeat(c.text, times)
			b, err := c.enc.NewEncoder().Bytes([]byte(text))
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			got, err := Decode(b, "")
			if err != nil || got.Text != text || got.Invalid != 0 || got.NULs != 0 {
				t.Errorf("%s, %d bytes: taken for %s, %d invalid, %d NUL, %v: %.80q", c.name, len(b), got.Charset, got.Invalid, got.NULs, err, got.Text)
			}
			if !IsText(b) && c.name != "iso-2022-jp" {
				t.Errorf("%s does not look like text", c.name)
			}
		}
	}
}

func TestLabel(t *testing.T) {
	b, err := charmap.Windows1251.NewEncoder().Bytes([]byte("мир"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		bytes, label, want, charset string
		invalid                     int
	}{
		{string(b), "windows-1251", "мир", "windows-1251", 0},
		{string(b), "CP1251", "мир", "windows-1251", 0},
		{"\xe9t\xe9", "latin1", "été", "windows-1252", 0},
		{"\xe9t\xe9", "utf-8", "\ufffdt\ufffd", "utf-8", 2},
		{"\xef\xbb\xbfété", "latin1", "été", "utf-8", 0},
		{"été", "no-such", "été", "utf-8", 0},
		{"été", "", "été", "utf-8", 0},
		{"caf\xe9", "", "café", "windows-1252", 0},
		{"", "", "", "utf-8", 0},
	} {
		got, err := Decode([]byte(c.bytes), c.label)
		if err != nil || got.Text != c.want || got.Charset != c.charset || got.Invalid != c.invalid {
			t.Errorf("%q as %q: %+v, %v", c.bytes, c.label, got, err)
		}
	}
}

func TestDamaged(t *testing.T) {
	for _, c := range []struct {
		bytes, want   string
		invalid, nuls int
	}{
		{strings.Repeat("é", 50) + "\xff", strings.Repeat("é", 50) + "\ufffd", 1, 0},
		{strings.Repeat("é", 50) + "\xc3", strings.Repeat("é", 50) + "\ufffd", 1, 0}, // cut at the end
		{strings.Repeat("a", SniffLen) + "b\x00c\x00", strings.Repeat("a", SniffLen) + "bc", 0, 2},
		{"\xff\xfea\x00\x00\x00b\x00", "ab", 0, 1},
		{"\xff\xfea\x00b", "a\ufffd", 1, 0},
	} {
		got, err := Decode([]byte(c.bytes), "")
		if err != nil || got.Text != c.want || got.Invalid != c.invalid || got.NULs != c.nuls {
			t.Errorf("%.60q: %.60q, %d invalid, %d NUL, %v", c.bytes, got.Text, got.Invalid, got.NULs, err)
		}
		if n := len(got.Warnings()); n != 1 {
			t.Errorf("%.60q: %d warnings", c.bytes, n)
		}
	}
}

func TestBinary(t *testing.T) {
	for _, b := range []string{
		"\x00", "abc\x00def", "\x00\x01\x02\x03", strings.Repeat("\x01\x02ab", 10), "a\x00b\x00\x00c\x00\x00\x00", "\x00TODO.ab",
	} {
		if got, err := Decode([]byte(b), ""); !errors.Is(err, ErrBinary) {
			t.Errorf("%q is text: %+v", b, got)
		}
		if IsText([]byte(b)) {
			t.Errorf("%q looks like text", b)
		}
	}
	for _, b := range []string{"", "a", "\x1b[31mred\x1b[0m", "page\fpage", "na\xefve"} {
		if _, err := Decode([]byte(b), ""); err != nil || !IsText([]byte(b)) {
			t.Errorf("%q is no text: %v", b, err)
		}
	}
}

func TestUnix(t *testing.T) {
	for in, want := range map[string]string{"a\r\nb\rc\nd\r": "a\nb\nc\nd\n", "\r\r\n": "\n\n", "": ""} {
		if got := (Text{Text: in}).Unix(); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("caf\xe9"), "")
	f.Add([]byte("\xff\xfea\x00"), "")
	f.Add([]byte("\x1b$B$3"), "")
	f.Add([]byte("\x82\xa0"), "shift_jis")
	f.Fuzz(func(t *testing.T, b []byte, label string) {
		got, err := Decode(b, label)
		if err != nil {
			if !errors.Is(err, ErrBinary) {
				t.Fatal(err)
			}
			return
		}
		if !utf8.ValidString(got.Text) || strings.Contains(got.Text, "\x00") {
			t.Fatalf("%q", got.Text)
		}
		if len(got.Text) > 3*len(b)+3 {
			t.Fatalf("%d bytes became %d", len(b), len(got.Text))
		}
		if strings.Contains(got.Unix(), "\r") {
			t.Fatal("a CR is left")
		}
	})
}
