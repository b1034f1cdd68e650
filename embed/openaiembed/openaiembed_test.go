package openaiembed_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/embed/openaiembed"
)

func texts(t ...string) embed.Request { return embed.Request{Texts: t} }

func TestContract(t *testing.T) {
	embedtest.Run(t, at(newService(t).URL), &embedtest.Options{Hung: at(hung(t))})
}

func TestContractWithPrefixes(t *testing.T) {
	e := openaiembed.New("fake", &openaiembed.Options{
		BaseURL: newService(t).URL, Dim: dim, PassagePrefix: "passage: ", QueryPrefix: "passage: query: ", BatchTexts: 3,
	})
	embedtest.Run(t, e, nil)
}

func TestRequest(t *testing.T) {
	s := newService(t)
	e := openaiembed.New("fake", &openaiembed.Options{
		BaseURL: s.URL + "/?api-version=1", Key: "sk-secret\n", Header: http.Header{"X-Org": {"org"}},
		Dim: dim, PassagePrefix: "passage: ", QueryPrefix: "query: ",
		QueryFields: map[string]any{"input_type": "query"},
	})
	if _, err := e.Embed(t.Context(), texts("a <b> & \u2028", "c")); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), embed.Request{Kind: embed.Query, Texts: []string{"q"}}); err != nil {
		t.Fatal(err)
	}
	calls := s.all()
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	p, q := calls[0], calls[1]
	if p.Path != "/v1/embeddings?api-version=1" || p.Header.Get("Authorization") != "Bearer sk-secret" || p.Header.Get("X-Org") != "org" {
		t.Errorf("path %s, header %v", p.Path, p.Header)
	}
	if p.Length <= 0 {
		t.Errorf("Content-Length %d: there are servers that need one", p.Length)
	}
	if !slices.Equal(p.Input, []string{"passage: a <b> & \u2028", "passage: c"}) || !slices.Equal(q.Input, []string{"query: q"}) {
		t.Errorf("inputs %q and %q", p.Input, q.Input)
	}
	if p.Fields["model"] != "fake" || len(p.Fields) != 2 {
		t.Errorf("fields of a passage: %v, want model and input only", p.Fields)
	}
	if q.Fields["input_type"] != "query" || len(q.Fields) != 3 {
		t.Errorf("fields of a query: %v", q.Fields)
	}
	if r := e.Model().Revision; !strings.Contains(r, `{"input_type":"query"}`) {
		t.Errorf("revision %q does not tell the fields", r)
	}
}

func TestShorten(t *testing.T) {
	s := newService(t)
	e := openaiembed.New("text-embedding-3-small", &openaiembed.Options{BaseURL: s.URL, Dim: dim, Shorten: true})
	if _, err := e.Embed(t.Context(), texts("a")); err != nil {
		t.Fatal(err)
	}
	if d := s.all()[0].Fields["dimensions"]; d != float64(dim) {
		t.Errorf("dimensions %v", d)
	}
	// A service that ignores the parameter is found out.
	e = openaiembed.New("text-embedding-3-small", &openaiembed.Options{BaseURL: s.URL, Dim: dim / 2, Shorten: true})
	if _, err := e.Embed(t.Context(), texts("a")); !errors.Is(err, embed.ErrResponse) || !strings.Contains(err.Error(), "32 dimensions, want 16") {
		t.Errorf("got %v", err)
	}
}

func TestBatches(t *testing.T) {
	s := newService(t)
	e := openaiembed.New("fake", &openaiembed.Options{BaseURL: s.URL, Dim: dim, BatchTexts: 4, BatchBytes: 20, PassagePrefix: "p "})
	in := []string{"a", "b", "c", "d", "e", strings.Repeat("long", 50), "f", "123456789", "987654321", "g"}
	resp, err := e.Embed(t.Context(), texts(in...))
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	var got []string
	for _, c := range s.all() {
		sizes = append(sizes, len(c.Input))
		for _, text := range c.Input {
			got = append(got, strings.TrimPrefix(text, "p "))
		}
	}
	// The long one alone, "987654321" not beside "f" and "123456789".
	if want := []int{4, 1, 1, 2, 2}; !slices.Equal(sizes, want) || !slices.Equal(got, in) {
		t.Errorf("batches of %v, want %v: %q", sizes, want, got)
	}
	if resp.Usage != (embed.Usage{Tokens: 2 * len(in), Requests: 5}) {
		t.Errorf("usage %+v", resp.Usage)
	}
}

// A batch that fails takes the whole request with it, and the cost is told.
func TestPartialFailure(t *testing.T) {
	n := 0
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 2 {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = io.WriteString(w, `{"data":[{"embedding":[1]},{"embedding":[1]}],"usage":{"prompt_tokens":5}}`)
	})
	e := openaiembed.New("fake", &openaiembed.Options{BaseURL: url, Dim: 1, BatchTexts: 2})
	resp, err := e.Embed(t.Context(), texts("a", "b", "c", "d", "e"))
	if !errors.Is(err, embed.ErrRateLimited) || !strings.Contains(err.Error(), "texts 2 to 3 of 5") || resp.Vectors != nil {
		t.Errorf("got %v, %v", resp.Vectors, err)
	}
	if after, _ := embed.RetryAfter(err); after != 7*time.Second {
		t.Errorf("after %v", after)
	}
	if resp.Usage != (embed.Usage{Tokens: 5, Requests: 2}) {
		t.Errorf("usage %+v", resp.Usage)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
	}{
		{400, `{"error":{"message":"bad input","type":"invalid_request_error","code":null}}`, embed.ErrInvalid},
		{400, `{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}`, embed.ErrTooLong},
		{400, `{"error":{"message":"max 300000 tokens per request","code":"max_tokens_per_request"}}`, embed.ErrTooLarge},
		{400, `{"error":{"message":"no","code":"unsupported_parameter"}}`, errors.ErrUnsupported},
		{401, `{"error":{"message":"Incorrect API key provided"}}`, embed.ErrUnauthorized},
		{403, ``, embed.ErrUnauthorized},
		{402, ``, embed.ErrUnauthorized},
		{404, `404 page not found`, embed.ErrInvalid},
		{413, `{"error":"Input validation error: inputs must have less than 512 tokens. Given: 600","error_type":"Validation"}`, embed.ErrTooLong},
		{413, `{"error":"batch size 64 > maximum allowed batch size 32","error_type":"Validation"}`, embed.ErrTooLarge},
		{413, `Payload Too Large`, embed.ErrTooLarge},
		{422, `{"detail":[{"loc":["body","input"],"msg":"field required"}]}`, embed.ErrInvalid},
		{429, `{"error":{"message":"slow down"}}`, embed.ErrRateLimited},
		{429, `{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}`, embed.ErrUnauthorized},
		{500, `{"error":{"message":"boom","type":"server_error"}}`, embed.ErrUnavailable},
		{500, `{"error":{"message":"input is too large to process. increase the physical batch size","type":"server_error"}}`, embed.ErrTooLong},
		{502, `<html>bad gateway</html>`, embed.ErrUnavailable},
		{503, ``, embed.ErrUnavailable},
		{301, ``, embed.ErrResponse},
		{200, `{"error":{"message":"no such model","code":404}}`, embed.ErrInvalid},
		{200, `{"error":{"message":"what?"}}`, embed.ErrResponse},
	} {
		resp, err := at(answer(t, c.status, nil, c.body)).Embed(t.Context(), texts("a", "b"))
		if !errors.Is(err, c.want) || resp.Vectors != nil {
			t.Errorf("%d %s: error %v, want %v", c.status, c.body, err, c.want)
		}
		if resp.Usage.Requests != 1 {
			t.Errorf("%d %s: usage %+v", c.status, c.body, resp.Usage)
		}
	}
	// One text cannot be made a smaller request.
	if _, err := at(answer(t, 413, nil, "")).Embed(t.Context(), texts("a")); !errors.Is(err, embed.ErrTooLong) {
		t.Errorf("413 for one text: %v", err)
	}
}

func TestBadAnswers(t *testing.T) {
	v := func(xs ...string) string { return "[" + strings.Join(xs, ",") + "]" }
	for name, body := range map[string]string{
		"not JSON":           `<html>`,
		"empty":              ``,
		"null":               `null`,
		"other shape":        `{"data":{"a":1}}`,
		"one too few":        `{"data":[{"index":0,"embedding":[1,0]}]}`,
		"one too many":       `{"data":[{"embedding":[1,0]},{"embedding":[1,0]},{"embedding":[1,0]}]}`,
		"index twice":        `{"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[0,1]}]}`,
		"index out of range": `{"data":[{"index":1,"embedding":[1,0]},{"index":2,"embedding":[0,1]}]}`,
		"index negative":     `{"data":[{"index":-1,"embedding":[1,0]},{"index":0,"embedding":[0,1]}]}`,
		"some indexes":       `{"data":[{"index":0,"embedding":[1,0]},{"embedding":[0,1]}]}`,
		"wrong length":       `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[1,0,0]}]}`,
		"no numbers":         `{"data":[{"index":0,"embedding":[1,0]},{"index":1}]}`,
		"null vector":        `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":null}]}`,
		"null number":        `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[1,null]}]}`,
		"zero vector":        `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[0,0]}]}`,
		"NaN":                `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":` + v("NaN", "1") + `}]}`,
		"over float32":       `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":` + v("1e39", "1") + `}]}`,
		"base64 NaN":         `{"data":[{"embedding":[1,0]},{"embedding":"` + encode(float32(math.NaN()), 1) + `"}]}`,
		"base64 infinite":    `{"data":[{"embedding":[1,0]},{"embedding":"` + encode(float32(math.Inf(1)), 1) + `"}]}`,
		"base64 broken":      `{"data":[{"embedding":[1,0]},{"embedding":"%%%"}]}`,
		"base64 odd":         `{"data":[{"embedding":[1,0]},{"embedding":"AAAAAAA="}]}`,
		"huge":               `{"data":[` + strings.Repeat(" ", 1<<17) + `]}`,
	} {
		e := openaiembed.New("fake", &openaiembed.Options{BaseURL: answer(t, 200, nil, body), Dim: 2})
		resp, err := e.Embed(t.Context(), texts("a", "b"))
		if !errors.Is(err, embed.ErrResponse) || resp.Vectors != nil {
			t.Errorf("%s: %v, %v", name, resp.Vectors, err)
		}
	}
}

func encode(xs ...float32) string {
	var raw []byte
	for _, x := range xs {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func TestLenientAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"without index": `{"data":[{"embedding":[3,4]},{"embedding":[0,2]}]}`,
		"base64":        `{"data":[{"embedding":"` + encode(3, 4) + `"},{"embedding":"` + encode(0, 2) + `"}]}`,
		"mixed order":   `{"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}],"usage":null}`,
	} {
		e := openaiembed.New("fake", &openaiembed.Options{BaseURL: answer(t, 200, nil, body), Dim: 2})
		resp, err := e.Embed(t.Context(), texts("a", "b"))
		if err != nil || !slices.Equal(resp.Vectors[0], []float32{.6, .8}) || !slices.Equal(resp.Vectors[1], []float32{0, 1}) {
			t.Errorf("%s: %v, %v", name, resp.Vectors, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = at("http://"+l.Addr().String()).Embed(t.Context(), texts("a"))
	if !errors.Is(err, embed.ErrUnavailable) {
		t.Errorf("nobody listens: %v", err)
	}

	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"data":[`)
	})
	if _, err := at(cut).Embed(t.Context(), texts("a")); !errors.Is(err, embed.ErrUnavailable) {
		t.Errorf("connection cut: %v", err)
	}
}

// The Embedder's own patience is not the caller's deadline.
func TestTimeout(t *testing.T) {
	e := openaiembed.New("fake", &openaiembed.Options{BaseURL: hung(t), Dim: dim, Timeout: 20 * time.Millisecond})
	_, err := e.Embed(t.Context(), texts("a"))
	if !errors.Is(err, embed.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "20ms") {
		t.Errorf("own limit: %v", err)
	}
	client := &http.Client{Timeout: 20 * time.Millisecond}
	e = openaiembed.New("fake", &openaiembed.Options{BaseURL: hung(t), Dim: dim, HTTPClient: client})
	_, err = e.Embed(t.Context(), texts("a"))
	if !errors.Is(err, embed.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the client's limit: %v", err)
	}
}

// A server may refuse a request without reading its body, keep the connection,
// and take the body for the next request.
func TestUnreadBodyDoesNotPoisonTheConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for first := true; ; first = false {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go poisoned(conn, first)
		}
	}()
	e := openaiembed.New("fake", &openaiembed.Options{BaseURL: "http://" + l.Addr().String(), Dim: 2})
	if _, err := e.Embed(t.Context(), texts("a")); !errors.Is(err, embed.ErrInvalid) {
		t.Fatalf("first: %v", err)
	}
	if _, err := e.Embed(t.Context(), texts("a")); err != nil {
		t.Errorf("second: %v", err)
	}
}

// poisoned serves a connection: with unread, it answers 404 after the header of
// the first request, and 400 to what follows, as it is no request.
func poisoned(conn net.Conn, unread bool) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := 0; ; n++ {
		req, err := http.ReadRequest(r)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			fmt.Fprint(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
			return
		case unread:
			fmt.Fprint(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
			continue
		}
		_, _ = io.Copy(io.Discard, req.Body)
		const body = `{"data":[{"embedding":[1,0]}]}`
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
}

// No way of printing what a caller holds shows a key.
func TestSecrets(t *testing.T) {
	const key, header, password = "sk-very-secret-key", "another-secret-value", "hunter22"
	echo := `{"error":{"message":"Incorrect API key provided: ` + key + ` and ` + header + `"}}`
	url := answer(t, 401, nil, echo)
	withUser := strings.Replace(url, "http://", "http://user:"+password+"@", 1)
	closed := "http://user:" + password + "@127.0.0.1:1/v1"
	for _, base := range []string{url, withUser, closed, "ftp://user:" + password + "@host", "http://user:" + password + "@host\x7f"} {
		e := openaiembed.New("m", &openaiembed.Options{BaseURL: base, Dim: 2, Key: key, Header: http.Header{"Api-Key": {header}}})
		_, err := e.Embed(t.Context(), texts("a"))
		if err == nil {
			t.Fatal("no error")
		}
		for _, s := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %s", e, e, e, e), fmt.Sprintf("%v %+v %#v", *e, *e, *e), fmt.Sprintf("%#v", err)} {
			for _, secret := range []string{key, header, password} {
				if strings.Contains(s, secret) {
					t.Errorf("%s in %s", secret, s)
				}
			}
		}
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "")
	t.Setenv("OPENAI_BASE_URL", "")
	for name, c := range map[string]struct {
		e    *openaiembed.Embedder
		want error
		says string
	}{
		"no key":         {openaiembed.New("text-embedding-3-small", nil), embed.ErrUnauthorized, "OPENAI_API_KEY"},
		"unknown model":  {openaiembed.New("m", &openaiembed.Options{BaseURL: "http://localhost"}), embed.ErrInvalid, "Options.Dim"},
		"no model":       {openaiembed.New("", &openaiembed.Options{BaseURL: "http://localhost", Dim: 1}), embed.ErrInvalid, "no model"},
		"no scheme":      {openaiembed.New("m", &openaiembed.Options{BaseURL: "localhost:80/v1", Dim: 1}), embed.ErrInvalid, "base URL"},
		"negative":       {openaiembed.New("m", &openaiembed.Options{BaseURL: "http://localhost", Dim: -1}), embed.ErrInvalid, "negative"},
		"shorten":        {openaiembed.New("bge-m3", &openaiembed.Options{BaseURL: "http://localhost", Shorten: true}), embed.ErrInvalid, "Shorten"},
		"own field":      {openaiembed.New("m", &openaiembed.Options{BaseURL: "http://localhost", Dim: 1, QueryFields: map[string]any{"model": 1}}), embed.ErrInvalid, "QueryFields"},
		"no JSON":        {openaiembed.New("m", &openaiembed.Options{BaseURL: "http://localhost", Dim: 1, PassageFields: map[string]any{"f": func() {}}}), embed.ErrInvalid, "PassageFields"},
		"unparsable URL": {openaiembed.New("m", &openaiembed.Options{BaseURL: "http://a b", Dim: 1}), embed.ErrInvalid, "base URL"},
	} {
		resp, err := c.e.Embed(t.Context(), texts("a"))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || resp.Usage.Requests != 0 {
			t.Errorf("%s: %v, %+v", name, err, resp.Usage)
		}
	}
}

func TestEnvironment(t *testing.T) {
	s := newService(t)
	t.Setenv("OPENAI_API_KEY", "sk-env")
	t.Setenv("OPENAI_BASE_URL", s.URL)
	fromEnv := openaiembed.New("m", &openaiembed.Options{Dim: dim})
	elsewhere := openaiembed.New("m", &openaiembed.Options{Dim: dim, BaseURL: s.URL})
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
	for _, e := range []*openaiembed.Embedder{fromEnv, elsewhere} {
		if _, err := e.Embed(t.Context(), texts("a")); err != nil {
			t.Fatal(err)
		}
	}
	calls := s.all()
	if a := calls[0].Header.Get("Authorization"); a != "Bearer sk-env" {
		t.Errorf("the environment's service got %q", a)
	}
	if a := calls[1].Header.Get("Authorization"); a != "" {
		t.Errorf("another service got the environment's key: %q", a)
	}
}

func TestKnownModels(t *testing.T) {
	m := openaiembed.New("text-embedding-3-large", nil).Model()
	if m.Dim != 3072 || m.MaxTokens != 8191 || m.Name != "text-embedding-3-large" {
		t.Errorf("%+v", m)
	}
}
