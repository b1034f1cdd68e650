package openaiembed

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/internal/openai"
)

// Options are the settings of [New]. The zero value is OpenAI's service with
// the key in the environment.
type Options struct {
	// Key is sent as a bearer token. If both Key and BaseURL are empty, the
	// environment's OPENAI_API_KEY is used; it is never sent to a BaseURL
	// that is given here.
	Key string
	// BaseURL is the part before "/embeddings", such as
	// "http://localhost:11434/v1". Empty is the environment's
	// OPENAI_BASE_URL, and without it OpenAI's own.
	BaseURL string
	// Header is sent with each request, for services that want more than
	// Key. Its values are treated as secrets.
	Header http.Header
	// HTTPClient makes the requests. Nil is a client of the Embedder's own,
	// which follows no redirects.
	HTTPClient *http.Client
	// Timeout is the limit of one HTTP request, a minute if 0.
	Timeout time.Duration

	// Dim is the length of the vectors. 0 is what is known of the model:
	// text-embedding-3-small, text-embedding-3-large, text-embedding-ada-002
	// and, as Ollama names them, nomic-embed-text, mxbai-embed-large,
	// all-minilm and bge-m3. Any other model needs it.
	Dim int
	// Shorten asks the service, by its parameter "dimensions", for vectors
	// of Dim numbers. Without it the parameter is not sent.
	Shorten bool
	// Revision names the weights, where the model's name does not.
	Revision string
	// MaxTokens is the model's limit for one text, in its own tokens. 0 is
	// what is known of OpenAI's models, and otherwise unknown.
	MaxTokens int
	// PassagePrefix and QueryPrefix are put before each text of their kind.
	PassagePrefix, QueryPrefix string
	// PassageFields and QueryFields are sent in the requests of their kind,
	// beside the standard fields, such as {"input_type": "query"}. They
	// become part of the model's Revision, since they change the vectors.
	PassageFields, QueryFields map[string]any

	// BatchTexts is the number of texts in one HTTP request, 32 if 0, which
	// every service takes; OpenAI takes 2048.
	BatchTexts int
	// BatchBytes is the number of bytes of the texts in one HTTP request,
	// 256 KiB if 0, which cannot be over OpenAI's limit of 300,000 tokens. A
	// longer text goes alone.
	BatchBytes int
}

// Embedder is an [embed.Embedder] over one service. Its vectors are
// normalised, whatever the service sends. A request of many texts becomes
// HTTP requests one after another.
type Embedder struct {
	client     *openai.Client
	model      embed.Model
	fields     [2]map[string]json.RawMessage // by kind
	shorten    bool
	batchTexts int
	batchBytes int
	timeout    time.Duration
	err        error // what is wrong with the options
}

var _ embed.Embedder = (*Embedder)(nil)

// dims holds the length of the vectors of models that are known by name.
var dims = map[string]int{
	"text-embedding-3-small": 1536,
	"text-embedding-3-large": 3072,
	"text-embedding-ada-002": 1536,
	"nomic-embed-text":       768,
	"mxbai-embed-large":      1024,
	"all-minilm":             384,
	"bge-m3":                 1024,
}

// maxTokens holds the documented limit of OpenAI's models.
var maxTokens = map[string]int{
	"text-embedding-3-small": 8191,
	"text-embedding-3-large": 8191,
	"text-embedding-ada-002": 8191,
}

// New returns an Embedder of the named model. It makes no call and reads the
// environment at once, never again. What is wrong with o, such as an unknown
// Dim, is the error of every Embed: one that wraps [embed.ErrInvalid], or
// [embed.ErrUnauthorized] if OpenAI's service has no key.
func New(model string, o *Options) *Embedder {
	var opts Options
	if o != nil {
		opts = *o
	}
	e := &Embedder{
		client: openai.New(openai.Config{Base: opts.BaseURL, Key: opts.Key, Header: opts.Header, HTTP: opts.HTTPClient}),
		model: embed.Model{
			Name:          model,
			Revision:      opts.Revision,
			Dim:           cmp.Or(opts.Dim, dims[model]),
			MaxTokens:     cmp.Or(opts.MaxTokens, maxTokens[model]),
			PassagePrefix: opts.PassagePrefix,
			QueryPrefix:   opts.QueryPrefix,
		},
		shorten:    opts.Shorten,
		batchTexts: cmp.Or(opts.BatchTexts, 32),
		batchBytes: cmp.Or(opts.BatchBytes, 256<<10),
		timeout:    cmp.Or(opts.Timeout, time.Minute),
	}
	e.err = e.setFields(opts.PassageFields, opts.QueryFields)
	switch {
	case e.err != nil:
	case e.client.Err() != nil:
		e.err = typed(e.client.Err(), 0)
	case model == "":
		e.err = fmt.Errorf("%w: no model", embed.ErrInvalid)
	case e.model.Dim == 0:
		e.err = fmt.Errorf("%w: the length of the model's vectors is not known: set Options.Dim", embed.ErrInvalid)
	case e.model.Dim < 0, e.model.MaxTokens < 0, e.batchTexts < 0, e.batchBytes < 0, e.timeout < 0:
		e.err = fmt.Errorf("%w: a negative number in Options", embed.ErrInvalid)
	case opts.Shorten && opts.Dim == 0:
		e.err = fmt.Errorf("%w: Options.Shorten without Options.Dim", embed.ErrInvalid)
	}
	return e
}

// setFields encodes the extra fields, and names them in the revision.
func (e *Embedder) setFields(passage, query map[string]any) error {
	for kind, fields := range []map[string]any{embed.Passage: passage, embed.Query: query} {
		if len(fields) == 0 {
			continue
		}
		all, err := json.Marshal(fields)
		if err == nil {
			err = json.Unmarshal(all, &e.fields[kind])
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w", embed.ErrInvalid, fieldNames[kind], err)
		}
		for _, own := range []string{"model", "input", "dimensions", "encoding_format"} {
			if _, ok := fields[own]; ok {
				return fmt.Errorf("%w: %s holds %q", embed.ErrInvalid, fieldNames[kind], own)
			}
		}
		e.model.Revision += fmt.Sprintf(" %s=%s", fieldNames[kind], all)
	}
	return nil
}

var fieldNames = [...]string{embed.Passage: "PassageFields", embed.Query: "QueryFields"}

// Model names the vector space.
func (e *Embedder) Model() embed.Model { return e.model }

// String names the model, and no secret.
func (e *Embedder) String() string { return "openaiembed " + e.model.Name }

// body returns the JSON of one HTTP request.
func (e *Embedder) body(kind embed.Kind, texts []string) ([]byte, error) {
	fields := map[string]any{"model": e.model.Name, "input": texts}
	if e.shorten {
		fields["dimensions"] = e.model.Dim
	}
	for k, v := range e.fields[kind] {
		fields[k] = v
	}
	return json.Marshal(fields)
}
