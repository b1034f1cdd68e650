package embed

import (
	"errors"
	"fmt"
	"time"
)

// Errors that implementations wrap; test for them with errors.Is.
var (
	// ErrInvalid: the request breaks a rule of this package.
	ErrInvalid = errors.New("invalid request")
	// ErrTooLong: a text is over the model's limit.
	ErrTooLong = errors.New("text too long for the model")
	// ErrTooLarge: a request of many texts is over a limit of the service;
	// a smaller one may pass.
	ErrTooLarge = errors.New("request too large")
	// ErrRateLimited: the service asked to slow down; see [RetryAfter].
	ErrRateLimited = errors.New("rate limited")
	// ErrUnauthorized: the service refused the credentials.
	ErrUnauthorized = errors.New("not authorised")
	// ErrUnavailable: the service could not be reached or could not answer;
	// the same request may succeed later.
	ErrUnavailable = errors.New("embedding service unavailable")
	// ErrResponse: the service answered what no Embedder may return.
	ErrResponse = errors.New("unusable response")
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
