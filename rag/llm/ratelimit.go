package llm

import (
	"errors"
	"fmt"
	"time"
)

// A RateLimitError wraps [ErrRateLimited] with the delay that the service asked for.
type RateLimitError struct {
	After time.Duration // 0 if the service named none
	Err   error
}

// Error says that the service asked to slow down, and for how long.
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
