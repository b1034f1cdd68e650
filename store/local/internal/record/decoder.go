package record

import (
	"errors"
	"math"
)

// input is what a decoder reads: bytes of the log, or a string that what it returns becomes part
// of.
type input interface{ []byte | string }

// A decoder takes values off the front of its input. After an error it returns zeros.
type decoder[S input] struct {
	in  S
	err error // the first
}

func (d *decoder[S]) fail(reason string) {
	if d.err == nil {
		d.err = errors.New(reason)
	}
}

// bytes takes n bytes.
func (d *decoder[S]) bytes(n uint64) (b S) {
	if d.err == nil && n > uint64(len(d.in)) {
		d.fail("length beyond the end")
	}
	if d.err != nil {
		return b
	}
	b, d.in = d.in[:n], d.in[n:]
	return b
}

func (d *decoder[S]) byte() byte {
	b := d.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// uint64 takes 8 bytes, little-endian.
func (d *decoder[S]) uint64() (x uint64) {
	b := d.bytes(8)
	for i := range len(b) {
		x |= uint64(b[i]) << (8 * i)
	}
	return x
}

func (d *decoder[S]) uvarint() (x uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := d.byte()
		if shift == 63 && b > 1 {
			break
		}
		x |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return x
		}
	}
	d.fail("number over 64 bits")
	return 0
}

func (d *decoder[S]) varint() int64 {
	x := d.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

// int takes a number that is at least 0.
func (d *decoder[S]) int() int {
	x := d.uvarint()
	if x > math.MaxInt {
		d.fail("number out of range")
		return 0
	}
	return int(x)
}

func (d *decoder[S]) string() string { return string(d.bytes(d.uvarint())) }

// count takes the length of a list whose elements have at least size bytes each, so that a wrong
// one allocates little.
func (d *decoder[S]) count(size int) int {
	n := d.uvarint()
	if d.err == nil && n > uint64(len(d.in)/size) {
		d.fail("list beyond the end")
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

func (d *decoder[S]) strings() []string {
	return list(d, 1, (*decoder[S]).string)
}

// floats takes a vector of n elements.
func (d *decoder[S]) floats(n int) []float32 {
	if n == 0 || n > len(d.in)/4 {
		d.fail("vector without dimensions or beyond the end")
		return nil
	}
	b := d.bytes(4 * uint64(n))
	if len(b) == 0 {
		return nil
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = math.Float32frombits(uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24)
	}
	return v
}

// list takes a list whose elements have at least size bytes each: nil where it is empty.
func list[S input, T any](d *decoder[S], size int, element func(*decoder[S]) T) []T {
	n := d.count(size)
	if n == 0 {
		return nil
	}
	l := make([]T, 0, min(n, 1024))
	for range n {
		if d.err != nil {
			return nil
		}
		l = append(l, element(d))
	}
	return l
}
