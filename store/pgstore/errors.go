package pgstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/quarry-go/quarry/store"
)

// typed adds to an error of the server or of its connection the sentinel of
// package store.
func typed(err error) error {
	if err == nil || errors.Is(err, store.ErrSpace) || errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrTooLarge) {
		return err
	}
	server, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		// Of the connection: it cannot be made, or was lost.
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	sentinel := store.ErrInvalid
	switch code := server.Code; {
	case strings.HasPrefix(code, "28"), code == "42501": // login, privilege
		sentinel = store.ErrUnauthorized
	case code == "40001", code == "40P01", code == "55P03", // serialization, deadlock, lock
		strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57P"), // connection, shutdown
		strings.HasPrefix(code, "53"), // resources
		strings.HasPrefix(code, "58"), code == "57014":
		sentinel = store.ErrUnavailable
	case strings.HasPrefix(code, "54"): // program limit
		sentinel = store.ErrTooLarge
	case strings.HasPrefix(code, "XX"):
		sentinel = store.ErrCorrupt
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
