package pdf

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/encoding/charmap"
)

// An encoding gives the text of each code of one byte.
type encoding [256]string

func (e *encoding) text(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(e[s[i]])
	}
	return b.String()
}

// The encodings that fonts name.
var (
	winAnsi  = ofCharmap(charmap.Windows1252)
	macRoman = ofCharmap(charmap.Macintosh)
	standard = ofRunes(' ', " !\"#$%&’()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_‘abcdefghijklmnopqrstuvwxyz{|}~").
			and(0xa1, "¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—                Æ ª    ŁØŒº     æ   ı  łøœß    ")
	symbol = ofRunes(' ', " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧ∆ΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_ αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}∼").
		and(0xa0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…  ↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇   ∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈   ∑           〉∫⌠ ⌡")
)

func ofCharmap(c *charmap.Charmap) *encoding {
	e := &encoding{}
	for i := ' '; i < 256; i++ {
		if r := c.DecodeByte(byte(i)); r != '\ufffd' && r >= ' ' {
			e[i] = string(r)
		}
	}
	return e
}

// ofRunes returns an encoding of consecutive codes; a space among them, but
// for the first, is a code without text.
func ofRunes(first int, runes string) *encoding { return (&encoding{}).and(first, runes) }

func (e *encoding) and(first int, runes string) *encoding {
	i := first
	for _, r := range runes {
		if r != ' ' || i == ' ' {
			e[i] = string(r)
		}
		i++
	}
	return e
}

//go:embed glyphlist.txt
var glyphList string

// glyphNames is the Adobe Glyph List: the text that the name of a glyph means.
var glyphNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 4400)
	for line := range strings.Lines(glyphList) {
		n, codes, ok := strings.Cut(strings.TrimSpace(line), ";")
		if !ok || strings.HasPrefix(n, "#") {
			continue
		}
		var text []rune
		for c := range strings.FieldsSeq(codes) {
			if v, err := strconv.ParseUint(c, 16, 32); err == nil {
				text = append(text, rune(v))
			}
		}
		names[n] = string(text)
	}
	return names
})

// glyphText returns the text of a glyph by its name, by the rules of the Adobe
// Glyph List Specification; empty if the name means none.
func glyphText(name string) string {
	name, _, _ = strings.Cut(name, ".")
	if s, ok := glyphNames()[name]; ok {
		return s
	}
	if strings.Contains(name, "_") {
		var b strings.Builder
		for part := range strings.SplitSeq(name, "_") {
			b.WriteString(glyphText(part))
		}
		return b.String()
	}
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) >= 4 && len(hex)%4 == 0 {
		var b strings.Builder
		for ; hex != ""; hex = hex[4:] {
			v, err := strconv.ParseUint(hex[:4], 16, 16)
			if err != nil {
				return ""
			}
			b.WriteRune(rune(v))
		}
		return b.String()
	}
	if hex, ok := strings.CutPrefix(name, "u"); ok && len(hex) >= 4 && len(hex) <= 6 {
		if v, err := strconv.ParseUint(hex, 16, 32); err == nil && v <= 0x10ffff {
			return string(rune(v))
		}
	}
	return ""
}
