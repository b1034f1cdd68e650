package chunk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/chunk"
)

func BenchmarkPacker(b *testing.B) {
	texts := map[string]string{
		"english": strings.Repeat("The quick brown fox jumps over the lazy dog, as it mostly does. It was late in the evening! ", 8) + "\n\n",
		"chinese": strings.Repeat("深度学习是机器学习的分支，是一种以人工神经网络为架构的算法。它对资料进行表征学习。", 8) + "\n\n",
		"hindi":   strings.Repeat("यह एक वाक्य है जिसमें कई शब्द हैं। ", 16) + "\n\n",
	}
	for name, text := range texts {
		d := loaders.Document{ID: "d", Text: strings.Repeat(text, 1<<20/len(text))}
		for _, overlap := range []int{0, 100} {
			b.Run(fmt.Sprintf("%s/overlap=%d", name, overlap), func(b *testing.B) {
				p, err := chunk.New(&chunk.Options{Size: 512, Overlap: overlap})
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(d.Text)))
				b.ReportAllocs()
				for b.Loop() {
					for _, err := range p.Chunk(b.Context(), d) {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
