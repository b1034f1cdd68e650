package openai

import (
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
