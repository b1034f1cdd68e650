package rag_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/embed/openaiembed"
	"github.com/quarry-go/quarry/internal/servers"
	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/rag/llm/openaillm"
)

// TestRealHybrid asks in words that no document has: a real embedding model
// finds the passage, keyword search alone does not, and both rankers speak in
// the fused hits.
func TestRealHybrid(t *testing.T) {
	e := openaiembed.New("multilingual-e5-small", &openaiembed.Options{
		BaseURL: servers.Embed(t), Dim: 384, MaxTokens: 512, QueryFields: map[string]any{"input_type": "query"},
	})
	kb, err := rag.Memory(&rag.Options{Embedder: e})
	if err != nil {
		t.Fatal(err)
	}
	defer kb.Close()
	docs := []rag.Document{
		{ID: "money", Text: "Money is given back to customers within two weeks."},
		{ID: "volcano", Text: "The volcano last erupted in the year 1912."},
		{ID: "cat", Text: "A cat sleeps sixteen hours a day."},
	}
	rep, err := kb.Put(t.Context(), docs...)
	if err != nil || rep.Added != 3 || rep.Embedded != 3 || rep.Usage.Tokens == 0 {
		t.Fatalf("%v, usage %+v: %v, %v", rep, rep.Usage, err, rep.Err())
	}
	if rep, err := kb.Put(t.Context(), docs...); err != nil || rep.Embedded != 0 {
		t.Errorf("once more: %v, %v", rep, err)
	}
	r, err := kb.Retrieve(t.Context(), rag.Question{Text: "How long does a refund take?"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Hits) == 0 || r.Hits[0].Chunk.DocID != rag.DocID(rag.PutSource, "money") {
		t.Errorf("hits %v", r.Hits)
	}
	r, err = kb.Retrieve(t.Context(), rag.Question{Text: "When did the volcano last spit lava?"})
	if err != nil {
		t.Fatal(err)
	}
	var rankers []string
	for _, x := range r.Hits[0].Ranks {
		rankers = append(rankers, x.Ranker)
	}
	if r.Hits[0].Chunk.DocID != rag.DocID(rag.PutSource, "volcano") || !slices.Contains(rankers, "text") || !slices.Contains(rankers, "vector") {
		t.Errorf("first hit %v by %v", r.Hits[0].Chunk.Text, rankers)
	}
}

// TestRealAnswer streams an answer of a real model. The model is tiny: what it
// says is not judged, only how it arrives.
func TestRealAnswer(t *testing.T) {
	kb, err := rag.Memory(&rag.Options{
		Model:     openaillm.New("default", &openaillm.Options{BaseURL: servers.Chat(t)}),
		MaxAnswer: 60,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer kb.Close()
	if _, err := kb.Put(t.Context(), rag.Document{ID: "tea", URI: "tea.txt", Text: "Green tea is brewed at 80 degrees."}); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	pieces := 0
	var done *rag.Answer
	for e, err := range kb.Stream(t.Context(), rag.Question{Text: "How hot is green tea brewed?"}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Text != "" {
			pieces++
			text.WriteString(e.Text)
		}
		if e.Done != nil {
			done = e.Done
		}
	}
	if done == nil || done.Text != text.String() || done.Text == "" || pieces < 2 || done.Finish == "" {
		t.Fatalf("%d pieces, %+v", pieces, done)
	}
	if done.Usage.InputTokens == 0 || done.Usage.OutputTokens == 0 {
		t.Errorf("usage %+v", done.Usage)
	}
	t.Logf("%d pieces, %+v: %q", pieces, done.Usage, done.Text)
}
