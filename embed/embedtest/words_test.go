package embedtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
)

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestWordsShareWords(t *testing.T) {
	texts := []string{"The cat sat.", "sat, cat! the", "the cat ran", "quantum chromodynamics"}
	r, err := embedtest.Words(256).Embed(t.Context(), embed.Request{Texts: texts})
	if err != nil {
		t.Fatal(err)
	}
	v := r.Vectors
	if d := dot(v[0], v[1]); d < 0.99999 {
		t.Errorf("same words in another order: cosine %v, want 1", d)
	}
	if near, far := dot(v[0], v[2]), dot(v[0], v[3]); near < 0.4 || far > 0.3 {
		t.Errorf("cosine %v with two words of three shared, %v with none", near, far)
	}
	if r.Usage != (embed.Usage{Tokens: 11, Requests: 1}) {
		t.Errorf("usage %+v", r.Usage)
	}
}

// The vectors are frozen, so that a test may keep ranks that follow from them.
func TestWordsGolden(t *testing.T) {
	r, err := embedtest.Words(4).Embed(t.Context(), embed.Request{Texts: []string{"defer statements", ""}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "[[-0.10195 -0.70035 -0.51852 0.47984] [-0.52908 0.14037 0.74135 0.38829]]"
	if got := fmt.Sprintf("%.5f", r.Vectors); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWordsBefore(t *testing.T) {
	down := errors.New("down")
	e := embedtest.Words(8)
	e.Before = func(context.Context, embed.Request) error { return down }
	r, err := e.Embed(t.Context(), embed.Request{Texts: []string{"a", "b"}})
	if !errors.Is(err, down) || r.Vectors != nil {
		t.Errorf("got %v, %v", r, err)
	}
	if e.Calls() != 1 || len(e.Texts()) != 2 {
		t.Errorf("calls %d, texts %v", e.Calls(), e.Texts())
	}
}

func ExampleWords() {
	e := embedtest.Words(256)
	r, err := e.Embed(context.Background(), embed.Request{Texts: []string{"Red apples", "apples, red", "blue skies"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f\n", dot(r.Vectors[0], r.Vectors[1]))
	fmt.Println(dot(r.Vectors[0], r.Vectors[2]) < 0.3)
	// Output:
	// 1.0
	// true
}
