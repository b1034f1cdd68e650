package openaiembed_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/embed/openaiembed"
)

const dim = 32

// A service is a fake of an embeddings service that keeps to the protocol.
type service struct {
	URL string

	mu    sync.Mutex
	calls []call
}

// A call is a request as it arrived.
type call struct {
	Path   string
	Header http.Header
	Length int64
	Fields map[string]any
	Input  []string
}

func (s *service) all() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func newService(t testing.TB) *service {
	s := &service{}
	words := embedtest.Words(dim)
	s.URL = serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		c := call{Path: r.URL.RequestURI(), Header: r.Header, Length: r.ContentLength}
		var in struct{ Input []string }
		if err != nil || json.Unmarshal(body, &c.Fields) != nil || json.Unmarshal(body, &in) != nil {
			http.Error(w, `{"error":{"message":"bad JSON"}}`, http.StatusBadRequest)
			return
		}
		c.Input = in.Input
		s.mu.Lock()
		s.calls = append(s.calls, c)
		s.mu.Unlock()
		resp, err := words.Embed(r.Context(), embed.Request{Texts: in.Input})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		type item struct {
			Object    string    `json:"object"`
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		var items []item
		for i, v := range resp.Vectors {
			for j := range v {
				v[j] *= 2 // services need not normalise
			}
			items = append([]item{{"embedding", i, v}}, items...) // nor keep the order
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"object": "list", "data": items, "model": "fake",
			"usage": map[string]int{"prompt_tokens": resp.Usage.Tokens, "total_tokens": resp.Usage.Tokens},
		})
	})
	return s
}

// serve returns the base URL of a server of its own for h.
func serve(t testing.TB, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

// hung returns the base URL of a server that reads requests and never answers.
func hung(t testing.TB) string {
	over := make(chan struct{})
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-over:
		}
	})
	t.Cleanup(func() { close(over) }) // before the server is closed
	return url
}

// answer returns the base URL of a server that always answers the same.
func answer(t testing.TB, status int, header map[string]string, body string) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func at(url string) *openaiembed.Embedder {
	return openaiembed.New("fake", &openaiembed.Options{BaseURL: url, Dim: dim})
}
