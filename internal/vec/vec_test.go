package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func random(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// lanewise is what Dot is defined to be, bit for bit.
func lanewise(a, b []float32) float32 {
	var s [lanes]float32
	for i := range a {
		s[i%lanes] += float32(a[i] * b[i])
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

func TestDot(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		a, b := random(rng, n), random(rng, n)
		got := Dot(a, b)
		if want := lanewise(a, b); math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("n=%d: %v, want %v", n, got, want)
		}
		sum, size := 0.0, 0.0
		for i := range a {
			p := float64(a[i]) * float64(b[i])
			sum, size = sum+p, size+math.Abs(p)
		}
		if bound := size * (float64(n)/lanes + 4) / (1 << 24); math.Abs(float64(got)-sum) > bound {
			t.Fatalf("n=%d: %v is more than %v from %v", n, got, bound, sum)
		}
		if swapped := Dot(b, a); swapped != got {
			t.Fatalf("n=%d: not symmetric", n)
		}
	}
}

func TestDotOfUnequalLengths(t *testing.T) {
	a := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	if got := Dot(a, a[:2]); got != 5 {
		t.Errorf("got %v, want 5", got)
	}
	if got := Dot(nil, a); got != 0 {
		t.Errorf("got %v, want 0", got)
	}
}

func TestNorm(t *testing.T) {
	if got := Norm([]float32{3, 0, -4}); got != 5 {
		t.Errorf("got %v, want 5", got)
	}
}

func TestRowsStay(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, dim := range []int{1, 7, 384, leastBlock + 1, mostBlock + 1} {
		var r Rows
		var want, got [][]float32
		for range min(5000, 4*mostBlock/dim+3) {
			v := random(rng, dim)
			want = append(want, slices.Clone(v))
			got = append(got, r.Add(v))
			clear(v)
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("dim %d: row %d changed", dim, i)
			}
			if cap(got[i]) != dim {
				t.Fatalf("dim %d: an append to row %d would run into the next", dim, i)
			}
		}
	}
}

func BenchmarkDot384(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	x, y := random(rng, 384), random(rng, 384)
	b.SetBytes(384 * 4)
	for b.Loop() {
		Dot(x, y)
	}
}
