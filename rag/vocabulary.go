package rag

import (
	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/assemble"
	"github.com/quarry-go/quarry/rag/chunk"
	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
)

// The words that a program which imports this package alone needs. Each is the
// type of the package that documents it.
type (
	Document  = loaders.Document
	Loader    = loaders.Loader
	DocError  = loaders.DocError
	Embedder  = embed.Embedder
	Generator = llm.Generator
	Message   = llm.Message
	Chunker   = chunk.Chunker
	DB        = store.DB
	Doc       = store.Doc
	Chunk     = store.Chunk
	Hit       = store.Hit
	Filter    = store.Filter
	Question  = retrieve.Question
	Result    = retrieve.Result
	Retriever = retrieve.Retriever
	Evidence  = assemble.Evidence
	Passage   = assemble.Passage
	Citation  = assemble.Citation
)
