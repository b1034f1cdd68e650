package pgstore

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/remote"
	"github.com/quarry-go/quarry/store"
)

// columns returns what to select for a chunk with the given fields.
func columns(f store.Fields) string {
	s := "id, doc, source, ordinal, version, start_at, end_at"
	for _, part := range []struct {
		field   store.Fields
		columns string
	}{
		{store.FieldText, ", prefix, body"},
		{store.FieldOrigin, ", origin::text"},
		{store.FieldMarks, ", marks::text"},
		{store.FieldMeta, ", meta::text"},
		{store.FieldVector, ", embed_key, embedding::text"},
	} {
		if f&part.field != 0 {
			s += part.columns
		}
	}
	return s
}

// chunkOf returns a function that reads what columns selects.
func chunkOf(f store.Fields) pgx.RowToFunc[store.Chunk] {
	return func(r pgx.CollectableRow) (store.Chunk, error) { return scanChunk(r, f) }
}

// scanChunk reads what columns selects, and more.
func scanChunk(rows pgx.CollectableRow, f store.Fields, more ...any) (c store.Chunk, err error) {
	var origin, marks, meta string
	var vector *string
	into := []any{&c.ID, &c.DocID, &c.Source, &c.Ordinal, &c.Version, &c.Start, &c.End}
	if f&store.FieldText != 0 {
		into = append(into, &c.Prefix, &c.Text)
	}
	if f&store.FieldOrigin != 0 {
		into = append(into, &origin)
	}
	if f&store.FieldMarks != 0 {
		into = append(into, &marks)
	}
	if f&store.FieldMeta != 0 {
		into = append(into, &meta)
	}
	if f&store.FieldVector != 0 {
		into = append(into, &c.EmbedKey, &vector)
	}
	if err := rows.Scan(append(into, more...)...); err != nil {
		return c, err
	}
	if err := decode(origin, &c.Origin); err != nil {
		return c, fmt.Errorf("%w: chunk %q: origin: %w", store.ErrCorrupt, c.ID, err)
	}
	if err := decode(marks, &c.Marks); err != nil {
		return c, fmt.Errorf("%w: chunk %q: marks: %w", store.ErrCorrupt, c.ID, err)
	}
	if c.Meta, err = remote.DecodeMeta([]byte(meta)); err != nil {
		return c, fmt.Errorf("chunk %q: %w", c.ID, err)
	}
	if vector != nil {
		if c.Vector, err = parseVector(*vector); err != nil {
			return c, fmt.Errorf("%w: chunk %q: vector: %w", store.ErrCorrupt, c.ID, err)
		}
	}
	return c, nil
}

// scanDoc reads a record.
func scanDoc(r pgx.CollectableRow) (d store.Doc, err error) {
	var origin string
	if err := r.Scan(&d.ID, &d.Source, &d.Ref, &d.RefVersion, &d.Version, &d.Chunks, &origin); err != nil {
		return d, err
	}
	if err := decode(origin, &d.Origin); err != nil {
		return d, fmt.Errorf("%w: document %q: origin: %w", store.ErrCorrupt, d.ID, err)
	}
	return d, nil
}

// decode reads JSON, if there is any.
func decode(s string, into any) error {
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), into)
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// formatVector returns a vector as the server reads it; nil for none.
func formatVector(v []float32) *string {
	if v == nil {
		return nil
	}
	b := make([]byte, 1, 12*len(v)+2)
	b[0] = '['
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(x), 'g', -1, 32)
	}
	s := string(append(b, ']'))
	return &s
}

func parseVector(s string) ([]float32, error) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	v := make([]float32, 0, strings.Count(s, ",")+1)
	for part := range strings.SplitSeq(s, ",") {
		x, err := strconv.ParseFloat(part, 32)
		if err != nil {
			return nil, err
		}
		v = append(v, float32(x))
	}
	return v, nil
}

// formatArray returns integers as the server reads an array of them.
func formatArray[T int32 | int64](list []T) string {
	b := make([]byte, 1, 21*len(list)+2)
	b[0] = '{'
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, '}'))
}
