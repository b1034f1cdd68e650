package pdf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/internal/realdata"
	"github.com/quarry-go/quarry/loaders"
)

// survive reads a file that may be anything. It must end, without a panic that
// reaches the caller, in a document or a named error.
func survive(t *testing.T, name string, b []byte) {
	t.Helper()
	in := loaders.BytesInput("x.pdf", b)
	in.Budget = loaders.NewBudget(loaders.Limits{MaxTime: 10 * time.Second})
	d, err := read(in, nil)
	if err != nil {
		if cause(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	if err := d.Validate(); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestHostile reads files that repeat what costs readers dearly.
func TestHostile(t *testing.T) {
	n := 5_000
	if os.Getenv("QUARRY_LONG") != "" {
		n = 500_000
	}
	for _, unit := range []string{
		"1 0 obj (", "1 0 obj [", "1 0 obj <<", "1 0 obj <", "1 0 obj /", "obj ", "1 0 obj<<>>stream\n", "1 0 obj<</Length 1 0 R>>stream\n",
		"1 0 obj<</Type/ObjStm/N 9/First 1>>stream\nendstream ", "trailer ", "trailer<<", "endobj ", "8388607 0 obj 1 ", "[", "<<", "%",
		"1 0 obj<</Type/Page/Kids[1 0 R 1 0 R]/Parent 1 0 R>>endobj ",
	} {
		for _, start := range []string{"%PDF-1.4\n", "%PDF-1.4\n2 0 obj<</Type/Catalog/Pages 1 0 R>>endobj "} {
			survive(t, unit, []byte(start+strings.Repeat(unit, n)))
		}
	}
	for _, unit := range []string{
		"q ", "Q ", "[", "(", "<<", "BI ID ", "/F1 9 Tf ", "(a) Tj ", "[(a) 1] TJ ", "/X Do ", "0 ", "BT 1 0 0 1 5 5 Tm (abc) Tj ", "-", "/", "%", "/GS gs ",
	} {
		b := (&builder{}).pages("BT /F1 12 Tf " + strings.Repeat(unit, n))
		x := b.stream("/Subtype/Form/Resources<</XObject<</X 6 0 R/Y 6 0 R>>/Font<</F1 1 0 R>>>>", strings.Repeat("/X Do /Y Do (x) Tj ", 50))
		b.objects[2] = strings.Replace(b.objects[2], "/Font", fmt.Sprintf("/XObject<</X %d 0 R>>/Font", x), 1)
		survive(t, unit, []byte(b.file("")))
	}
	grid := &strings.Builder{} // as many segments as are put in order
	for i := range min(n, maxSegments) {
		fmt.Fprintf(grid, "1 0 0 1 %d %d Tm (x) Tj ", i%150*4, i/150*6)
	}
	survive(t, "grid", []byte((&builder{}).pages("BT /F1 1 Tf "+grid.String()).file("")))
}

// TestMutations damages files at random, always in the same way: 200 times, or
// 2,000 where QUARRY_LONG is set.
func TestMutations(t *testing.T) {
	var seeds [][]byte
	for _, b := range []*builder{(&builder{}).pages(show("text"), show("more")), (&builder{}).pages("[(a) -500 (b)] TJ /X Do")} {
		seeds = append(seeds, []byte(b.file("")))
	}
	var files []string
	if dir, err := realdata.Find("pdf"); err == nil {
		files, _ = filepath.Glob(filepath.Join(dir, "files", "*.pdf"))
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && len(b) < 30_000 && len(seeds) < 100 {
			seeds = append(seeds, b)
		}
	}
	runs := 200
	if os.Getenv("QUARRY_LONG") != "" {
		runs = 2000
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range runs {
		b := bytes.Clone(seeds[i%len(seeds)])
		for range 1 + r.IntN(20) {
			at := r.IntN(len(b))
			switch end := min(at+1+r.IntN(64), len(b)); r.IntN(6) {
			case 0:
				b[at] = byte(r.IntN(256))
			case 1:
				b = append(b[:at], b[end:]...)
			case 2:
				b = append(b[:end:end], b[at:]...)
			case 3:
				b[at] ^= 1 << r.IntN(8)
			case 4: // a number becomes a large one
				if c := b[at]; c >= '0' && c <= '9' {
					b = append(append(b[:at:at], "99999999999"...), b[at+1:]...)
				}
			case 5:
				b = b[:max(end, len(b)/2)]
			}
			if len(b) == 0 {
				b = []byte{'x'}
			}
		}
		survive(t, fmt.Sprintf("mutation %d", i), b)
	}
}
