package rag

import (
	"errors"
	"fmt"

	"github.com/quarry-go/quarry/store"
)

// Errors of this package, and those of the packages below that programs meet
// most; test for them with errors.Is.
var (
	// ErrNoModel: an answer was asked of a knowledge base without a Model.
	ErrNoModel = errors.New("no model to answer with")
	// ErrMassDelete: a sync would delete more than it may; see [MassDeleteError].
	ErrMassDelete = errors.New("too many documents would be deleted")
	// ErrBusy: the source is being synced already, by this process.
	ErrBusy = errors.New("the source is being synced")
	// ErrShards: a sync of the source that divides the work into another number
	// of shards has not ended.
	ErrShards = errors.New("a sync in other shards has not ended")

	ErrClosed  = store.ErrClosed
	ErrLocked  = store.ErrLocked
	ErrCorrupt = store.ErrCorrupt
	ErrSpace   = store.ErrSpace
	ErrInvalid = store.ErrInvalid
)

// A MassDeleteError says which documents a sync did not delete because they
// were too many. It wraps [ErrMassDelete]. What the sync added and changed
// stays.
type MassDeleteError struct {
	Source   string
	Total    int      // documents of the source before
	Vanished []string // Refs of the documents that are not listed any more
}

// Error counts the documents and names the option that allows it.
func (e *MassDeleteError) Error() string {
	return fmt.Sprintf("%v: %d of %d documents of source %q are gone; if that is meant, sync with MaxDelete 1",
		ErrMassDelete, len(e.Vanished), e.Total, e.Source)
}

// Unwrap returns ErrMassDelete.
func (e *MassDeleteError) Unwrap() error { return ErrMassDelete }
