// Package local sees its sibling, what is above it, and a kit.
package local

import (
	_ "github.com/quarry-go/quarry/internal/text"
	_ "github.com/quarry-go/quarry/rag"
	_ "github.com/quarry-go/quarry/store"
	_ "github.com/quarry-go/quarry/store/local/internal/table"
	_ "github.com/quarry-go/quarry/store/other"
	_ "github.com/quarry-go/quarry/store/storetest"
	_ "github.com/tmc/langchaingo/llms"
)
