package openaiembed

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// A vector is decoded from an array of numbers, or from the base64 of
// little-endian float32 numbers, which some services send unasked.
type vector []float32

func (v *vector) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return v.fromBase64(data)
	}
	// encoding/json takes a null in an array for a zero.
	if bytes.IndexByte(data, 'n') >= 0 {
		return errors.New("embedding: null for a number")
	}
	var floats []float32
	if err := json.Unmarshal(data, &floats); err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	*v = floats
	return nil
}

func (v *vector) fromBase64(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	if len(raw)%4 != 0 {
		return fmt.Errorf("embedding: %d bytes are no float32 numbers", len(raw))
	}
	*v = make(vector, len(raw)/4)
	for i := range *v {
		(*v)[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return nil
}
