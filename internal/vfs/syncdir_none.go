//go:build js || plan9 || wasip1 || windows

package vfs

import "os"

// syncDir does nothing: Windows journals names itself and refuses to flush a directory, and the others have no such
// call.
func syncDir(*os.File) error { return nil }
