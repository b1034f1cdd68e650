// Package files reads through a root, and past it.
package files

import (
	"os"
	"syscall"
)

func read(dir, name string) {
	root, _ := os.OpenRoot(dir)
	root.Open(name)
	os.Stat(dir)
	os.Open(dir + name)
	os.Remove(name)
	_ = syscall.ENOTDIR
	syscall.Unlink(name)
}
