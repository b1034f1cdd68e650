// Package store is a contract, and knows too much.
package store

import (
	_ "errors"

	_ "github.com/quarry-go/quarry/embed"
	_ "github.com/quarry-go/quarry/internal/text"
	_ "golang.org/x/text/unicode/norm"
)
