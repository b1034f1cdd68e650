package openai

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header map[string]string
		want   time.Duration
	}{
		{nil, 0},
		{map[string]string{"Retry-After": "120"}, 2 * time.Minute},
		{map[string]string{"Retry-After": " 0.25 "}, 250 * time.Millisecond},
		{map[string]string{"Retry-After": "-5"}, 0},
		{map[string]string{"Retry-After": "1e300"}, 0},
		{map[string]string{"Retry-After": "NaN"}, 0},
		{map[string]string{"Retry-After": "soon"}, 0},
		{map[string]string{"Retry-After": "20", "Retry-After-Ms": "1500"}, 1500 * time.Millisecond},
		{map[string]string{"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30 * time.Second},
		{map[string]string{"Retry-After": "Sunday, 01-Mar-26 12:00:30 GMT"}, 30 * time.Second},
		{map[string]string{"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0},
		// The service's clock is ten minutes fast.
		{map[string]string{"Retry-After": "Sun, 01 Mar 2026 12:10:30 GMT", "Date": "Sun, 01 Mar 2026 12:10:00 GMT"}, 30 * time.Second},
	} {
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		if got := retryAfter(h, now); got != c.want {
			t.Errorf("%v: %v, want %v", c.header, got, c.want)
		}
	}
}

func TestParseDetail(t *testing.T) {
	for body, want := range map[string]detail{
		`{"error":{"message":"m","type":"t","code":"c"}}`:       {"c", "t", "m"},
		`{"error":{"message":"m","type":"t","code":429}}`:       {"429", "t", "m"},
		`{"error":{"message":"m","code":null}}`:                 {"", "", "m"},
		`{"error":"m","error_type":"Validation"}`:               {"", "", "m"},
		`{"error":null,"message":"m"}`:                          {"", "", "m"},
		`{"object":"error","message":"m","type":"t","code":40}`: {"40", "t", "m"},
		`{"detail":"m"}`: {"", "", "m"},
		`{"detail":[{"loc":["body"],"msg":"m"}]}`: {"", "", "m"},
		`{"detail":[1]}`: {},
		`plain`:          {"", "", "plain"},
		`[1]`:            {"", "", "[1]"},
	} {
		if got := parseDetail([]byte(body)); got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
}

func FuzzRefusal(f *testing.F) {
	f.Add(400, "5", []byte(`{"error":{"message":"m","type":"t","code":"c"}}`))
	f.Add(503, "Sun, 01 Mar 2026 12:00:30 GMT", []byte("\xff\x00\x1b[31m sk-secret-key"))
	f.Add(200, "", []byte(`{"error":{"message":"sk-secret-key","code":429}}`))
	c := New(Config{Base: "http://localhost", Key: "sk-secret-key"})
	f.Fuzz(func(t *testing.T, status int, after string, body []byte) {
		for _, err := range []error{c.statusError(status, http.Header{"Retry-After": {after}}, body), c.BodyError(body)} {
			s := err.Error()
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r\x00\x1b") || len([]rune(s)) > 350 {
				t.Errorf("message %q", s)
			}
			if strings.Contains(s, "sk-secret-key") {
				t.Errorf("the key in %q", s)
			}
			if e := err.(*Error); e.After < 0 {
				t.Errorf("after %v", e.After)
			}
		}
	})
}
