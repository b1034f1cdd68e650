package wal

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt is matched by the error of [Replay] when the file is damaged, or is no log, or not the log that was
	// asked for. The error is a [*CorruptError].
	ErrCorrupt = errors.New("corrupt log")

	// ErrVersion is matched by the error of [Replay] when a newer version of this package wrote the log.
	ErrVersion = errors.New("unknown log version")

	// ErrFailed is matched by the errors of a log that takes no more records, because a sync failed, or a write
	// failed and could not be undone. Whether the records of the call that met the failure are in the log is not
	// known until it is replayed. The cause is wrapped too.
	ErrFailed = errors.New("log failed")

	// ErrTooLarge is matched by the error of [Log.Append] for a payload over [MaxPayload].
	ErrTooLarge = errors.New("record too large")
)

// A CorruptError says where a log is damaged.
type CorruptError struct {
	Name   string // of the file
	Offset int64  // of the record, or 0 for the header of the file
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("wal: %s: corrupt at offset %d: %s", e.Name, e.Offset, e.Reason)
}

// Is reports whether target is [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }
