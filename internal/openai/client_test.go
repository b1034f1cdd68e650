package openai

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestBase(t *testing.T) {
	t.Setenv("OPENAI_BASE_URL", "")
	t.Setenv("OPENAI_API_KEY", " sk-env\n")
	for _, c := range []struct {
		config      Config
		endpoint    string // of "chat/completions", "" for an error
		openAI      bool
		authorized  string
		environment string // of OPENAI_BASE_URL
	}{
		{Config{}, "https://api.openai.com/v1/chat/completions", true, "Bearer sk-env", ""},
		{Config{Key: "k"}, "https://api.openai.com/v1/chat/completions", true, "Bearer k", ""},
		{Config{}, "http://gpu:8000/v1/chat/completions", false, "Bearer sk-env", "http://gpu:8000/v1/"},
		{Config{Base: "https://eu.api.openai.com/v1"}, "", true, "", ""},
		{Config{Base: "https://eu.api.openai.com/v1", Key: "k"}, "https://eu.api.openai.com/v1/chat/completions", true, "Bearer k", ""},
		{Config{Base: "https://x.openai.azure.com/openai/deployments/d?api-version=1"}, "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1", false, "", ""},
		{Config{Base: "https://api.openai.com.evil.example/v1"}, "https://api.openai.com.evil.example/v1/chat/completions", false, "", ""},
		{Config{Base: "localhost:11434"}, "", false, "", ""},
		{Config{Base: "https:///v1"}, "", false, "", ""},
		{Config{Base: "http://[::1"}, "", false, "", ""},
	} {
		t.Setenv("OPENAI_BASE_URL", c.environment)
		client := New(c.config)
		if (client.Err() != nil) != (c.endpoint == "") {
			t.Errorf("%+v: %v", c.config, client.Err())
			continue
		}
		if client.Err() != nil {
			continue
		}
		if got := client.base.JoinPath("chat/completions").String(); got != c.endpoint {
			t.Errorf("%+v: %s, want %s", c.config, got, c.endpoint)
		}
		if client.IsOpenAI() != c.openAI || client.header().Get("Authorization") != c.authorized {
			t.Errorf("%+v: OpenAI %v, authorized as %q", c.config, client.IsOpenAI(), client.header().Get("Authorization"))
		}
	}
}

// A redirect is not followed: it could take the key anywhere.
func TestRedirect(t *testing.T) {
	var followed atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			followed.Add(1)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	_, err := New(Config{Base: srv.URL, Key: "k"}).Post(t.Context(), "p", []byte(`{}`))
	if e, ok := errors.AsType[*Error](err); !ok || e.Status != 307 || followed.Load() != 0 {
		t.Errorf("%v, followed %d times", err, followed.Load())
	}
}

// The base URL may hold a secret in its query.
func TestFailureDoesNotShowTheURL(t *testing.T) {
	_, err := New(Config{Base: "http://127.0.0.1:1/v1?sig=secret-signature"}).Post(t.Context(), "p", []byte(`{}`))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// serveConns serves connections of which each answers so many requests, reads
// one more and closes without a word. It returns the base URL and
// a counter of the requests that were read.
func serveConns(t *testing.T, answers int) (string, *atomic.Int64) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var requests atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for n := 0; ; n++ {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					requests.Add(1)
					_, _ = io.Copy(io.Discard, req.Body)
					if n == answers {
						return
					}
					fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				}
			}()
		}
	}()
	return "http://" + l.Addr().String(), &requests
}

// A kept connection that the service closes just then costs no request.
func TestKeptConnectionClosed(t *testing.T) {
	base, requests := serveConns(t, 1)
	c := New(Config{Base: base})
	for i := range 5 {
		resp, err := c.Post(t.Context(), "p", []byte(`{}`))
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if n := requests.Load(); n != 9 {
		t.Errorf("%d requests were read, want 5 and 4 on closed connections", n)
	}
}

// A service that hangs up on a new connection is asked once.
func TestNewConnectionClosed(t *testing.T) {
	base, requests := serveConns(t, 0)
	_, err := New(Config{Base: base}).Post(t.Context(), "p", []byte(`{}`))
	if e, ok := errors.AsType[*Error](err); !ok || e.Fault != Unavailable {
		t.Errorf("%v", err)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}
