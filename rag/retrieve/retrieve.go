package retrieve

import (
	"context"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/store"
)

// A Question is what a person or program wants to know.
type Question struct {
	Text    string
	History []llm.Message // the conversation before it
	Filter  store.Filter  // nil passes everything
	// Principals names who asks. Where it is not empty, only passages that
	// everyone or one of them may read are found.
	Principals []string
	K          int      // passages wanted; 0 means [DefaultK]
	Like       []string // chunk IDs to find similar passages to
	Unlike     []string // chunk IDs to stay away from
}

// DefaultK is how many passages a question asks for if it does not say.
const DefaultK = 10

// Scope returns the filter that every search for q must apply: its Filter,
// and its Principals where it names any.
func (q Question) Scope() store.Filter {
	switch {
	case len(q.Principals) == 0:
		return q.Filter
	case q.Filter == nil:
		return store.Readable(q.Principals...)
	}
	return store.And(store.Readable(q.Principals...), q.Filter)
}

// Want returns K, or DefaultK where K is 0.
func (q Question) Want() int {
	if q.K == 0 {
		return DefaultK
	}
	return q.K
}

// A Result is what a Retriever found.
type Result struct {
	// Hits is at most K passages, best first, ties by chunk ID, each once,
	// with the fields of store.FieldsRead.
	Hits  []store.Hit
	Trace Trace
	Usage Usage
	// Partial holds the errors of rankers that failed while others answered.
	Partial []error
}

// A Trace tells how a result came about, step by step in the order in which
// they ended.
type Trace []Step

// A Step is one part of a retrieval.
type Step struct {
	Name     string // "text", "vector", "fuse", ...
	Hits     int    // how many it gave
	Duration time.Duration
	Note     string // what a person should know, such as "no term of the question is indexed"
}

// Usage is what a retrieval cost in calls to models.
type Usage struct {
	EmbedTokens  int
	RerankTokens int
	Model        llm.Usage
}

// Add returns the sum of u and v.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.EmbedTokens + v.EmbedTokens, u.RerankTokens + v.RerankTokens, u.Model.Add(v.Model)}
}

// A Retriever finds passages for a question.
//
// It is safe for concurrent use and only reads its argument; the caller owns
// the result. Every passage passes q.Scope(). Errors wrap store.ErrInvalid and
// store.ErrFilter for a question that cannot be asked, and the context's error
// when it ends.
type Retriever interface {
	Retrieve(ctx context.Context, q Question) (*Result, error)
}

// Func adapts a function to a [Retriever].
type Func func(ctx context.Context, q Question) (*Result, error)

// Retrieve calls f.
func (f Func) Retrieve(ctx context.Context, q Question) (*Result, error) { return f(ctx, q) }

// A Reranker puts passages into a better order.
//
// It may drop passages and never adds any. It is safe for concurrent use and
// only reads its argument.
type Reranker interface {
	Rerank(ctx context.Context, r RerankRequest) (RerankResponse, error)
}

// RerankRequest is what to put in order.
type RerankRequest struct {
	Query string
	Texts []string
	K     int // how many are wanted; 0 means all
}

// RerankResponse is the new order.
type RerankResponse struct {
	// Ranks holds indexes of Texts, best first, each at most once.
	Ranks []RerankRank
	Usage Usage
}

// RerankRank is the place of one text.
type RerankRank struct {
	Index int     // of RerankRequest.Texts
	Score float64 // higher is better
}
