package openaillm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/quarry-go/quarry/internal/openai"
	"github.com/quarry-go/quarry/rag/llm"
)

// Options are the settings of [New]. The zero value is OpenAI's service with
// the key in the environment.
type Options struct {
	// Key is sent as a bearer token. If both Key and BaseURL are empty, the
	// environment's OPENAI_API_KEY is used; it is never sent to a BaseURL
	// that is given here.
	Key string
	// BaseURL is the part before "/chat/completions", such as
	// "http://localhost:11434/v1". Empty is the environment's
	// OPENAI_BASE_URL, and without it OpenAI's own.
	BaseURL string
	// Header is sent with each request, for services that want more than
	// Key. Its values are treated as secrets.
	Header http.Header
	// HTTPClient makes the requests. Nil is a client of the Generator's own,
	// which follows no redirects. A limit of the client's counts for whole
	// answers.
	HTTPClient *http.Client
	// Timeout is how long the service may be silent, before an answer and
	// within it. 0 is two minutes.
	Timeout time.Duration

	// Window and MaxOutput are what is known of the model, for
	// [Generator.Model].
	Window, MaxOutput int
	// MaxTokensField is the field in which Request.MaxTokens is sent. Empty
	// is "max_completion_tokens" for OpenAI's service, whose newer models
	// refuse the other, and "max_tokens" for any other.
	MaxTokensField string
	// NoUsage leaves out "stream_options", for services that refuse it.
	NoUsage bool
	// Fields are sent beside the standard fields, such as
	// {"reasoning_effort": "low"}.
	Fields map[string]any
}

// Generator is an [llm.Generator] over one service.
type Generator struct {
	client    *openai.Client
	model     llm.Model
	fields    map[string]json.RawMessage
	maxTokens string
	usage     bool
	timeout   time.Duration
	err       error // what is wrong with the options
}

var (
	_ llm.Generator = (*Generator)(nil)
	_ llm.Describer = (*Generator)(nil)
)

// New returns a Generator of the named model. It makes no call and reads the
// environment at once, never again. What is wrong with o is the error of
// every answer: one that wraps [llm.ErrInvalid], or [llm.ErrUnauthorized] if
// OpenAI's service has no key.
func New(model string, o *Options) *Generator {
	var opts Options
	if o != nil {
		opts = *o
	}
	g := &Generator{
		client:    openai.New(openai.Config{Base: opts.BaseURL, Key: opts.Key, Header: opts.Header, HTTP: opts.HTTPClient}),
		model:     llm.Model{Name: model, Window: opts.Window, MaxOutput: opts.MaxOutput},
		maxTokens: opts.MaxTokensField,
		usage:     !opts.NoUsage,
		timeout:   cmp.Or(opts.Timeout, 2*time.Minute),
	}
	if g.maxTokens == "" {
		g.maxTokens = "max_tokens"
		if g.client.IsOpenAI() {
			g.maxTokens = "max_completion_tokens"
		}
	}
	g.fields, g.err = encode(opts.Fields)
	switch {
	case g.err != nil:
	case g.client.Err() != nil:
		g.err = typed(g.client.Err())
	case model == "":
		g.err = fmt.Errorf("%w: no model", llm.ErrInvalid)
	case g.timeout < 0, opts.Window < 0, opts.MaxOutput < 0:
		g.err = fmt.Errorf("%w: a negative number in Options", llm.ErrInvalid)
	}
	return g
}

func encode(fields map[string]any) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for k, v := range fields {
		switch k {
		case "model", "messages", "stream", "stream_options", "n", "stop", "seed", "temperature", "response_format",
			"max_tokens", "max_completion_tokens", "tools", "functions":
			return nil, fmt.Errorf("%w: Options.Fields holds %q", llm.ErrInvalid, k)
		}
		data, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("%w: Options.Fields: %w", llm.ErrInvalid, err)
		}
		out[k] = data
	}
	return out, nil
}

// Model describes the model as far as Options tells.
func (g *Generator) Model() llm.Model { return g.model }

// String names the model, and no secret.
func (g *Generator) String() string { return "openaillm " + g.model.Name }

// body returns the JSON of a request.
func (g *Generator) body(r llm.Request) ([]byte, error) {
	type message struct {
		Role    llm.Role `json:"role"`
		Content string   `json:"content"`
	}
	messages := make([]message, len(r.Messages))
	for i, m := range r.Messages {
		messages[i] = message{m.Role, m.Text}
	}
	fields := map[string]any{"model": g.model.Name, "messages": messages, "stream": true}
	for k, v := range g.fields {
		fields[k] = v
	}
	if g.usage {
		fields["stream_options"] = map[string]any{"include_usage": true}
	}
	if r.MaxTokens > 0 {
		fields[g.maxTokens] = r.MaxTokens
	}
	if r.Temperature != nil {
		fields["temperature"] = *r.Temperature
	}
	if len(r.Stop) > 0 {
		fields["stop"] = r.Stop
	}
	if r.Seed != nil {
		fields["seed"] = *r.Seed
	}
	if r.Schema != nil {
		fields["response_format"] = map[string]any{
			"type":        "json_schema",
			"json_schema": map[string]any{"name": "answer", "strict": true, "schema": r.Schema},
		}
	}
	return json.Marshal(fields)
}
