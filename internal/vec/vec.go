// Package vec computes with vectors of float32.
//
// Results do not depend on the machine: sums are taken in a fixed order, and products are rounded
// before they are added, so that a score has the same bits everywhere.
package vec

import "math"

// lanes is the number of partial sums of a dot product: element i goes to sum i%lanes.
const lanes = 8

// Dot returns the sum of the products of the elements of a and b, over the length of the shorter
// one. Eight partial sums are kept, then added in pairs; with n elements the relative error of the
// sum of the absolute products is at most about (n/8+4) * 2^-24.
func Dot(a, b []float32) float32 {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(a) >= lanes && len(b) >= lanes {
		x, y := (*[lanes]float32)(a), (*[lanes]float32)(b)
		s0 += float32(x[0] * y[0]) // the conversion forbids a fused multiply-add
		s1 += float32(x[1] * y[1])
		s2 += float32(x[2] * y[2])
		s3 += float32(x[3] * y[3])
		s4 += float32(x[4] * y[4])
		s5 += float32(x[5] * y[5])
		s6 += float32(x[6] * y[6])
		s7 += float32(x[7] * y[7])
		a, b = a[lanes:], b[lanes:]
	}
	s := [lanes]float32{s0, s1, s2, s3, s4, s5, s6, s7}
	for i := range a {
		s[i] += float32(a[i] * b[i])
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// Norm returns the Euclidean length of v.
func Norm(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(float64(x) * float64(x))
	}
	return math.Sqrt(sum)
}
