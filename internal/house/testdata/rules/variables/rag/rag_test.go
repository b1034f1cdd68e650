package rag

func stop() { clock = func() int { return 2 } }
