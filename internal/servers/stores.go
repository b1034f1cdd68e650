package servers

import "testing"

// Postgres returns the URL, postgres://..., of a server of PostgreSQL with the
// extension pgvector, whose user may create schemas and roles. Without one it is
// as Chat.
func Postgres(t testing.TB) string {
	t.Helper()
	return url(t, "QUARRY_TEST_POSTGRES_URL")
}
