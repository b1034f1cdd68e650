//go:build !(js || plan9 || wasip1 || windows)

package vfs

import "os"

func syncDir(f *os.File) error { return f.Sync() }
