// Package x is unfinished.
package x

import "context"

var ctx = context.TODO()
