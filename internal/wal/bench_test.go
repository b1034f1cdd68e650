package wal

import (
	"fmt"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
)

// Durable appends on a real file system, by one caller and by many.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("size=%d/callers=%d", size, callers), func(b *testing.B) {
				dir, err := vfs.OpenDir(b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				defer dir.Close()
				l := create(b, dir)
				payload := make([]byte, size)
				b.SetBytes(int64(size))
				b.SetParallelism(callers)
				append := func() {
					if err := l.Append(payload); err != nil {
						b.Error(err)
					}
				}
				if callers == 1 {
					for b.Loop() {
						append()
					}
				} else {
					b.RunParallel(func(p *testing.PB) {
						for p.Next() {
							append()
						}
					})
				}
				if err := l.Close(); err != nil {
					b.Error(err)
				}
			})
		}
	}
}

// Reading a log back, its records small or large; and searching a torn tail of noise for what vouches for it.
func BenchmarkReplay(b *testing.B) {
	const total = 16 << 20
	for _, size := range []int{100, 10_000, 1 << 20} {
		b.Run(fmt.Sprint("size=", size), func(b *testing.B) {
			disk := memfs.New()
			l := create(b, disk)
			payload := make([]byte, size)
			for range total / size {
				if err := l.Append(payload); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(total)
			for b.Loop() {
				replay(b, disk)
			}
		})
	}
	b.Run("tail", func(b *testing.B) {
		disk := memfs.New()
		create(b, disk)
		disk.Edit("log", func(file []byte) []byte {
			noise := make([]byte, total)
			for i := range noise {
				noise[i] = byte(i * i >> 3)
			}
			return append(file, noise...)
		})
		b.SetBytes(total)
		for b.Loop() {
			replay(b, disk)
		}
	})
}
