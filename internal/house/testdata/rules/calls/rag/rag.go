// Package rag does what library code does not.
package rag

import "C"

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	clock "time"
	"unsafe"
)

import . "strings"

func init() { fmt.Println(ToUpper("started")) }

func all(dir string) {
	log.Printf("all of %s", dir)
	slog.Info("all", "dir", slog.StringValue(dir))
	clock.Sleep(clock.Second)
	http.DefaultClient.Get(dir)
	http.Get(dir)
	os.ReadFile(filepath.Join(dir, os.Getenv("NAME")))
	filepath.Walk(dir, nil)
	fmt.Fprintln(os.Stderr, unsafe.Sizeof(dir))
	println(dir)
	os.Exit(1)
	if testing.Testing() {
		panic(dir)
	}
}

// fine uses no package of these names, and the secrets of a log.
func fine(os struct{ Exit func() }, panic func(any)) slog.Value {
	os.Exit()
	panic(fmt.Errorf("%v", slog.StringValue("redacted")))
	return slog.StringValue("redacted")
}
