// Package storetest is a kit.
package storetest

import "os"

func open(name string) { os.Open(name) }
