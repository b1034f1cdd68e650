package store

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxInt is the greatest magnitude of an integer in Meta: every integer up to
// it is exact as a float64 too, so that all backends agree.
const MaxInt = 1 << 53

// ReservedPrefix starts the Meta keys that implementations keep for themselves.
const ReservedPrefix = "quarry_"

// CanonicalMeta returns a copy of m whose values are of the types that a
// [Chunk] holds:
//
//	string      valid UTF-8 without NUL
//	bool
//	int64       at most MaxInt in magnitude; from any of Go's integer types
//	float64     finite; from float32 too
//	time.Time   in UTC, whole microseconds, years 1 to 9999
//	[]string    each as string
//
// Keys start with a letter and go on with up to 62 letters, digits and
// underscores, all ASCII, and do not start with ReservedPrefix. The error
// names the key and wraps [ErrInvalid]. An empty m gives nil.
func CanonicalMeta(m map[string]any) (map[string]any, error) {
	if len(m) == 0 {
		return nil, nil
	}
	c := make(map[string]any, len(m))
	for k, v := range m {
		if err := checkKey(k); err != nil {
			return nil, fmt.Errorf("%w: meta: %w", ErrInvalid, err)
		}
		w, err := canonicalValue(v)
		if err != nil {
			return nil, fmt.Errorf("%w: meta %s: %w", ErrInvalid, k, err)
		}
		c[k] = w
	}
	return c, nil
}

func checkKey(k string) error {
	if len(k) == 0 || len(k) > 63 {
		return fmt.Errorf("key of %d bytes, want 1 to 63", len(k))
	}
	for i := range len(k) {
		c := k[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return fmt.Errorf("key %q: want a letter, then letters, digits and underscores", k)
		}
	}
	if strings.HasPrefix(k, ReservedPrefix) {
		return fmt.Errorf("key %q: the prefix %s is reserved", k, ReservedPrefix)
	}
	return nil
}

func canonicalValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, checkString(v)
	case bool:
		return v, nil
	case int:
		return canonicalInt(int64(v))
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case int64:
		return canonicalInt(v)
	case uint:
		return canonicalUint(uint64(v))
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		return canonicalUint(v)
	case float32:
		return canonicalFloat(float64(v))
	case float64:
		return canonicalFloat(v)
	case time.Time:
		t := v.UTC().Truncate(time.Microsecond)
		if t.Year() < 1 || t.Year() > 9999 {
			return nil, fmt.Errorf("time in the year %d", t.Year())
		}
		return t, nil
	case []string:
		for _, s := range v {
			if err := checkString(s); err != nil {
				return nil, err
			}
		}
		return append(make([]string, 0, len(v)), v...), nil
	case nil:
		return nil, fmt.Errorf("nil; leave the key out")
	}
	return nil, fmt.Errorf("value of type %T", v)
}

func canonicalInt(n int64) (any, error) {
	if n > MaxInt || n < -MaxInt {
		return nil, fmt.Errorf("integer %d is over 2^53", n)
	}
	return n, nil
}

func canonicalUint(n uint64) (any, error) {
	if n > MaxInt {
		return nil, fmt.Errorf("integer %d is over 2^53", n)
	}
	return int64(n), nil
}

func canonicalFloat(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("number %v", f)
	}
	return f, nil
}

// checkString refuses what some backend cannot keep.
func checkString(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("invalid UTF-8 in %.40q", s)
	}
	if i := strings.IndexByte(s, 0); i >= 0 {
		return fmt.Errorf("NUL at byte %d of %.40q", i, s)
	}
	return nil
}

// isCanonical reports whether CanonicalMeta would leave v as it is.
func isCanonical(v any) error {
	c, err := canonicalValue(v)
	if err != nil {
		return err
	}
	if l, ok := v.([]string); ok {
		if l == nil {
			return fmt.Errorf("nil list; leave the key out")
		}
		if slices.Equal(c.([]string), l) {
			return nil
		}
	} else if c == v { // time.Time too: a value in UTC without monotonic clock equals itself
		return nil
	}
	return fmt.Errorf("%T %v is not as CanonicalMeta makes it", v, v)
}
