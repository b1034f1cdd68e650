// Package rag streams as was done once.
package rag

// Stream returns a channel.
func Stream(q string) (<-chan string, error) { return nil, nil }

// Each takes one, in a function.
func (k *KB) Each(f func(chan int)) {}

// KB keeps its own to itself.
type KB struct{ work chan int }

func (k *KB) run(work chan int) {}

// Source is an interface.
type Source interface {
	Next() chan string
}
