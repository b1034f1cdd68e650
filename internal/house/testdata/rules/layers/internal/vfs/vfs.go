// Package vfs is the ground, and stands on what stands on it.
package vfs

import _ "github.com/quarry-go/quarry/internal/wal"
