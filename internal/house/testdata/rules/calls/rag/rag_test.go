package rag

import "os"

func remove(dir string) { os.RemoveAll(dir) }
