// Package database has a name that holds one of the words.
package database
