package openaiembed_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/embed/openaiembed"
	"github.com/quarry-go/quarry/internal/servers"
)

func multilingual(t *testing.T, o openaiembed.Options) *openaiembed.Embedder {
	o.BaseURL = servers.Embed(t)
	o.Dim = 384
	if o.QueryFields == nil {
		o.QueryFields = map[string]any{"input_type": "query"}
	}
	return openaiembed.New("multilingual-e5-small", &o)
}

func TestRealContract(t *testing.T) {
	embedtest.Run(t, multilingual(t, openaiembed.Options{BatchTexts: 16}), &embedtest.Options{Hung: at(hung(t)), Batch: 40})
}

// A real model finds what shares no word with the question.
func TestRealMeaning(t *testing.T) {
	e := multilingual(t, openaiembed.Options{})
	passages := []string{
		"Money is given back to customers within two weeks.",
		"The volcano last erupted in the year 1912.",
		"A cat sleeps sixteen hours a day.",
	}
	p, err := e.Embed(t.Context(), embed.Request{Texts: passages})
	if err != nil {
		t.Fatal(err)
	}
	for want, question := range []string{"How long does a refund take?", "When did lava flow there?", "Do kittens rest a lot?"} {
		q, err := e.Embed(t.Context(), embed.Request{Kind: embed.Query, Texts: []string{question}})
		if err != nil {
			t.Fatal(err)
		}
		best, at := -1.0, -1
		for i, v := range p.Vectors {
			sum := 0.0
			for j := range v {
				sum += float64(v[j]) * float64(q.Vectors[0][j])
			}
			t.Logf("%-30s %-55s %.3f", question, passages[i], sum)
			if sum > best {
				best, at = sum, i
			}
		}
		if at != want {
			t.Errorf("%q: found %q", question, passages[at])
		}
	}
	if p.Usage.Requests != 1 || p.Usage.Tokens < 20 {
		t.Errorf("usage %+v", p.Usage)
	}
}

func TestRealRefusals(t *testing.T) {
	// It ignores "dimensions", and would ignore other numbers of them.
	short := openaiembed.New("m", &openaiembed.Options{BaseURL: servers.Embed(t), Dim: 64, Shorten: true})
	if _, err := short.Embed(t.Context(), texts("a")); !errors.Is(err, embed.ErrResponse) || !strings.Contains(err.Error(), "384") {
		t.Errorf("dimensions: %v", err)
	}
	// It answers an unknown path without reading the body, and takes the body
	// for the next request of the connection.
	lost := openaiembed.New("m", &openaiembed.Options{BaseURL: servers.Embed(t) + "/nowhere", Dim: 384})
	for range 3 {
		if _, err := lost.Embed(t.Context(), texts("a")); !errors.Is(err, embed.ErrInvalid) || !strings.Contains(err.Error(), "404") {
			t.Errorf("unknown path: %v", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := at("http://"+l.Addr().String()).Embed(t.Context(), texts("a")); !errors.Is(err, embed.ErrUnavailable) {
		t.Errorf("no server: %v", err)
	}
}
