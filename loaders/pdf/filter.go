package pdf

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/ascii85"
	"io"

	"github.com/quarry-go/quarry/loaders"
)

// maxStream bounds what one stream inflates to.
const maxStream = 64 << 20

// A filter undoes one step of a stream's encoding.
type filter struct {
	name  string
	parms parms
}

// parms are the decode parameters of a filter.
type parms struct{ predictor, columns, colors, bits, early int }

// unfilter undoes the filters of a stream in turn. Damaged data gives what
// could be had of it; nil means a filter for pictures or an unknown one. What
// is inflated counts on the budget, whose error is the only one.
func unfilter(b []byte, filters []filter, budget *loaders.Budget) ([]byte, error) {
	for _, f := range filters {
		switch f.name {
		case "FlateDecode", "Fl":
			b = unpredict(inflate(b), f.parms)
		case "LZWDecode", "LZW":
			b = unpredict(unLZW(b, f.parms.early), f.parms)
		case "ASCIIHexDecode", "AHx":
			b = unHex(b)
		case "ASCII85Decode", "A85":
			b = un85(b)
		case "RunLengthDecode", "RL":
			b = unRunLength(b)
		case "Crypt":
		default:
			return nil, nil
		}
		if err := budget.Inflate(len(b)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// inflate undoes zlib's compression, as far as the data is sound: with a
// wrong checksum, a damaged header or an end too early.
func inflate(b []byte) []byte {
	b = bytes.TrimLeft(b, "\r\n")
	if z, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
		if out, _ := io.ReadAll(io.LimitReader(z, maxStream)); len(out) > 0 {
			return out
		}
	}
	if len(b) < 2 {
		return nil
	}
	out, _ := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b[2:])), maxStream))
	return out
}

func unHex(b []byte) []byte {
	if i := bytes.IndexByte(b, '>'); i >= 0 {
		b = b[:i]
	}
	return (&lexer{b: append(append([]byte("<"), b...), '>')}).hex().s
}

func un85(b []byte) []byte {
	b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("<~"))
	if i := bytes.IndexByte(b, '~'); i >= 0 {
		b = b[:i]
	}
	out, _ := io.ReadAll(io.LimitReader(ascii85.NewDecoder(bytes.NewReader(b)), maxStream))
	return out
}

func unRunLength(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b) && len(out) < maxStream; {
		n := int(b[i])
		i++
		switch {
		case n == 128:
			return out
		case n < 128:
			end := min(i+n+1, len(b))
			out = append(out, b[i:end]...)
			i = end
		case i < len(b):
			out = append(out, bytes.Repeat(b[i:i+1], 257-n)...)
			i++
		}
	}
	return out
}

// unLZW undoes LZW as PDF has it, whose codes may grow one early.
func unLZW(b []byte, early int) []byte {
	type entry struct {
		prefix int32
		length int32
		last   byte
	}
	const clear, end = 256, 257
	table := make([]entry, 258, 4097)
	for i := range 256 {
		table[i] = entry{-1, 1, byte(i)}
	}
	var out []byte
	expand := func(code int32) byte {
		n := int(table[code].length)
		at := len(out)
		out = append(out, make([]byte, n)...)
		for i := at + n - 1; i >= at; i-- {
			out[i] = table[code].last
			code = table[code].prefix
		}
		return out[at]
	}
	var bits uint32
	have, width, last := 0, 9, int32(-1)
	for _, c := range b {
		bits = bits<<8 | uint32(c)
		have += 8
		if have < width {
			continue
		}
		code := int32(bits >> (have - width) & (1<<width - 1))
		have -= width
		switch {
		case code == clear:
			table, width, last = table[:258], 9, -1
			continue
		case code == end || len(out) > maxStream || int(code) > len(table) || last < 0 && int(code) >= len(table):
			return out
		}
		if last >= 0 {
			next := entry{prefix: last, length: table[last].length + 1}
			if int(code) == len(table) { // the entry being made: it begins as it ends
				first := last
				for table[first].prefix >= 0 {
					first = table[first].prefix
				}
				next.last = table[first].last
				table = append(table, next)
				expand(code)
			} else {
				next.last = expand(code)
				table = append(table, next)
			}
			if len(table) > 4096 {
				table = table[:4096]
			}
		} else {
			expand(code)
		}
		last = code
		switch n := len(table) + early; {
		case n >= 2048:
			width = 12
		case n >= 1024:
			width = 11
		case n >= 512:
			width = 10
		}
	}
	return out
}

// unpredict undoes the differences that PNG and TIFF take before compression.
func unpredict(b []byte, p parms) []byte {
	if p.predictor < 2 {
		return b
	}
	row := (p.columns*p.colors*p.bits + 7) / 8
	step := max(1, p.colors*p.bits/8)
	if p.columns <= 0 || p.colors <= 0 || p.bits <= 0 || p.columns > 1<<20 || p.colors > 32 || p.bits > 32 {
		return b
	}
	if p.predictor == 2 {
		for i := 0; i+row <= len(b) && p.bits == 8; i += row {
			for j := i + step; j < i+row; j++ {
				b[j] += b[j-step]
			}
		}
		return b
	}
	out := make([]byte, 0, len(b))
	above := make([]byte, row)
	for len(b) > 1 {
		kind := b[0]
		n := copy(out[len(out):min(len(out)+row, cap(out))], b[1:])
		line := out[len(out) : len(out)+n]
		out = out[:len(out)+n]
		b = b[1+n:]
		undoPNG(kind, line, above, step)
		above = line
		if n < row {
			break
		}
	}
	return out
}

// undoPNG undoes the filter of one line, given the line above.
func undoPNG(kind byte, line, above []byte, step int) {
	for i := range line {
		var left, corner int
		up := int(above[i])
		if i >= step {
			left, corner = int(line[i-step]), int(above[i-step])
		}
		switch kind {
		case 1:
			line[i] += byte(left)
		case 2:
			line[i] += byte(up)
		case 3:
			line[i] += byte((left + up) / 2)
		case 4:
			dl, du, dc := abs(up-corner), abs(left-corner), abs(left+up-2*corner)
			switch {
			case dl <= du && dl <= dc:
				line[i] += byte(left)
			case du <= dc:
				line[i] += byte(up)
			default:
				line[i] += byte(corner)
			}
		}
	}
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
