package embed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Model describes an embedding model as an [Embedder] runs it. Two Embedders
// whose vectors may be compared have equal Models.
type Model struct {
	Name          string
	Revision      string // a version or hash of the weights; empty if unknown
	Dim           int    // length of every vector, at least 1
	MaxTokens     int    // tokens of one text that count; 0 if unknown
	Pooling       string // "mean", "cls"; empty if the service does not say
	PassagePrefix string // put before every passage
	QueryPrefix   string // put before every query
	Precision     string // "int8" where that changes the vectors; empty for full
}

// Space returns a fingerprint of the vector space: the model's name, its
// dimension and a hash of all of m. It is empty for the zero Model.
func (m Model) Space() string {
	if m == (Model{}) {
		return ""
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %d %q %q %q %q", m.Name, m.Revision, m.Dim, m.MaxTokens,
		m.Pooling, m.PassagePrefix, m.QueryPrefix, m.Precision))
	return fmt.Sprintf("%s/%d/%s", m.Name, m.Dim, hex.EncodeToString(h[:6]))
}
