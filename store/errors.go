package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors that implementations wrap; test for them with errors.Is. What an
// implementation cannot do wraps [errors.ErrUnsupported].
var (
	// ErrInvalid: an argument breaks a rule of this package.
	ErrInvalid = errors.New("invalid argument")
	// ErrFilter: a filter is not well formed.
	ErrFilter = errors.New("invalid filter")
	// ErrSpace: a vector of another embedding model, or of another length,
	// than those stored.
	ErrSpace = errors.New("vector of another space")
	// ErrClosed: the DB was closed.
	ErrClosed = errors.New("store is closed")
	// ErrLocked: another process or handle has the store open for writing.
	ErrLocked = errors.New("store is locked")
	// ErrReadOnly: the store takes no writes, or none any more since one failed.
	ErrReadOnly = errors.New("store is read-only")
	// ErrCorrupt: what is stored is damaged, or is not a store of this kind.
	ErrCorrupt = errors.New("store is corrupt")
	// ErrTooLarge: something is over a limit of the store.
	ErrTooLarge = errors.New("too large for the store")
	// ErrUnauthorized: the server refused the credentials, or what they may do.
	ErrUnauthorized = errors.New("not authorised")
	// ErrRateLimited: the server asked to slow down; see [RetryAfter].
	ErrRateLimited = errors.New("rate limited")
	// ErrUnavailable: the server could not be reached or could not answer;
	// the same call may succeed later.
	ErrUnavailable = errors.New("store unavailable")
)

// A RateLimitError wraps [ErrRateLimited] with the delay that the server asked for.
type RateLimitError struct {
	After time.Duration // 0 if the server named none
	Err   error
}

// Error says that the server asked to slow down, and for how long.
func (e *RateLimitError) Error() string {
	return fmt.Sprintf("%v (retry after %v): %v", ErrRateLimited, e.After, e.Err)
}

// Unwrap returns ErrRateLimited and the cause.
func (e *RateLimitError) Unwrap() []error { return []error{ErrRateLimited, e.Err} }

// RetryAfter returns the delay that the first [RateLimitError] in err's tree
// asks for; ok is false if there is none.
func RetryAfter(err error) (d time.Duration, ok bool) {
	if e, ok := errors.AsType[*RateLimitError](err); ok {
		return e.After, true
	}
	return 0, false
}

// A WriteError says how far a Write came in a store that is not atomic. No
// [Doc] record vouches for a document that it names: syncing again repairs it.
type WriteError struct {
	Upserted []string    // IDs of chunks that are durable
	Failed   []ItemError // what failed, item by item, where the server says so
	Deleted  bool        // whether Delete was done, in part or whole
	Err      error       // the first cause
}

// An ItemError is the failure of one chunk or document record.
type ItemError struct {
	ID  string
	Err error
}

// Error counts what is durable and what failed, and gives the first cause.
func (e *WriteError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "partly written: %d chunks durable, %d items failed", len(e.Upserted), len(e.Failed))
	if len(e.Failed) > 0 {
		fmt.Fprintf(&b, ", first %q", e.Failed[0].ID)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns the first cause and that of every failed item.
func (e *WriteError) Unwrap() []error {
	errs := make([]error, 0, 1+len(e.Failed))
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	for _, f := range e.Failed {
		if f.Err != nil {
			errs = append(errs, f.Err)
		}
	}
	return errs
}
