package local

import (
	"errors"
	"fmt"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/store"
)

// Options are the settings of a DB. Nil and the zero value are the defaults.
type Options struct {
	// ReadOnly opens a store that exists and changes nothing but its lock,
	// which is taken where the file system allows that, so that no writer
	// works meanwhile. Write and Drop fail with [store.ErrReadOnly].
	ReadOnly bool

	// LogBytes is the size from which on a log is closed and another begun;
	// 0 means 64 MiB. Logs are rewritten when most of what they hold is dead.
	LogBytes int64

	fs          vfs.FS // instead of the directory's, for tests
	recordBytes int    // of a record of a log, at most; 0 means 64 MiB
	sabotage    sabotage
}

const (
	defaultLogBytes    = 64 << 20
	defaultRecordBytes = 64 << 20
)

// withDefaults returns a copy of o with what is zero filled in.
func (o *Options) withDefaults() Options {
	var p Options
	if o != nil {
		p = *o
	}
	if p.LogBytes <= 0 {
		p.LogBytes = defaultLogBytes
	}
	if p.recordBytes <= 0 {
		p.recordBytes = defaultRecordBytes
	}
	return p
}

// Errors of Open and Check, beside those of package store.
var (
	// ErrForeign: the directory holds files, but no store of this package. The
	// error also wraps [store.ErrCorrupt], and nothing was touched.
	ErrForeign = errors.New("directory is not a store of this program")
	// ErrNewer: a newer version of this package wrote the store.
	ErrNewer = errors.New("store was written by a newer version")
)

// A foreignError matches ErrForeign and store.ErrCorrupt.
type foreignError struct{ reason string }

func (e foreignError) Error() string { return fmt.Sprintf("%v: %s", ErrForeign, e.reason) }

func (e foreignError) Is(target error) bool {
	return target == ErrForeign || target == store.ErrCorrupt
}

// sabotage is a set of rules that are left out. It is empty but in tests,
// which show with it that each rule is needed: without it, they fail.
type sabotage uint16

const (
	noLock        sabotage = 1 << iota // the directory is not locked
	noManifestSum                      // the manifest's checksum is not compared
	noContinuity                       // sequence numbers may have gaps
	noDurable                          // the lengths of closed logs are not compared
	ackFirst                           // a change is acknowledged before it is in the log
	publishFirst                       // a change is published before it is in the log
	switchFirst                        // a log takes records before the manifest lists it
	removeFirst                        // old logs are removed before the manifest lists their successor
	noSticky                           // a failed sync does not end writing
	noStrayCheck                       // logs that the manifest does not list are never looked into
)

func (s sabotage) has(rule sabotage) bool { return s&rule != 0 }
