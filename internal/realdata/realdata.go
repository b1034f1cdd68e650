// Package realdata finds the real files that tests measure on: retrieval sets,
// web pages, PDF files, attack strings. They are no part of the module.
package realdata

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Variable of the environment that names the folder of all data sets. Without
// it, the folder shared/data beside the module is looked for.
const Variable = "QUARRY_DATA"

// Find returns the folder of a data set. The error says how to name one.
func Find(name string) (string, error) {
	root := os.Getenv(Variable)
	if root == "" {
		module, err := moduleRoot()
		if err != nil {
			return "", err
		}
		root = filepath.Join(filepath.Dir(module), "shared", "data")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("no data: set %s to a folder that holds %s", Variable, name)
	}
	return dir, nil
}

// Dir returns the folder of a data set, and skips the test where there is none.
func Dir(t testing.TB, name string) string {
	t.Helper()
	dir, err := Find(name)
	if err != nil {
		t.Skip(err)
	}
	return dir
}

// moduleRoot returns the nearest folder at or above the working directory,
// which is that of the package under test, that holds a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = up
	}
}
