// Package openai is what the endpoints of OpenAI's HTTP protocol have in
// common: where they are, how a client names itself to them, and what they
// mean when they fail.
package openai

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// DefaultBase is where OpenAI's own service is.
const DefaultBase = "https://api.openai.com/v1"

// Config says which service to speak to, and as whom.
type Config struct {
	// Base is the URL that paths are appended to; its query is kept. Empty
	// is the environment's OPENAI_BASE_URL, and DefaultBase without it.
	Base string
	// Key is the bearer token. Empty is the environment's OPENAI_API_KEY if
	// Base is empty too, so that a key never goes to a service that it was
	// not meant for.
	Key    string
	Header http.Header  // sent with every request
	HTTP   *http.Client // nil is a client of its own
}

// A Client sends requests to one service. It is safe for concurrent use, and
// printing it reveals no secret.
type Client struct {
	base   *url.URL
	http   *http.Client
	header func() http.Header // a function, so that no verb of fmt shows the key
	redact func(string) string
	err    error // what is wrong with the Config
}

// New returns a client of the service. It reads the environment now. What is
// wrong with c is what Err returns, and every Post.
func New(c Config) *Client {
	c.Key = strings.TrimSpace(c.Key) // a key read from a file ends in a newline
	if c.Base == "" {
		c.Base = cmp.Or(os.Getenv("OPENAI_BASE_URL"), DefaultBase)
		c.Key = cmp.Or(c.Key, strings.TrimSpace(os.Getenv("OPENAI_API_KEY")))
	}
	header := c.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if c.Key != "" {
		header.Set("Authorization", "Bearer "+c.Key)
	}
	client := &Client{
		http:   c.HTTP,
		header: header.Clone,
		redact: redactor(c.Key, header),
	}
	if client.http == nil {
		client.http = newHTTP()
	}
	client.base, client.err = parseBase(c.Base)
	if client.err == nil && client.IsOpenAI() && len(header) == 0 && c.HTTP == nil {
		client.err = &Error{Fault: Unauthorized, Msg: "no key: neither in the options nor in OPENAI_API_KEY"}
	}
	return client
}

func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil: // its text holds the URL, which may hold a password
		return nil, &Error{Fault: Invalid, Msg: "the base URL cannot be parsed"}
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, &Error{Fault: Invalid, Msg: fmt.Sprintf("the base URL %q is not of the form https://host/path", u.Redacted())}
	}
	return u, nil
}

// newHTTP returns a client that gives up on a connection that cannot be made,
// follows no redirect, and leaves the patience with an answer to the caller.
func newHTTP() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     90 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// redactor returns a function that takes out of a text what must stay secret:
// the key and the values of the headers.
func redactor(key string, header http.Header) func(string) string {
	var pairs []string
	for _, values := range header {
		for _, v := range values {
			if len(v) >= 8 {
				pairs = append(pairs, v, "[redacted]")
			}
		}
	}
	if key != "" {
		pairs = append(pairs, key, "[redacted]")
	}
	return strings.NewReplacer(pairs...).Replace
}

// Err returns what is wrong with the Config, an [*Error], or nil.
func (c *Client) Err() error { return c.err }

// IsOpenAI reports whether the service is OpenAI's own.
func (c *Client) IsOpenAI() bool {
	return c.base != nil && (c.base.Hostname() == "api.openai.com" || strings.HasSuffix(c.base.Hostname(), ".api.openai.com"))
}

// Post sends body, which is JSON, to the path below the base URL and returns a
// response of status 2xx. The caller closes its Body.
//
// Any other answer and any failure is an [*Error], unless ctx has ended: then
// the error wraps ctx's.
func (c *Client) Post(ctx context.Context, path string, body []byte) (*http.Response, error) {
	if c.err != nil {
		return nil, c.err
	}
	// A bytes.Reader gives the request its Content-Length: there are servers
	// that do not read chunked bodies.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Fault: Invalid, Msg: "no request can be made for the base URL"}
	}
	req.Header = c.header()
	req.Header.Set("Content-Type", "application/json")
	// Without a value it is not sent, and tells net/http to send the request
	// again if the service closes a kept connection at that very moment.
	req.Header["Idempotency-Key"] = nil
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.Failed(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, c.refusal(ctx, resp)
	}
	return resp, nil
}

// maxRefusal is how much of the body of a refusal is read.
const maxRefusal = 64 << 10

func (c *Client) refusal(ctx context.Context, resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	resp.Body.Close()
	if resp.ProtoMajor < 2 {
		// A server may refuse a request without having read its body, and
		// take the body for the next request of the connection.
		c.http.CloseIdleConnections()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.statusError(resp.StatusCode, resp.Header, body)
}

// Failed returns the error for a request or the reading of a response that
// failed with err: ctx's own if it has ended, otherwise an [*Error].
func (c *Client) Failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL, which may hold a secret
	}
	// As text: a time limit of our own must not pass for the caller's deadline.
	return &Error{Fault: Unavailable, Msg: c.clean(err.Error())}
}
