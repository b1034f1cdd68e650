// Package attic is in no layer.
package attic
