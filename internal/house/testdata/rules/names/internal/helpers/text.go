// Package text lives in a folder of no name.
package text
