package loaders

import "bytes"

// Magic returns what the first bytes of a content say it is, as in "PNG
// image", for formats that are not text; "" if they say nothing. Error
// messages show it, and parsers of text refuse what it names.
func Magic(head []byte) string {
	for _, m := range magics {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.magic)) {
			return m.kind
		}
	}
	return ""
}

var magics = []struct {
	at          int
	magic, kind string
}{
	{0, "\x89PNG\r\n\x1a\n", "PNG image"},
	{0, "\xff\xd8\xff", "JPEG image"},
	{0, "GIF87a", "GIF image"},
	{0, "GIF89a", "GIF image"},
	{0, "II*\x00", "TIFF image"},
	{0, "MM\x00*", "TIFF image"},
	{8, "WEBPVP8", "WebP image"},
	{0, "\x00\x00\x01\x00", "icon"},
	{0, "%PDF-", "PDF document"},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE document"},
	{0, "PK\x03\x04", "zip archive"},
	{0, "PK\x05\x06", "zip archive"},
	{0, "\x1f\x8b\x08", "gzip data"},
	{0, "BZh91AY&SY", "bzip2 data"},
	{0, "\xfd7zXZ\x00", "xz data"},
	{0, "\x28\xb5\x2f\xfd", "zstd data"},
	{0, "7z\xbc\xaf\x27\x1c", "7z archive"},
	{0, "Rar!\x1a\x07", "RAR archive"},
	{257, "ustar", "tar archive"},
	{0, "!<arch>\n", "ar archive"},
	{0, "\x7fELF", "ELF object"},
	{0, "\xfe\xed\xfa\xce", "Mach-O object"},
	{0, "\xfe\xed\xfa\xcf", "Mach-O object"},
	{0, "\xce\xfa\xed\xfe", "Mach-O object"},
	{0, "\xcf\xfa\xed\xfe", "Mach-O object"},
	{0, "\xca\xfe\xba\xbe", "Java class or Mach-O object"},
	{0, "MZ\x90\x00", "Windows executable"},
	{0, "\x00asm", "WebAssembly module"},
	{0, "SQLite format 3\x00", "SQLite database"},
	{0, "OggS\x00", "Ogg media"},
	{0, "ID3\x03", "MP3 audio"},
	{0, "ID3\x04", "MP3 audio"},
	{0, "fLaC\x00", "FLAC audio"},
	{8, "WAVEfmt ", "WAV audio"},
	{8, "AVI LIST", "AVI video"},
	{0, "\x00\x00\x00\x14ftyp", "MP4 media"},
	{0, "\x00\x00\x00\x18ftyp", "MP4 media"},
	{0, "\x00\x00\x00\x1cftyp", "MP4 media"},
	{0, "\x00\x00\x00\x20ftyp", "MP4 media"},
	{0, "\x1a\x45\xdf\xa3", "Matroska media"},
	{0, "wOFF\x00\x01", "WOFF font"},
	{0, "wOFFOTTO", "WOFF font"},
	{0, "wOF2\x00\x01", "WOFF font"},
	{0, "wOF2OTTO", "WOFF font"},
	{0, "\x00\x01\x00\x00\x00", "TrueType font"},
}
