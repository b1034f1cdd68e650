// Package table belongs to store/local and may import what that may.
package table

import (
	_ "github.com/quarry-go/quarry/internal/bm25"
	_ "github.com/quarry-go/quarry/loaders/text"
	_ "github.com/quarry-go/quarry/store"
	_ "github.com/quarry-go/quarry/store/local/internal/record"
)
