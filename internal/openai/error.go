package openai

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Fault is what went wrong, as far as a caller can act on it.
type Fault uint8

// The faults.
const (
	Unusable     Fault = iota // the answer makes no sense
	Invalid                   // the request is wrong, and will be the next time
	Unsupported               // the request asks for what the model cannot do
	TooLong                   // a text is over the model's limit
	TooLarge                  // the request is over a limit of the service
	RateLimited               // later; see After
	Unauthorized              // the service refuses the key, or the account
	Unavailable               // the service cannot be reached or cannot answer now
)

// An Error is a request that failed.
type Error struct {
	Fault  Fault
	Status int           // of HTTP, 0 if there was none
	After  time.Duration // the delay that the service asked for, 0 if none
	Msg    string        // without secrets, one line
}

// Error gives status and message.
func (e *Error) Error() string {
	if e.Status == 0 {
		return e.Msg
	}
	return fmt.Sprintf("status %d: %s", e.Status, e.Msg)
}

// statusError is the error of an answer whose status is not 2xx.
func (c *Client) statusError(status int, h http.Header, body []byte) error {
	d := parseDetail(body)
	e := &Error{Status: status, After: retryAfter(h, time.Now()), Msg: c.clean(d.message)}
	if e.Msg == "" {
		e.Msg = http.StatusText(status)
	}
	e.Fault = d.fault(status)
	if status == http.StatusServiceUnavailable && e.After > 0 {
		e.Fault = RateLimited
	}
	if status/100 == 3 {
		e.Msg = "the service redirects: its base URL is another"
	}
	return e
}

// BodyError is the error that an answer of status 2xx holds in its field or
// event "error".
func (c *Client) BodyError(body []byte) error {
	d := parseDetail(body)
	status, err := strconv.Atoi(d.code)
	if err != nil || status < 400 || status > 599 {
		status = 0
	}
	return &Error{Fault: d.fault(status), Status: status, Msg: c.clean(d.message)}
}

// detail is what the body of a refusal says.
type detail struct {
	code, kind, message string
}

// parseDetail reads the forms in which services say what is wrong: an object
// error with message, type and code, the same without the object around it, a
// string error, FastAPI's detail, or plain text.
func parseDetail(body []byte) detail {
	var outer struct {
		Message, Type, Code any
		Error, Detail       any
	}
	if json.Unmarshal(body, &outer) != nil {
		return detail{message: string(body)}
	}
	d := detail{text(outer.Code), text(outer.Type), text(outer.Message)}
	switch e := outer.Error.(type) {
	case map[string]any:
		d = detail{text(e["code"]), text(e["type"]), text(e["message"])}
	case string:
		d.message = cmp.Or(d.message, e)
	}
	switch e := outer.Detail.(type) {
	case []any:
		if len(e) > 0 {
			first, _ := e[0].(map[string]any)
			d.message = cmp.Or(d.message, text(first["msg"]))
		}
	case string:
		d.message = cmp.Or(d.message, e)
	}
	return d
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// tooLarge holds what services say of a request of too many texts: OpenAI,
// text-embeddings-inference.
var tooLarge = []string{"max_tokens_per_request", "array too long", "maximum allowed batch size", "too many inputs"}

// tooLong holds what services say of a text over the model's limit: OpenAI and
// vLLM, Ollama, llama.cpp, text-embeddings-inference.
var tooLong = []string{
	"context_length_exceeded", "maximum context length", "maximum input length", "exceeds the context",
	"exceed_context_size", "exceeds the available context", "too large to process", "must have less than", "too long",
}

func (d detail) says(patterns []string) bool {
	all := strings.ToLower(d.code + "\n" + d.kind + "\n" + d.message)
	for _, p := range patterns {
		if strings.Contains(all, p) {
			return true
		}
	}
	return false
}

// FaultOf tells what a refusal of the given status means, or of none if it is
// 0, of which nothing but the message is known.
func FaultOf(status int, message string) Fault {
	return detail{message: message}.fault(status)
}

// fault tells what a refusal means. Status 0 is an error within an answer.
func (d detail) fault(status int) Fault {
	switch {
	case d.says([]string{"insufficient_quota"}), status == 401, status == 402, status == 403:
		return Unauthorized // a quota that is used up does not come back by waiting
	case status == 429, status == 0 && d.says([]string{"rate_limit"}):
		return RateLimited
	case d.says(tooLarge):
		return TooLarge
	case d.says(tooLong): // llama.cpp has said so with a 500
		return TooLong
	case status == 413:
		return TooLarge
	case status == 408, status == 425, status >= 500, status == 0 && d.says([]string{"server_error", "overloaded", "unavailable"}):
		return Unavailable
	case d.says([]string{"unsupported_parameter", "unsupported_value"}):
		return Unsupported
	case status >= 400, status == 0 && d.says([]string{"invalid_request"}):
		return Invalid
	}
	return Unusable
}

// clean returns s as one short line without secrets.
func (c *Client) clean(s string) string {
	s = strings.ToValidUTF8(c.redact(s), "\ufffd")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	const limit = 300
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "..."
	}
	return s
}

// retryAfter returns the delay that the headers ask for: Retry-After in
// seconds or as a date (RFC 9110, 10.2.3), or retry-after-ms. It is 0 if they
// name none, or one that is over.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, ok := delay(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return ms
	}
	value := h.Get("Retry-After")
	if s, ok := delay(value, time.Second); ok {
		return s
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	// By the service's own clock, where it tells.
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, at.Sub(now))
}

func delay(s string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	const most = float64(365 * 24 * time.Hour)
	if err != nil || !(n >= 0 && n*float64(unit) <= most) {
		return 0, false
	}
	return time.Duration(n * float64(unit)), true
}
