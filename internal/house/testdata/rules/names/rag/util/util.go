// Package util is for everything.
package util
