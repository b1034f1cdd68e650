package loaders

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that the packages below wrap; test for them with errors.Is.
var (
	// ErrInvalid: a document breaks a rule of [Document].
	ErrInvalid = errors.New("invalid document")
	// ErrFormat: the content is not of the format that it claims, or is
	// damaged beyond reading.
	ErrFormat = errors.New("damaged or unknown format")
	// ErrNoParser: no parser of those given reads this kind of content.
	ErrNoParser = errors.New("no parser for this kind of content")
	// ErrEncrypted: the content needs a password that was not given.
	ErrEncrypted = errors.New("encrypted")
	// ErrNoText: the content was read and holds no text, as a scanned page does.
	ErrNoText = errors.New("no text")
	// ErrBudget: reading on would go over a limit of the [Budget].
	ErrBudget = errors.New("over budget")
	// ErrSkipped: the Ref was left out on purpose, by a rule or limit of the loader.
	ErrSkipped = errors.New("skipped")
)

// A DocError says that one Ref, or one document of it, could not be read. A
// sequence goes on after it.
type DocError struct {
	Ref string // the Ref's ID
	URI string
	Err error
	// Prefix says that the error is of every Ref whose ID begins with Ref: a
	// folder "a/b/" that cannot be listed leaves all that is in it unknown.
	Prefix bool
}

// Covers reports whether the error is of the Ref with the given ID.
func (e *DocError) Covers(ref string) bool {
	return ref == e.Ref || e.Prefix && strings.HasPrefix(ref, e.Ref)
}

// Error names the Ref and the cause.
func (e *DocError) Error() string { return fmt.Sprintf("%s: %v", e.Ref, e.Err) }

// Unwrap returns the cause.
func (e *DocError) Unwrap() error { return e.Err }
