package openaillm_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/openaillm"
)

// A service is a fake of a chat service that repeats the last message word by
// word, and honours every field.
type service struct {
	URL  string
	open atomic.Int64

	mu    sync.Mutex
	calls []call
}

// A call is a request as it arrived.
type call struct {
	Path   string
	Header http.Header
	Length int64
	Fields map[string]any
}

func (s *service) all() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func newService(t testing.TB) *service {
	s := &service{}
	s.URL = serve(t, func(w http.ResponseWriter, r *http.Request) {
		s.open.Add(1)
		defer s.open.Add(-1)
		c := call{Path: r.URL.RequestURI(), Header: r.Header, Length: r.ContentLength}
		var in struct {
			Messages []struct{ Content string }
			Stop     []string
			Max      int             `json:"max_tokens"`
			Format   json.RawMessage `json:"response_format"`
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &c.Fields) != nil || json.Unmarshal(body, &in) != nil || len(in.Messages) == 0 {
			http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.calls = append(s.calls, c)
		s.mu.Unlock()

		said := "echo: " + in.Messages[len(in.Messages)-1].Content
		if in.Format != nil {
			said = `{"count": 10}`
		}
		for _, stop := range in.Stop {
			said, _, _ = strings.Cut(said, stop)
		}
		words, reason := strings.SplitAfter(said, " "), "stop"
		if in.Max > 0 && len(words) > in.Max {
			words, reason = words[:in.Max], "length"
		}
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for _, word := range words {
			event(w, `{"model":"fake-1","choices":[{"index":0,"delta":{"content":%s},"finish_reason":null}],"usage":null}`, quote(word))
		}
		event(w, `{"model":"fake-1","choices":[{"index":0,"delta":{},"finish_reason":"%s"}]}`, reason)
		event(w, `{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":%d,"prompt_tokens_details":{"cached_tokens":3}}}`, len(words))
		fmt.Fprint(w, "data: [DONE]\n\n")
	})
	return s
}

func event(w http.ResponseWriter, format string, args ...any) {
	fmt.Fprintf(w, "data: "+format+"\n\n", args...)
	w.(http.Flusher).Flush()
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// serve returns the base URL of a server of its own for h.
func serve(t testing.TB, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

// hung returns the base URL of a server that begins an answer, and does not go
// on. Requests that it is busy with are counted in open.
func hung(t testing.TB, open *atomic.Int64, begin string) string {
	over := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		open.Add(1)
		defer open.Add(-1)
		_, _ = io.Copy(io.Discard, r.Body)
		if begin != "" {
			fmt.Fprint(w, begin)
			w.(http.Flusher).Flush()
		}
		select {
		case <-r.Context().Done():
		case <-over:
		}
	})
	t.Cleanup(func() { close(over) }) // before the server is closed
	return url
}

// answer returns the base URL of a server that always answers the same.
func answer(t testing.TB, status int, contentType, body string) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func at(url string) *openaillm.Generator {
	return openaillm.New("fake", &openaillm.Options{BaseURL: url})
}

func ask(text string) llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.User, Text: text}}}
}
