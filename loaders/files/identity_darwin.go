package files

import (
	"fmt"
	"io/fs"
	"syscall"
)

// identity returns what the system knows of a file beside its size and
// modification time: the inode, and when anything of it last changed.
func identity(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprint(st.Ino, st.Ctimespec.Sec, st.Ctimespec.Nsec)
	}
	return ""
}
