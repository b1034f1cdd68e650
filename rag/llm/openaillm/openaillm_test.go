package openaillm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/llmtest"
	"github.com/quarry-go/quarry/rag/llm/openaillm"
)

const begun = `data: {"model":"fake-1","choices":[{"delta":{"content":"Be"}}]}` + "\n\n"

func TestContract(t *testing.T) {
	s := newService(t)
	var busy atomic.Int64
	llmtest.Run(t, at(s.URL), &llmtest.Options{
		Same: true,
		Hung: at(hung(t, &busy, begun)),
		Cut:  at(answer(t, 200, "text/event-stream", begun+`data: {"choices":[{"delta":{"content":"gun"`)),
		Open: func() int { return int(busy.Load() + s.open.Load()) },
	})
}

func TestContractWithoutAnAnswer(t *testing.T) {
	var busy atomic.Int64
	llmtest.Run(t, at(newService(t).URL), &llmtest.Options{
		Same: true,
		Hung: at(hung(t, &busy, "")),
		Cut: at(serve(t, func(w http.ResponseWriter, _ *http.Request) {
			event(w, `{"choices":[{"delta":{"content":"Be"}}]}`)
			panic(http.ErrAbortHandler) // resets the connection
		})),
		Open: func() int { return int(busy.Load()) },
	})
}

func TestRequest(t *testing.T) {
	s := newService(t)
	g := openaillm.New("fake", &openaillm.Options{
		BaseURL: s.URL + "?api-version=1", Key: "sk-secret", Header: http.Header{"X-Org": {"org"}},
		Fields: map[string]any{"reasoning_effort": "low"},
	})
	r := llm.Request{
		Messages: []llm.Message{
			{Role: llm.System, Text: "Be brief."}, {Role: llm.User, Text: "<a> & b"},
			{Role: llm.Assistant, Text: "c"}, {Role: llm.User, Text: "d e f"},
		},
		MaxTokens: 2, Temperature: new(0.0), Stop: []string{"zzz"}, Seed: new(int64(9007199254740993)),
		Schema: json.RawMessage(`{"type": "object"}`),
	}
	got, err := llm.Collect(g.Generate(t.Context(), r))
	if want := (llm.Answer{Text: `{"count": 10}`, Finish: llm.FinishStop, Usage: llm.Usage{InputTokens: 7, OutputTokens: 2, CachedTokens: 3}, Model: "fake-1"}); err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := llm.Collect(g.Generate(t.Context(), ask("a"))); err != nil {
		t.Fatal(err)
	}
	full, plain := s.all()[0], s.all()[1]
	if full.Path != "/v1/chat/completions?api-version=1" || full.Header.Get("Authorization") != "Bearer sk-secret" || full.Header.Get("X-Org") != "org" || full.Length <= 0 {
		t.Errorf("path %s, header %v, length %d", full.Path, full.Header, full.Length)
	}
	const want = `{"max_tokens":2,"messages":[{"content":"Be brief.","role":"system"},{"content":"\u003ca\u003e \u0026 b","role":"user"},` +
		`{"content":"c","role":"assistant"},{"content":"d e f","role":"user"}],"model":"fake","reasoning_effort":"low",` +
		`"response_format":{"json_schema":{"name":"answer","schema":{"type":"object"},"strict":true},"type":"json_schema"},` +
		`"seed":9007199254740992,"stop":["zzz"],"stream":true,"stream_options":{"include_usage":true},"temperature":0}`
	if got, _ := json.Marshal(full.Fields); string(got) != want { // the seed went through a float64 of this test
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(plain.Fields) != 5 {
		t.Errorf("fields without options: %v", plain.Fields)
	}
}

func TestMaxTokensField(t *testing.T) {
	for _, c := range []struct {
		o    openaillm.Options
		want string
	}{
		{openaillm.Options{BaseURL: "http://localhost/v1"}, "max_tokens"},
		{openaillm.Options{Key: "k"}, "max_completion_tokens"},
		{openaillm.Options{BaseURL: "http://localhost/v1", MaxTokensField: "max_new_tokens"}, "max_new_tokens"},
	} {
		var sent map[string]any
		c.o.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, json.NewDecoder(r.Body).Decode(&sent)
		})}
		c.o.NoUsage = true
		t.Setenv("OPENAI_BASE_URL", "")
		r := ask("a")
		r.MaxTokens = 3
		_, _ = llm.Collect(openaillm.New("m", &c.o).Generate(t.Context(), r))
		if sent[c.want] != 3.0 || len(sent) != 4 {
			t.Errorf("sent %v, want %s", sent, c.want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// stream joins the pieces of a JSON stream to its events.
func stream(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString("data: " + e + "\n\n")
	}
	return b.String()
}

const (
	hello = `{"choices":[{"delta":{"content":"Hello"}}]}`
	stop  = `{"choices":[{"delta":{},"finish_reason":"stop"}]}`
	done  = `[DONE]`
	toks  = `{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}`
)

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		want              llm.Answer
		err               error
	}{
		"as it should be":      {body: stream(hello, stop, toks, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishStop, Usage: llm.Usage{InputTokens: 1, OutputTokens: 2}}},
		"no usage":             {body: stream(hello, stop, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"no DONE":              {body: stream(hello, stop), want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"DONE without end":     {body: stream(hello, stop) + "data: [DONE]", want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"cut after the reason": {body: stream(hello, stop) + "data: {", want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"no content type":      {contentType: "application/octet-stream", body: stream(hello, stop, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"pings":                {body: ": ping\n\n" + stream(hello) + ": ping\n\ndata:\n\n" + stream(stop, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"role first":           {body: stream(`{"choices":[{"delta":{"role":"assistant","content":null}}]}`, hello, stop, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"thoughts":             {body: stream(`{"choices":[{"delta":{"reasoning_content":"hm"}}]}`, hello, stop, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishStop}},
		"text and reason":      {body: stream(`{"choices":[{"delta":{"content":"Hi"},"finish_reason":"eos_token"}]}`, done), want: llm.Answer{Text: "Hi", Finish: llm.FinishStop}},
		"length":               {body: stream(hello, `{"choices":[{"delta":{},"finish_reason":"length"}]}`, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishLength}},
		"filtered":             {body: stream(hello, `{"choices":[{"delta":{},"finish_reason":"content_filter"}]}`, done), want: llm.Answer{Text: "Hello", Finish: llm.FinishFilter}},
		"refused":              {body: stream(`{"choices":[{"delta":{"refusal":"No."}}]}`, stop, done), want: llm.Answer{Text: "No.", Finish: llm.FinishFilter}},
		"empty":                {body: stream(stop, done), want: llm.Answer{Finish: llm.FinishStop}},
		"not streamed": {contentType: "application/json", body: `{"model":"m","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`,
			want: llm.Answer{Text: "Hi", Finish: llm.FinishStop, Model: "m", Usage: llm.Usage{InputTokens: 1}}},

		"nothing":               {err: llm.ErrUnavailable},
		"cut between events":    {body: stream(hello), want: llm.Answer{Text: "Hello"}, err: llm.ErrUnavailable},
		"cut in an event":       {body: stream(hello) + `data: {"choices":[{"delta":{"content":"x`, want: llm.Answer{Text: "Hello"}, err: llm.ErrUnavailable},
		"cut at an event's end": {body: stream(hello) + "data: " + stop, want: llm.Answer{Text: "Hello"}, err: llm.ErrUnavailable},
		"DONE without reason":   {body: stream(hello, done), want: llm.Answer{Text: "Hello"}, err: llm.ErrResponse},
		"unknown reason":        {body: stream(hello, `{"choices":[{"delta":{},"finish_reason":"bored"}]}`, done), want: llm.Answer{Text: "Hello"}, err: llm.ErrResponse},
		"a tool":                {body: stream(`{"choices":[{"delta":{"tool_calls":[{"id":"1"}]}}]}`, stop, done), err: llm.ErrResponse},
		"not JSON":              {body: stream(hello, `{"choices"`, done), want: llm.Answer{Text: "Hello"}, err: llm.ErrResponse},
		"content that is none":  {body: stream(`{"choices":[{"delta":{"content":["a"]}}]}`, stop, done), err: llm.ErrResponse},
		"invalid UTF-8":         {body: stream("{\"choices\":[{\"delta\":{\"content\":\"a\xff\"}}]}", stop, done), err: llm.ErrResponse},
		"huge event":            {body: stream(hello) + "data: " + strings.Repeat(" ", 2<<20), want: llm.Answer{Text: "Hello"}, err: llm.ErrResponse},
		"a web page":            {contentType: "text/html; charset=utf-8", body: "<html>data: x</html>", err: llm.ErrResponse},
		"JSON without a reason": {contentType: "application/json", body: `{"choices":[{"message":{"content":"Hi"}}]}`, want: llm.Answer{Text: "Hi"}, err: llm.ErrResponse},
		"JSON cut":              {contentType: "application/json", body: `{"choices":[{"mess`, err: llm.ErrResponse},
		"JSON error":            {contentType: "application/json", body: `{"error":{"message":"no such model","code":404}}`, err: llm.ErrInvalid},
		"error event":           {body: stream(hello, `{"error":{"message":"CUDA out of memory","type":"server_error"}}`, done), want: llm.Answer{Text: "Hello"}, err: llm.ErrUnavailable},
		"named error event":     {body: stream(hello) + "event: error\n" + stream(`{"message":"slow down","code":429}`), want: llm.Answer{Text: "Hello"}, err: llm.ErrRateLimited},
		"too long, within":      {body: stream(`{"error":{"message":"x","type":"exceed_context_size_error"}}`), err: llm.ErrTooLong},
		"usage, then an error":  {body: stream(hello, toks, `{"error":{"message":"x"}}`), want: llm.Answer{Text: "Hello", Usage: llm.Usage{InputTokens: 1, OutputTokens: 2}}, err: llm.ErrUnavailable},
		"ended with an error":   {body: stream(hello, `{"choices":[{"delta":{},"finish_reason":"error"}]}`, done), want: llm.Answer{Text: "Hello"}, err: llm.ErrUnavailable},
	} {
		if c.contentType == "" {
			c.contentType = "text/event-stream"
		}
		got, err := llm.Collect(at(answer(t, 200, c.contentType, c.body)).Generate(t.Context(), ask("a")))
		if !errors.Is(err, c.err) || (err != nil) != (c.err != nil) || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, c.want, c.err)
		}
	}
}

// An answer to a schema that is no JSON is found out, where the service does
// not know schemas, and only there.
func TestSchema(t *testing.T) {
	half := `{"choices":[{"delta":{"content":"{\"a\":"},"finish_reason":"length"}]}`
	for body, want := range map[string]error{
		stream(hello, stop, done): llm.ErrResponse,
		stream(half, done):        nil,
		stream(`{"choices":[{"delta":{"content":"{\"a\""}}]}`, `{"choices":[{"delta":{"content":":1}"},"finish_reason":"stop"}]}`, done): nil,
	} {
		r := ask("a")
		r.Schema = json.RawMessage(`{}`)
		got, err := llm.Collect(at(answer(t, 200, "text/event-stream", body)).Generate(t.Context(), r))
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %+v, %v; want %v", body, got, err, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
	}{
		{400, `{"error":{"message":"Invalid schema for response_format","type":"invalid_request_error"}}`, llm.ErrInvalid},
		{400, `{"error":{"message":"Unsupported value: 'temperature'","code":"unsupported_value"}}`, errors.ErrUnsupported},
		{400, `{"error":{"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}`, llm.ErrTooLong},
		{413, ``, llm.ErrTooLong},
		{401, `{"error":{"message":"Incorrect API key"}}`, llm.ErrUnauthorized},
		{404, `{"error":{"message":"model not found","code":"model_not_found"}}`, llm.ErrInvalid},
		{429, `{}`, llm.ErrRateLimited},
		{500, ``, llm.ErrUnavailable},
		{529, `{"error":{"type":"overloaded_error","message":"Overloaded"}}`, llm.ErrUnavailable},
		{307, ``, llm.ErrResponse},
	} {
		got, err := llm.Collect(at(answer(t, c.status, "application/json", c.body)).Generate(t.Context(), ask("a")))
		if !errors.Is(err, c.want) || got != (llm.Answer{}) {
			t.Errorf("%d %s: %+v, %v; want %v", c.status, c.body, got, err, c.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := llm.Collect(at(url).Generate(t.Context(), ask("a")))
	if after, ok := llm.RetryAfter(err); !ok || after != 90*time.Second {
		t.Errorf("%v: %v", after, err)
	}
}

// The service may be silent for Timeout, however long the answer takes and
// however long the caller thinks between two pieces.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pauses []time.Duration // before each event
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			pr, pw := io.Pipe()
			go func() {
				for _, p := range pauses {
					select {
					case <-time.After(p):
					case <-r.Context().Done():
						pw.CloseWithError(r.Context().Err())
						return
					}
					fmt.Fprint(pw, stream(hello))
				}
				fmt.Fprint(pw, stream(stop, done))
				pw.Close()
			}()
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: pr, Request: r}, nil
		})
		g := openaillm.New("m", &openaillm.Options{
			BaseURL: "http://service/v1", HTTPClient: &http.Client{Transport: transport}, Timeout: time.Minute,
		})

		pauses = []time.Duration{50 * time.Second, 50 * time.Second, 50 * time.Second}
		n := 0
		for _, err := range g.Generate(t.Context(), ask("a")) {
			if err != nil {
				t.Errorf("a slow answer to a slow caller: %v", err)
			}
			n++
			time.Sleep(2 * time.Minute)
		}
		if n != 4 {
			t.Errorf("%d pairs, want 4", n)
		}

		pauses = []time.Duration{0, 2 * time.Minute}
		start := time.Now()
		a, err := llm.Collect(g.Generate(t.Context(), ask("a")))
		if !errors.Is(err, llm.ErrUnavailable) || errors.Is(err, context.Canceled) || a.Text != "Hello" || time.Since(start) != time.Minute {
			t.Errorf("a silent service: %+v after %v, %v", a, time.Since(start), err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if _, err = llm.Collect(g.Generate(ctx, ask("a"))); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller's deadline: %v", err)
		}
	})
}

// A service that never answers is given up too.
func TestSilenceBeforeTheAnswer(t *testing.T) {
	var busy atomic.Int64
	g := openaillm.New("m", &openaillm.Options{BaseURL: hung(t, &busy, ""), Timeout: 20 * time.Millisecond})
	_, err := llm.Collect(g.Generate(t.Context(), ask("a")))
	if !errors.Is(err, llm.ErrUnavailable) || errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// No way of printing what a caller holds shows a key.
func TestSecrets(t *testing.T) {
	const key, header = "sk-very-secret-key", "another-secret-value"
	echo := `{"error":{"message":"` + key + ` and ` + header + `"}}`
	for _, url := range []string{
		answer(t, 401, "application/json", echo), answer(t, 200, "application/json", echo), answer(t, 200, "text/event-stream", stream(echo)),
	} {
		g := openaillm.New("m", &openaillm.Options{BaseURL: url, Key: key, Header: http.Header{"Api-Key": {header}}})
		_, err := llm.Collect(g.Generate(t.Context(), ask("a")))
		if err == nil {
			t.Fatal("no error")
		}
		for _, s := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %s", g, g, g, g), fmt.Sprintf("%v %+v %#v", *g, *g, *g), fmt.Sprintf("%#v", err)} {
			if strings.Contains(s, key) || strings.Contains(s, header) {
				t.Errorf("a secret in %s", s)
			}
		}
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "")
	t.Setenv("OPENAI_BASE_URL", "")
	const url = "http://localhost"
	for name, c := range map[string]struct {
		g    *openaillm.Generator
		want error
		says string
	}{
		"no key":    {openaillm.New("m", nil), llm.ErrUnauthorized, "OPENAI_API_KEY"},
		"no model":  {openaillm.New("", &openaillm.Options{BaseURL: url}), llm.ErrInvalid, "no model"},
		"no scheme": {openaillm.New("m", &openaillm.Options{BaseURL: "localhost"}), llm.ErrInvalid, "base URL"},
		"negative":  {openaillm.New("m", &openaillm.Options{BaseURL: url, Window: -1}), llm.ErrInvalid, "negative"},
		"own field": {openaillm.New("m", &openaillm.Options{BaseURL: url, Fields: map[string]any{"n": 2}}), llm.ErrInvalid, `"n"`},
		"no JSON":   {openaillm.New("m", &openaillm.Options{BaseURL: url, Fields: map[string]any{"f": func() {}}}), llm.ErrInvalid, "Fields"},
	} {
		if _, err := llm.Collect(c.g.Generate(t.Context(), ask("a"))); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestModel(t *testing.T) {
	g := openaillm.New("m", &openaillm.Options{BaseURL: "http://localhost", Window: 8192, MaxOutput: 100})
	if want := (llm.Model{Name: "m", Window: 8192, MaxOutput: 100}); g.Model() != want {
		t.Errorf("%+v", g.Model())
	}
}

// Whatever the service sends, the stream keeps the contract: it ends in one
// Finish or in one error.
func FuzzAnswer(f *testing.F) {
	f.Add(stream(hello, stop, toks, done), false)
	f.Add(stream(hello)+": x\n\ndata: {\"error\":1}\n\n", false)
	f.Add(stream(hello, done), false)
	f.Add(`{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}`, true)
	f.Add("event: error\ndata: \xff\n\ndata: null\n\ndata: []\n\n", false)
	var body, contentType string
	g := openaillm.New("m", &openaillm.Options{BaseURL: "http://service", HTTPClient: &http.Client{
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}),
	}})
	f.Fuzz(func(t *testing.T, b string, whole bool) {
		body, contentType = b, "text/event-stream"
		if whole {
			contentType = "application/json"
		}
		ends := 0
		for d, err := range g.Generate(t.Context(), ask("a")) {
			if ends > 0 || err != nil && (d.Text != "" || d.Finish != "") {
				t.Errorf("%+v, %v after %d ends", d, err, ends)
			}
			if err != nil || d.Finish != "" {
				ends++
			}
		}
		if ends != 1 {
			t.Errorf("%d ends", ends)
		}
	})
}
