package langchaingo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tmc/langchaingo/embeddings"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/fake"
	"github.com/tmc/langchaingo/llms/openai"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/internal/servers"
	"github.com/quarry-go/quarry/rag/langchaingo"
	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/llmtest"
)

func ask(text string) llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.User, Text: text}}}
}

// client returns langchaingo's client for OpenAI at the given base URL. Its
// connections are used once: where a server closes a kept one at the moment of
// the next request, as llama.cpp now and then does, that client fails.
func client(t *testing.T, url string) *openai.LLM {
	t.Helper()
	once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	c, err := openai.New(openai.WithHTTPClient(once), openai.WithBaseURL(url), openai.WithToken("sk-test"), openai.WithModel("fake"), openai.WithEmbeddingModel("fake"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// open is the number of requests that the servers of this file are busy with.
var open atomic.Int64

func serve(t *testing.T, h http.HandlerFunc) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open.Add(1)
		defer open.Add(-1)
		h(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

// answer returns the base URL of a server that always answers the same.
func answer(t *testing.T, status int, body string) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// hung returns the base URL of a server that begins an answer with begin, and
// does not go on.
func hung(t *testing.T, begin string) string {
	over := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, begin)
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-over:
		}
	})
	t.Cleanup(func() { close(over) }) // before the server is closed
	return url
}

// echo is a chat service that repeats the last message word by word, and
// honours every field.
func echo(t *testing.T) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		type part struct{ Text string }
		var in struct {
			Messages []struct{ Content json.RawMessage }
			Stop     []string
			Max      int `json:"max_completion_tokens"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		said := string(in.Messages[len(in.Messages)-1].Content)
		var parts []part
		switch {
		case json.Unmarshal([]byte(said), &parts) == nil:
			said = parts[0].Text
		default:
			_ = json.Unmarshal([]byte(said), &said)
		}
		for _, stop := range in.Stop {
			said, _, _ = strings.Cut(said, stop)
		}
		words, reason := strings.SplitAfter(said, " "), "stop"
		if in.Max > 0 && len(words) > in.Max {
			words, reason = words[:in.Max], "length"
		}
		for _, word := range words {
			q, _ := json.Marshal(word)
			fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", q)
			w.(http.Flusher).Flush()
		}
		fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":%q}]}\n\n", reason)
		fmt.Fprintf(w, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":%d,\"prompt_tokens_details\":{\"cached_tokens\":3}}}\n\ndata: [DONE]\n\n", len(words))
	})
}

const begun = `data: {"choices":[{"delta":{"content":"Be"}}]}` + "\n\n"

func TestModelContract(t *testing.T) {
	llmtest.Run(t, langchaingo.Model(client(t, echo(t))), &llmtest.Options{
		Same: true,
		Hung: langchaingo.Model(client(t, hung(t, begun))),
		Cut:  langchaingo.Model(client(t, answer(t, 200, begun))),
		Open: func() int { return int(open.Load()) },
	})
}

// A model that heeds no context keeps nobody.
func TestDeafModel(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	llmtest.Run(t, langchaingo.Model(client(t, echo(t))), &llmtest.Options{
		Hung: langchaingo.Model(contentFunc(func(_ context.Context, o llms.CallOptions) (*llms.ContentResponse, error) {
			_ = o.StreamingFunc(context.Background(), []byte("Be"))
			<-over
			return nil, nil
		})),
	})
}

type contentFunc func(ctx context.Context, o llms.CallOptions) (*llms.ContentResponse, error)

func (f contentFunc) GenerateContent(ctx context.Context, _ []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, option := range options {
		option(&o)
	}
	return f(ctx, o)
}

func (f contentFunc) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, f, prompt, options...)
}

func one(content, reason string, info map[string]any) *llms.ContentResponse {
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: content, StopReason: reason, GenerationInfo: info}}}
}

func TestFakeLLM(t *testing.T) {
	g := langchaingo.Model(fake.NewFakeLLM([]string{"one two three", "zwei"}))
	r := ask("Count.")
	r.Stop = []string{"three"} // which the fake ignores
	a, err := llm.Collect(g.Generate(t.Context(), r))
	if want := (llm.Answer{Text: "one two ", Finish: llm.FinishStop}); err != nil || a != want {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err = llm.Collect(g.Generate(t.Context(), ask("Count."))); err != nil || a.Text != "zwei" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAnswers(t *testing.T) {
	anthropic := map[string]any{"InputTokens": 10, "OutputTokens": 5, "CacheReadInputTokens": 20, "CacheCreationInputTokens": 3}
	google := map[string]any{"PromptTokens": int32(10), "CompletionTokens": int32(5), "CachedTokens": int32(2)}
	for name, c := range map[string]struct {
		pieces []string
		resp   *llms.ContentResponse
		fails  error
		stop   []string
		want   llm.Answer
		err    error
	}{
		"whole":             {resp: one("Hi", "stop", nil), want: llm.Answer{Text: "Hi", Finish: llm.FinishStop}},
		"streamed":          {pieces: []string{"H", "", "i"}, resp: one("Hi", "end_turn", anthropic), want: llm.Answer{Text: "Hi", Finish: llm.FinishStop, Usage: llm.Usage{InputTokens: 33, OutputTokens: 5, CachedTokens: 20}}},
		"streamed in part":  {pieces: []string{"H"}, resp: one("Hi", "FinishReasonMaxTokens", google), want: llm.Answer{Text: "Hi", Finish: llm.FinishLength, Usage: llm.Usage{InputTokens: 10, OutputTokens: 5, CachedTokens: 2}}},
		"streamed only":     {pieces: []string{"Hi"}, resp: one("", "", nil), want: llm.Answer{Text: "Hi", Finish: llm.FinishStop}},
		"trimmed":           {pieces: []string{" Hi\n"}, resp: one("Hi", "FinishReasonSafety", nil), want: llm.Answer{Text: " Hi\n", Finish: llm.FinishFilter}},
		"cut code points":   {pieces: []string{"\xe6\xbc", "\xa2\xf0\x9f\x98", "\x80!"}, resp: one("漢😀!", "stop", nil), want: llm.Answer{Text: "漢😀!", Finish: llm.FinishStop}},
		"stopped":           {pieces: []string{"a S", "TO", "Pb"}, stop: []string{"STOP", "x"}, resp: one("a STOPb", "stop", nil), want: llm.Answer{Text: "a ", Finish: llm.FinishStop}},
		"stopped twice":     {pieces: []string{"a x b STOP"}, stop: []string{"x", "STOP"}, resp: one("a x b STOP", "stop", nil), want: llm.Answer{Text: "a ", Finish: llm.FinishStop}},
		"almost stopped":    {pieces: []string{"a S", "TO", "b ST"}, stop: []string{"STOP"}, resp: one("a STOb ST", "stop", nil), want: llm.Answer{Text: "a STOb ST", Finish: llm.FinishStop}},
		"stop in the rest":  {pieces: []string{"a "}, stop: []string{"STOP"}, resp: one("a bSTOP", "stop", nil), want: llm.Answer{Text: "a b", Finish: llm.FinishStop}},
		"another answer":    {pieces: []string{"Hi"}, resp: one("Ho", "stop", nil), want: llm.Answer{Text: "Hi"}, err: llm.ErrResponse},
		"invalid UTF-8":     {pieces: []string{"a\xff"}, resp: one("a\xff", "stop", nil), err: llm.ErrResponse},
		"half a code point": {pieces: []string{"a\xe6"}, resp: one("a\xe6", "stop", nil), want: llm.Answer{Text: "a"}, err: llm.ErrResponse},
		"no choices":        {resp: &llms.ContentResponse{}, err: llm.ErrResponse},
		"no choice":         {resp: &llms.ContentResponse{Choices: []*llms.ContentChoice{nil}}, err: llm.ErrResponse},
		"nothing":           {err: llm.ErrResponse},
		"a tool":            {resp: one("", "tool_calls", nil), err: llm.ErrResponse},
		"fails":             {pieces: []string{"Hi S"}, stop: []string{"STOP"}, fails: errors.New("API returned unexpected status code: 503"), want: llm.Answer{Text: "Hi S"}, err: llm.ErrUnavailable},
	} {
		m := contentFunc(func(ctx context.Context, o llms.CallOptions) (*llms.ContentResponse, error) {
			for _, p := range c.pieces {
				if err := o.StreamingFunc(ctx, []byte(p)); err != nil {
					return nil, err
				}
			}
			return c.resp, c.fails
		})
		r := ask("a")
		r.Stop = c.stop
		got, err := llm.Collect(langchaingo.Model(m).Generate(t.Context(), r))
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, c.want, c.err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want error
	}{
		{errors.New("API returned unexpected status code: 429: slow down"), llm.ErrRateLimited},
		{errors.New("API returned unexpected status code: 401"), llm.ErrUnauthorized},
		{errors.New("API returned unexpected status code: 400: This model's maximum context length is 8192 tokens"), llm.ErrTooLong},
		{errors.New("API returned unexpected status code: 400: bad"), llm.ErrInvalid},
		{errors.New("API returned unexpected status code: 502"), llm.ErrUnavailable},
		{errors.New("dial tcp: connection refused"), llm.ErrUnavailable},
		{llms.NewError(llms.ErrCodeRateLimit, "p", "m"), llm.ErrRateLimited},
		{llms.NewError(llms.ErrCodeTokenLimit, "p", "m"), llm.ErrTooLong},
		{llms.NewError(llms.ErrCodeNotImplemented, "p", "m"), errors.ErrUnsupported},
		{llms.NewError(llms.ErrCodeTimeout, "p", "m").WithCause(context.DeadlineExceeded), llm.ErrUnavailable},
		{fmt.Errorf("decode: %w", json.Unmarshal([]byte("{"), new(int))), llm.ErrResponse},
		{openai.ErrEmptyResponse, llm.ErrResponse},
	} {
		m := contentFunc(func(context.Context, llms.CallOptions) (*llms.ContentResponse, error) { return nil, c.err })
		_, err := llm.Collect(langchaingo.Model(m).Generate(t.Context(), ask("a")))
		if !errors.Is(err, c.want) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v: %v, want %v", c.err, err, c.want)
		}
	}
	panics := contentFunc(func(context.Context, llms.CallOptions) (*llms.ContentResponse, error) { panic("index out of range") })
	if _, err := llm.Collect(langchaingo.Model(panics).Generate(t.Context(), ask("a"))); !errors.Is(err, llm.ErrResponse) {
		t.Errorf("a panic: %v", err)
	}
}

// Some clients return what they have, and no error, when the context ends.
func TestCancelledAnswerIsNoAnswer(t *testing.T) {
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		m := contentFunc(func(context.Context, llms.CallOptions) (*llms.ContentResponse, error) {
			cancel()
			return one("Hi", "stop", nil), nil
		})
		if a, err := llm.Collect(langchaingo.Model(m).Generate(ctx, ask("a"))); !errors.Is(err, context.Canceled) {
			t.Fatalf("%+v, %v", a, err)
		}
	}
}

func TestUnsupportedFields(t *testing.T) {
	g := langchaingo.Model(fake.NewFakeLLM([]string{"a"}))
	for name, change := range map[string]func(r *llm.Request){
		"Schema": func(r *llm.Request) { r.Schema = json.RawMessage(`{}`) },
		"Seed 0": func(r *llm.Request) { r.Seed = new(int64) },
	} {
		r := ask("a")
		change(&r)
		if _, err := llm.Collect(g.Generate(t.Context(), r)); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRealModel(t *testing.T) {
	r := ask("Count from one to ten, in words.")
	r.Temperature, r.MaxTokens = new(0.0), 12
	g := langchaingo.Model(client(t, servers.Chat(t)))
	llmtest.Run(t, g, &llmtest.Options{
		Request: &r,
		Hung:    langchaingo.Model(client(t, hung(t, begun))),
		Cut:     langchaingo.Model(client(t, answer(t, 200, begun))),
	})
	r = ask("What is the capital of France?")
	r.Messages = append([]llm.Message{{Role: llm.System, Text: "You are a helpful assistant."}}, r.Messages...)
	r.Temperature, r.MaxTokens = new(0.0), 40
	a, err := llm.Collect(g.Generate(t.Context(), r))
	t.Logf("%+v", a)
	if err != nil || !strings.Contains(a.Text, "Paris") || a.Usage.OutputTokens < 5 {
		t.Errorf("%+v, %v", a, err)
	}
	r.Messages[0].Text = strings.Repeat("word ", 20000)
	if _, err := llm.Collect(g.Generate(t.Context(), r)); !errors.Is(err, llm.ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
}

// LLM and Model are each other's inverse, as far as langchaingo can say things.
func TestRoundTrip(t *testing.T) {
	scripted := llmtest.Answer(func(_ int, r llm.Request) llmtest.Reply {
		said := "echo: " + r.Messages[len(r.Messages)-1].Text
		for _, stop := range r.Stop {
			said, _, _ = strings.Cut(said, stop)
		}
		reply := llmtest.Words(said)
		if r.MaxTokens > 0 && len(reply.Pieces) > r.MaxTokens {
			reply.Pieces, reply.Finish = reply.Pieces[:r.MaxTokens], llm.FinishLength
		}
		return reply
	})
	hangs := llmtest.Answer(func(int, llm.Request) llmtest.Reply { return llmtest.Reply{Pieces: []string{"a "}, Hang: true} })
	cut := llmtest.Answer(func(int, llm.Request) llmtest.Reply {
		return llmtest.Reply{Pieces: []string{"a "}, Err: fmt.Errorf("%w: cut", llm.ErrUnavailable)}
	})
	llmtest.Run(t, langchaingo.Model(langchaingo.LLM(scripted)), &llmtest.Options{
		Same: true, Hung: langchaingo.Model(langchaingo.LLM(hangs)), Cut: langchaingo.Model(langchaingo.LLM(cut)),
	})
	r := llm.Request{
		Messages: []llm.Message{{Role: llm.System, Text: "s"}, {Role: llm.User, Text: "u"}, {Role: llm.Assistant, Text: "a"}, {Role: llm.User, Text: "v"}},
		Stop:     []string{"x"}, MaxTokens: 3, Temperature: new(0.25), Seed: new(int64(5)),
	}
	once := llmtest.Say("Hi")
	if _, err := llm.Collect(langchaingo.Model(langchaingo.LLM(once)).Generate(t.Context(), r)); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(once.Requests()[0])
	want, _ := json.Marshal(r)
	if string(got) != string(want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLLM(t *testing.T) {
	m := langchaingo.LLM(llmtest.Script(
		llmtest.Reply{Pieces: []string{"Hello ", "you"}, Finish: llm.FinishLength, Usage: &llm.Usage{InputTokens: 5, OutputTokens: 2, CachedTokens: 1}},
		llmtest.RateLimited(7), llmtest.Text("called"), llmtest.Words("a b c d"),
	))
	var pieces []string
	messages := []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "a", "b")}
	resp, err := m.GenerateContent(t.Context(), messages, llms.WithStreamingFunc(func(_ context.Context, b []byte) error {
		pieces = append(pieces, string(b))
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := resp.Choices[0]
	if c.Content != "Hello you" || c.StopReason != "length" || !slices.Equal(pieces, []string{"Hello ", "you"}) || c.GenerationInfo["TotalTokens"] != 7 {
		t.Errorf("%+v, pieces %q", c, pieces)
	}
	if _, err := m.GenerateContent(t.Context(), messages); !errors.Is(err, llm.ErrRateLimited) {
		t.Errorf("%v", err)
	}
	if s, err := llms.GenerateFromSinglePrompt(t.Context(), m, "a"); err != nil || s != "called" {
		t.Errorf("%q, %v", s, err)
	}
	enough := errors.New("enough")
	if _, err := m.GenerateContent(t.Context(), messages, llms.WithStreamingFunc(func(context.Context, []byte) error { return enough })); err != enough {
		t.Errorf("the caller's error: %v", err)
	}
	for name, c := range map[string]struct {
		m llms.MessageContent
		o llms.CallOption
	}{
		"image": {llms.MessageContent{Role: llms.ChatMessageTypeHuman, Parts: []llms.ContentPart{llms.ImageURLPart("http://x")}}, llms.WithN(1)},
		"tool":  {llms.TextParts(llms.ChatMessageTypeTool, "a"), llms.WithN(1)},
		"JSON":  {messages[0], llms.WithJSONMode()},
		"top p": {messages[0], llms.WithTopP(.5)},
		"tools": {messages[0], llms.WithTools([]llms.Tool{{}})},
	} {
		if _, err := m.GenerateContent(t.Context(), []llms.MessageContent{c.m}, c.o); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// embedded adapts a right embedder to langchaingo.
func embedded(e embed.Embedder) embeddings.EmbedderClientFunc {
	return func(ctx context.Context, texts []string) ([][]float32, error) {
		r, err := e.Embed(ctx, embed.Request{Texts: texts})
		return r.Vectors, err
	}
}

func newEmbedder(t *testing.T, c embeddings.EmbedderClient, m embed.Model, o ...embeddings.Option) embed.Embedder {
	t.Helper()
	e, err := embeddings.NewEmbedder(c, o...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := langchaingo.Embedder(e, m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEmbedderContract(t *testing.T) {
	m := embed.Model{Name: "m", Dim: 32, QueryPrefix: "query: "}
	deaf := embeddings.EmbedderClientFunc(func(context.Context, []string) ([][]float32, error) { select {} })
	for _, o := range [][]embeddings.Option{nil, {embeddings.WithStripNewLines(false), embeddings.WithBatchSize(3)}} {
		embedtest.Run(t, newEmbedder(t, embedded(embedtest.Words(32)), m, o...), &embedtest.Options{Hung: newEmbedder(t, deaf, m)})
	}
}

func TestEmbedderAnswers(t *testing.T) {
	m := embed.Model{Name: "m", Dim: 2}
	for name, c := range map[string]struct {
		f    embeddings.EmbedderClientFunc
		o    []embeddings.Option
		want error
	}{
		"no vectors":  {func(context.Context, []string) ([][]float32, error) { return nil, nil }, nil, embed.ErrResponse},
		"wrong count": {func(context.Context, []string) ([][]float32, error) { return [][]float32{{1, 0}, {1, 0}, {1, 0}}, nil }, nil, embed.ErrResponse},
		"batch of 0":  {func(context.Context, []string) ([][]float32, error) { return nil, nil }, []embeddings.Option{embeddings.WithBatchSize(0)}, embed.ErrResponse},
		"status 429": {func(context.Context, []string) ([][]float32, error) {
			return nil, errors.New("API returned unexpected status code: 429")
		}, nil, embed.ErrRateLimited},
		"status 401": {func(context.Context, []string) ([][]float32, error) {
			return nil, errors.New("API returned unexpected status code: 401: no")
		}, nil, embed.ErrUnauthorized},
		"too long": {func(context.Context, []string) ([][]float32, error) {
			return nil, errors.New("API returned unexpected status code: 400: maximum context length is 512 tokens")
		}, nil, embed.ErrTooLong},
		"refused": {func(context.Context, []string) ([][]float32, error) {
			return nil, errors.New("dial tcp: connection refused")
		}, nil, embed.ErrUnavailable},
	} {
		for _, kind := range []embed.Kind{embed.Passage, embed.Query} {
			if name == "batch of 0" && kind == embed.Query || name == "wrong count" && kind == embed.Query {
				continue // a query is no batch, and takes the first vector
			}
			resp, err := newEmbedder(t, c.f, m, c.o...).Embed(t.Context(), embed.Request{Kind: kind, Texts: []string{"a", "b"}})
			if !errors.Is(err, c.want) || resp.Vectors != nil {
				t.Errorf("%s, kind %d: %v, %v", name, kind, resp, err)
			}
		}
	}
	for _, m := range []embed.Model{{}, {Name: "m"}, {Dim: 2}} {
		if _, err := langchaingo.Embedder(&embeddings.EmbedderImpl{}, m); !errors.Is(err, embed.ErrInvalid) {
			t.Errorf("%+v: %v", m, err)
		}
	}
	if _, err := langchaingo.Embedder(nil, m); !errors.Is(err, embed.ErrInvalid) {
		t.Errorf("nil: %v", err)
	}
}

func TestRealEmbedder(t *testing.T) {
	c := client(t, servers.Embed(t))
	embedtest.Run(t, newEmbedder(t, c, embed.Model{Name: "multilingual-e5-small", Dim: 384}, embeddings.WithStripNewLines(false)), &embedtest.Options{Batch: 20})
}
