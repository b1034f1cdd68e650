package sse

import (
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
)

const limit = 1 << 10

func read(r io.Reader) ([]Event, error) {
	var events []Event
	for s := NewReader(r, limit); ; {
		e, err := s.Next()
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				events = append(events, e)
			}
			return events, err
		}
		events = append(events, e)
	}
}

func TestStream(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []Event
		err  error
	}{
		"empty":             {"", nil, nil},
		"one":               {"data: a\n\n", []Event{{"", "a"}}, nil},
		"no space":          {"data:a\n\n", []Event{{"", "a"}}, nil},
		"only one space":    {"data:  a\n\n", []Event{{"", " a"}}, nil},
		"named":             {"event: error\ndata: a\n\ndata: b\n\n", []Event{{"error", "a"}, {"", "b"}}, nil},
		"many lines":        {"data: a\ndata:\ndata: b\n\n", []Event{{"", "a\n\nb"}}, nil},
		"field without ':'": {"data\ndata\n\n", []Event{{"", "\n"}}, nil},
		"empty data":        {"data:\n\n", []Event{{"", ""}}, nil},
		"comments":          {": ping\n\n: ping\ndata: a\n: x\n\n", []Event{{"", "a"}}, nil},
		"other fields":      {"id: 7\nretry: 10\nDATA: x\n data: x\ndata: a\n\n", []Event{{"", "a"}}, nil},
		"event alone":       {"event: x\n\ndata: a\n\n", []Event{{"", "a"}}, nil},
		"CR LF":             {"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []Event{{"", "a\nb"}, {"", "c"}}, nil},
		"CR":                {"data: a\rdata: b\r\rdata: c\r\r", []Event{{"", "a\nb"}, {"", "c"}}, nil},
		"CR then LF LF":     {"data: a\r\n\ndata: c\n\r\n", []Event{{"", "a"}, {"", "c"}}, nil},
		"byte order mark":   {"\ufeffdata: a\n\ndata: \ufeffb\n\n", []Event{{"", "a"}, {"", "\ufeffb"}}, nil},
		"a later mark":      {"\n\ufeffdata: a\ndata: b\n\n", []Event{{"", "b"}}, nil},
		"no blank line":     {"data: a\n\ndata: b\n", []Event{{"", "a"}, {"", "b"}}, io.ErrUnexpectedEOF},
		"no end of line":    {"data: a\n\ndata: b", []Event{{"", "a"}, {"", "b"}}, io.ErrUnexpectedEOF},
		"cut in a field":    {"data: a\n\nda", []Event{{"", "a"}, {"", ""}}, io.ErrUnexpectedEOF},
		"too long":          {"data: a\n\ndata: " + strings.Repeat("b", limit), []Event{{"", "a"}}, ErrTooLong},
		"too many lines":    {strings.Repeat("data: a\n", limit), nil, ErrTooLong},
		"long comments":     {strings.Repeat(":"+strings.Repeat("x", limit/2)+"\n\n", 10) + "data: a\n\n", []Event{{"", "a"}}, nil},
	} {
		got, err := read(strings.NewReader(c.in))
		if !reflect.DeepEqual(got, c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, err, c.want, c.err)
		}
	}
}

func TestStreamThatFails(t *testing.T) {
	broken := errors.New("broken")
	got, err := read(io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(broken)))
	if len(got) != 1 || err != broken {
		t.Errorf("%q, %v", got, err)
	}
}

var lineEnd = regexp.MustCompile("\r\n|\r|\n")

// reference reads complete events as the standard tells it, from the whole
// stream at once.
func reference(in string) []Event {
	lines := lineEnd.Split(strings.TrimPrefix(in, "\ufeff"), -1)
	var events []Event
	var e Event
	for _, line := range lines[:len(lines)-1] {
		switch {
		case line == "":
			if e.Data != "" {
				e.Data = strings.TrimSuffix(e.Data, "\n")
				events = append(events, e)
			}
			e = Event{}
		case strings.HasPrefix(line, ":"):
		default:
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch name {
			case "data":
				e.Data += value + "\n"
			case "event":
				e.Name = value
			}
		}
	}
	return events
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"data: a\n\n", "event: e\r\ndata: a\rdata\n\r\n:c\n\ndata:x", "\ufeffdata: [DONE]\n\n", "data\n\n\ndata:  \n\n", "\r\r\n\n\r", "\xff\x00:\n\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > limit {
			return
		}
		got, err := read(strings.NewReader(in))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		slow, slowErr := read(iotest.OneByteReader(strings.NewReader(in)))
		if !reflect.DeepEqual(got, slow) || (err == nil) != (slowErr == nil) {
			t.Errorf("%q: %q at once, %q byte by byte", in, got, slow)
		}
		if err != nil {
			got = got[:len(got)-1]
		}
		if want := reference(in); !(len(got) == 0 && len(want) == 0) && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	})
}
