package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// document returns a change that makes the document that id names of n chunks.
func document(id, version string, n int) store.Change {
	c := store.Change{Delete: store.Docs(id), Space: "s", Docs: []store.Doc{{ID: id, Source: "s", Ref: id, Version: version, Chunks: n}}}
	for i := range n {
		text := fmt.Sprintf("%s part %d of %s", id, i, version)
		c.Upsert = append(c.Upsert, store.Chunk{ID: fmt.Sprintf("%s/%s/%d", id, version, i), DocID: id, Source: "s", Ordinal: i, Version: version, Text: text, End: len(text), Vector: []float32{1, 0}})
	}
	return c
}

func open(t *testing.T, m *memory, o *Options) store.Store {
	t.Helper()
	db := New(m, o)
	t.Cleanup(func() { db.Close() })
	s, err := db.Namespace("n")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A change that ends anywhere, with the last request done or not, leaves no
// record that vouches for what is not there; made again, it is whole.
func TestKilledAnywhere(t *testing.T) {
	ends := 0
	for _, done := range []bool{false, true} {
		for n := 0; ; n++ {
			m := newMemory()
			m.batch = Batch{Chunks: 2, IDs: 2}
			s := open(t, m, &Options{Retries: -1})
			for _, c := range []store.Change{document("a", "1", 5), document("b", "1", 3)} {
				if _, err := s.Write(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			left := n
			m.fault = func() (error, bool) {
				if left--; left >= 0 {
					return nil, false
				}
				return store.ErrUnavailable, done && left == -1
			}
			c := document("a", "2", 4)
			c.Delete = store.Docs("a", "b")
			_, err := s.Write(t.Context(), c)
			m.fault = nil
			if broken := storetest.CheckWhole(t.Context(), s); broken != nil {
				t.Fatalf("ended at request %d, done %v: %v", n, done, broken)
			}
			if err == nil {
				break
			}
			ends++
			if part, ok := errors.AsType[*store.WriteError](err); ok {
				ids := part.Upserted
				have, err := s.Get(t.Context(), ids, store.FieldsNone)
				if err != nil || len(have) != len(ids) {
					t.Fatalf("ended at request %d: %d of the %d chunks that are said to be durable are there, %v", n, len(have), len(ids), err)
				}
			}
			if _, err := s.Write(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if err := storetest.CheckWhole(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			var ids []string
			for c, err := range s.Scan(t.Context(), store.ScanQuery{}) {
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, c.ID)
			}
			if want := []string{"a/2/0", "a/2/1", "a/2/2", "a/2/3"}; !slices.Equal(ids, want) {
				t.Fatalf("ended at request %d and made again: %q", n, ids)
			}
		}
	}
	if ends < 20 {
		t.Errorf("the change was ended at %d requests only", ends)
	}
}

// Requests are made again where that may help, later and later, and as late as
// the server asks.
func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		retries  int
		requests int
		least    time.Duration
	}{
		"unavailable":    {store.ErrUnavailable, 0, 5, 750 * time.Millisecond},
		"once":           {store.ErrUnavailable, 1, 2, 50 * time.Millisecond},
		"never":          {store.ErrUnavailable, -1, 1, 0},
		"rate limited":   {&store.RateLimitError{After: time.Minute, Err: errors.New("429")}, 2, 3, 2 * time.Minute},
		"not authorised": {store.ErrUnauthorized, 0, 1, 0},
		"too large":      {store.ErrTooLarge, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				n := 0
				m.fault = func() (error, bool) { n++; return c.err, false }
				s := open(t, m, &Options{Name: "here", Retries: c.retries})
				start := time.Now()
				_, err := s.Get(t.Context(), []string{"a"}, 0)
				if !errors.Is(err, c.err) || !strings.HasPrefix(err.Error(), "here: get: ") {
					t.Errorf("error %v", err)
				}
				if n != c.requests || time.Since(start) < c.least {
					t.Errorf("%d requests in %v, want %d in at least %v", n, time.Since(start), c.requests, c.least)
				}
			})
		})
	}
}

// A wait that the context would end is not begun; one that it ends is left.
func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.fault = func() (error, bool) {
			return &store.RateLimitError{After: time.Minute, Err: errors.New("429")}, false
		}
		s := open(t, m, nil)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := s.Get(ctx, []string{"a"}, 0)
		if after, ok := store.RetryAfter(err); !ok || after != time.Minute || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start = time.Now()
		if _, err := s.Get(ctx, []string{"a"}, 0); !errors.Is(err, context.Canceled) || time.Since(start) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// Whatever a client says when its context ends, the context's error is told.
func TestContextErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := open(t, m, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		m.fault = func() (error, bool) { // as gRPC does, a moment early
			time.Sleep(time.Second - 10*time.Millisecond)
			return errors.New("rpc error: code = DeadlineExceeded"), false
		}
		if _, err := s.Get(ctx, []string{"a"}, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestPanickingClient(t *testing.T) {
	m := newMemory()
	s := open(t, m, nil)
	m.fault = func() (error, bool) { panic("dial") }
	if _, err := s.Get(t.Context(), []string{"a"}, 0); err == nil || !strings.Contains(err.Error(), "panicked: dial") {
		t.Error(err)
	}
	m.fault = nil
	if _, err := s.Get(t.Context(), []string{"a"}, 0); err != nil {
		t.Error(err)
	}
}

// Close waits for what is in flight, and lets nothing in after it.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		began := make(chan bool)
		m.fault = func() (error, bool) {
			close(began)
			time.Sleep(time.Hour)
			return nil, false
		}
		db := New(m, nil)
		s, err := db.Namespace("n")
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			_, err := s.Get(t.Context(), []string{"a"}, 0)
			failed <- err
		}()
		<-began
		start := time.Now()
		closed := make(chan error)
		go func() { closed <- db.Close() }()
		if err := <-failed; err != nil {
			t.Errorf("the call in flight: %v", err)
		}
		if err := <-closed; err != nil || time.Since(start) < time.Hour-time.Second {
			t.Errorf("Close after %v: %v", time.Since(start), err)
		}
		if _, err := s.Get(t.Context(), []string{"a"}, 0); !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	})
}

// A change of new chunks takes few requests.
func TestRequests(t *testing.T) {
	m := newMemory()
	s := open(t, m, nil)
	n := 0
	count := func(what string, most int, c store.Change) {
		t.Helper()
		n = 0
		if _, err := s.Write(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if n > most {
			t.Errorf("%s: %d requests, want at most %d", what, n, most)
		}
	}
	m.fault = func() (error, bool) { n++; return nil, false }
	first := document("a", "1", 20)
	first.Delete = nil
	count("the first", 6, first) // Space and Bind among them
	second := document("b", "1", 20)
	second.Delete = nil
	count("another", 4, second)
	count("a record alone", 1, store.Change{Docs: first.Docs})
	count("one document for another", 8, document("b", "2", 20))
}
