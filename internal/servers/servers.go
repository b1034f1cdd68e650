// Package servers finds the real model servers that tests run against; the
// script .ci/servers.sh starts them.
package servers

import (
	"os"
	"testing"
)

// Chat returns the base URL, which ends in "/v1", of a server of OpenAI's chat
// protocol with any one model. Without one the test is skipped, or fails if
// QUARRY_CI=1 says that there must be one.
func Chat(t testing.TB) string {
	t.Helper()
	return url(t, "QUARRY_TEST_CHAT_URL")
}

// Embed returns the base URL, which ends in "/v1", of a server of OpenAI's
// embeddings protocol with multilingual-e5-small, 384 dimensions, that puts the
// prefix of passages before a text, or of queries if the request's field
// "input_type" is "query". Without one it is as Chat.
func Embed(t testing.TB) string {
	t.Helper()
	return url(t, "QUARRY_TEST_EMBED_URL")
}

func url(t testing.TB, variable string) string {
	t.Helper()
	u := os.Getenv(variable)
	switch {
	case u != "":
	case os.Getenv("QUARRY_CI") == "1":
		t.Fatalf("%s is not set, and QUARRY_CI=1: run .ci/servers.sh start", variable)
	default:
		t.Skipf(`%s is not set: eval "$(.ci/servers.sh start)" runs the servers that this test needs`, variable)
	}
	return u
}
