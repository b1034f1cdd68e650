// Command bench compares this library with its peers: the same texts, the same
// process, one after the other, CPU time. It is a module of its own, so that
// no peer enters the library's.
//
//	go run . chunk DIR    cutting, against langchaingo
//	go run . text DIR     keyword search, against bleve
//
// DIR holds texts: .txt and .md files, corpus.jsonl files of BEIR sets, each
// maybe compressed (.gz). For text, DIR is a BEIR set.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
)

func main() {
	commands := map[string]func(context.Context, string) (*table, error){"chunk": chunks, "text": search}
	if len(os.Args) != 3 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench chunk|text DIR")
		os.Exit(2)
	}
	log.SetOutput(io.Discard) // langchaingo tells of its oversized chunks there
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	t, err := commands[os.Args[1]](ctx, os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	fmt.Print(t)
}
