package vfs

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock takes one byte far behind the end of the file: locks of Windows are mandatory, and the owner's text must stay
// readable.
func lock(f *os.File) error {
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	switch err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at); err {
	case nil:
		return nil
	case windows.ERROR_LOCK_VIOLATION, windows.ERROR_IO_PENDING:
		return ErrLocked
	default:
		return os.NewSyscallError("LockFileEx", err)
	}
}
