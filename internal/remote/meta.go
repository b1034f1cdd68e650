package remote

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/quarry-go/quarry/store"
)

// AppendMeta appends metadata, as store.CanonicalMeta makes it, as a JSON object
// that a server's own JSON type can be asked about: strings, booleans, numbers
// and lists are themselves, and a time is {"time": microseconds since 1970}. A
// float64 has a fraction, also once a server has written out its exponent, or is
// over 2^53; an int64 neither.
func AppendMeta(b []byte, meta map[string]any) []byte {
	b = append(b, '{')
	for k, v := range meta {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(AppendString(b, k), ':')
		b = AppendValue(b, v)
	}
	return append(b, '}')
}

// AppendValue appends a value of metadata as AppendMeta does.
func AppendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return AppendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.Abs(v) <= store.MaxInt && v == math.Trunc(v) {
			return strconv.AppendFloat(b, v, 'f', 1, 64)
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case time.Time:
		b = append(b, `{"time":`...)
		return append(strconv.AppendInt(b, v.UnixMicro(), 10), '}')
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, s)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// AppendString appends a string as JSON.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7F {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		if c == '"' || c == '\\' {
			b = append(b, '\\', c)
		} else {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[start:]...), '"')
}

// DecodeMeta returns the metadata that AppendMeta wrote, also where a server has
// written its numbers in another form; nil for an empty object or no bytes.
// Anything else is an error that wraps store.ErrCorrupt.
func DecodeMeta(encoded []byte) (map[string]any, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(encoded))
	d.UseNumber()
	var raw map[string]any
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("%w: metadata: %w", store.ErrCorrupt, err)
	}
	if len(raw) == 0 {
		return nil, nil
	}
	for k, v := range raw {
		value, err := decodeValue(v)
		if err != nil {
			return nil, fmt.Errorf("%w: metadata %s: %w", store.ErrCorrupt, k, err)
		}
		raw[k] = value
	}
	return raw, nil
}

// LooseMeta returns what of a JSON object is metadata, for objects that others
// wrote: a value of another kind, and a key that no filter can name, are left out.
func LooseMeta(encoded []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(encoded))
	d.UseNumber()
	var raw map[string]any
	if d.Decode(&raw) != nil {
		return nil
	}
	meta := map[string]any{}
	for k, v := range raw {
		value, err := decodeValue(v)
		if err != nil {
			continue
		}
		if one, err := store.CanonicalMeta(map[string]any{k: value}); err == nil {
			meta[k] = one[k]
		}
	}
	if len(meta) == 0 {
		return nil
	}
	return meta
}

func decodeValue(v any) (any, error) {
	switch v := v.(type) {
	case string, bool:
		return v, nil
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			if n, err := v.Int64(); err == nil && -store.MaxInt <= n && n <= store.MaxInt {
				return n, nil
			}
		}
		f, err := v.Float64()
		if err == nil && math.IsInf(f, 0) {
			err = strconv.ErrRange
		}
		return f, err
	case []any:
		list := make([]string, len(v))
		for i, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, fmt.Errorf("a %T in a list", x)
			}
			list[i] = s
		}
		return list, nil
	case map[string]any:
		n, ok := v["time"].(json.Number)
		if !ok || len(v) != 1 {
			break
		}
		us, err := n.Int64()
		return time.UnixMicro(us).UTC(), err
	}
	return nil, fmt.Errorf("a value of type %T", v)
}
