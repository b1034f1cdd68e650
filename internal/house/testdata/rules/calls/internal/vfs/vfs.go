// Package vfs is where files are opened.
package vfs

import (
	"os"
	"syscall"
)

func open(name string) {
	f, _ := os.Open(name)
	syscall.Flock(int(f.Fd()), 0)
}
