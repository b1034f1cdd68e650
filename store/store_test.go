package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

type wrapped struct{ store.Store }

func (w wrapped) Unwrap() store.Store { return w.Store }

// opaque is a wrapper without Unwrap.
type opaque struct{ store.Store }

func TestAs(t *testing.T) {
	s, err := storetest.NewReference().Namespace("a")
	if err != nil {
		t.Fatal(err)
	}
	inner := wrapped{s}
	for name, c := range map[string]struct {
		s  store.Store
		ok bool
	}{
		"itself": {s, true}, "wrapped": {wrapped{s}, true}, "wrapped twice": {wrapped{wrapped{s}}, true},
		"opaque": {opaque{s}, false}, "opaque inside": {wrapped{opaque{s}}, false}, "nil": {nil, false}, "nil inside": {wrapped{nil}, false},
	} {
		if snap, ok := store.As[store.Snapshotter](c.s); ok != c.ok || (snap != nil) != c.ok {
			t.Errorf("%s: found %v, want %v", name, ok, c.ok)
		}
	}
	// The outermost is found first.
	if got, ok := store.As[wrapped](wrapped{inner}); !ok || got != (wrapped{inner}) {
		t.Errorf("got %v, %v", got, ok)
	}
}

func TestWriteError(t *testing.T) {
	first, item := errors.New("first"), errors.New("item")
	err := error(&store.WriteError{
		Upserted: []string{"a", "b"}, Deleted: true, Err: fmt.Errorf("%w: %w", store.ErrUnavailable, first),
		Failed: []store.ItemError{{ID: "c", Err: fmt.Errorf("%w: %w", store.ErrTooLarge, item)}, {ID: "d"}},
	})
	wrapping := fmt.Errorf("write: %w", err)
	for _, want := range []error{store.ErrUnavailable, first, store.ErrTooLarge, item} {
		if !errors.Is(wrapping, want) {
			t.Errorf("%v does not wrap %v", wrapping, want)
		}
	}
	if errors.Is(wrapping, store.ErrClosed) {
		t.Error("it wraps what it does not")
	}
	for _, part := range []string{"2 chunks durable", "2 items failed", `"c"`, "first"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
	if (&store.WriteError{}).Error() == "" || len((&store.WriteError{}).Unwrap()) != 0 {
		t.Error("an empty WriteError has no text, or wraps something")
	}
}

func TestRetryAfter(t *testing.T) {
	cause := errors.New("429")
	limited := &store.RateLimitError{After: 3 * time.Second, Err: cause}
	for name, c := range map[string]struct {
		err  error
		want time.Duration
		ok   bool
	}{
		"itself":   {limited, 3 * time.Second, true},
		"wrapped":  {fmt.Errorf("search: %w", limited), 3 * time.Second, true},
		"an item":  {&store.WriteError{Failed: []store.ItemError{{ID: "a", Err: limited}}}, 3 * time.Second, true},
		"no delay": {&store.RateLimitError{Err: cause}, 0, true},
		"the bare": {store.ErrRateLimited, 0, false},
		"another":  {cause, 0, false},
		"none":     {nil, 0, false},
	} {
		if d, ok := store.RetryAfter(c.err); d != c.want || ok != c.ok {
			t.Errorf("%s: got %v, %v", name, d, ok)
		}
	}
	if !errors.Is(limited, store.ErrRateLimited) || !errors.Is(limited, cause) || !strings.Contains(limited.Error(), "3s") {
		t.Errorf("%v wraps or says too little", limited)
	}
}

// fill sets every field of a struct to something that is not zero, so that a
// field that is added later is not forgotten.
func fill(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Int:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float32:
		v.SetFloat(1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"k": "v", "list": []string{"a"}}))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("no value for a %v", v.Type())
	}
}

func full(t *testing.T) store.Chunk {
	var c store.Chunk
	fill(t, reflect.ValueOf(&c).Elem())
	return c
}

func TestClone(t *testing.T) {
	c := full(t)
	d := c.Clone()
	if !reflect.DeepEqual(c, d) {
		t.Fatalf("the clone differs: %+v, want %+v", d, c)
	}
	d.Vector[0], d.Marks[0].Kind, d.Origin.Principals[0], d.Meta["list"].([]string)[0], d.Meta["new"] = 9, "x", "x", "x", "x"
	if !reflect.DeepEqual(c, full(t)) {
		t.Errorf("the chunk changed with its clone: %+v", c)
	}
	if d := (store.Chunk{}).Clone(); !reflect.DeepEqual(d, store.Chunk{}) {
		t.Errorf("the clone of nothing is %+v", d)
	}
}

func TestSelect(t *testing.T) {
	c := full(t)
	always := []string{"ID", "DocID", "Source", "Ordinal", "Version", "Start", "End"}
	chosen := map[store.Fields][]string{
		store.FieldText: {"Text", "Prefix"}, store.FieldOrigin: {"Origin"}, store.FieldMarks: {"Marks"},
		store.FieldMeta: {"Meta"}, store.FieldVector: {"Vector", "EmbedKey"},
	}
	all := store.FieldsNone
	for f := range chosen {
		all |= f
	}
	if all != store.FieldsAll {
		t.Fatalf("FieldsAll is %b, the fields together %b", store.FieldsAll, all)
	}
	for f := range store.FieldsAll + 1 {
		var want store.Chunk
		set := func(names []string) {
			for _, n := range names {
				reflect.ValueOf(&want).Elem().FieldByName(n).Set(reflect.ValueOf(c).FieldByName(n))
			}
		}
		set(always)
		for one, names := range chosen {
			if f&one != 0 {
				set(names)
			}
		}
		if got := c.Select(f); !reflect.DeepEqual(got, want) {
			t.Errorf("Select(%b) is %+v, want %+v", f, got, want)
		}
	}
	d := c.Select(store.FieldsAll)
	d.Vector[0], d.Meta["k"] = 9, "x"
	if !reflect.DeepEqual(c, full(t)) {
		t.Errorf("the chunk changed with what was selected: %+v", c)
	}
}

func TestTrust(t *testing.T) {
	for trust, want := range []string{"untrusted", "reviewed", "internal", "invalid"} {
		if got := store.Trust(trust).String(); got != want {
			t.Errorf("%d is %q, want %q", trust, got, want)
		}
	}
}
