package langchaingo

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/quarry-go/quarry/rag/llm"
)

var (
	errLeft    = errors.New("the caller left")
	errStopped = errors.New("the text came to a stop")
)

// An emitter yields pieces of text, and holds back what may turn out to be a
// stop, or is half a code point.
type emitter struct {
	yield func(llm.Delta, error) bool
	stops []string
	all   strings.Builder // as it came
	held  string
}

// piece takes what follows. It returns errStopped where the text came to a
// stop, errLeft where the caller left.
func (e *emitter) piece(s string) error {
	e.all.WriteString(s)
	e.held += s
	at := -1
	for _, stop := range e.stops {
		if i := strings.Index(e.held, stop); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at >= 0 {
		e.held = e.held[:at]
		return errStopped
	}
	return e.flush(len(e.held) - e.hold())
}

// hold returns how many bytes at the end of what is held must stay so.
func (e *emitter) hold() int {
	n := 0
	for _, stop := range e.stops {
		for k := min(len(stop)-1, len(e.held)); k > n; k-- {
			if strings.HasSuffix(e.held, stop[:k]) {
				n = k
			}
		}
	}
	// A code point is at most four bytes; of one that is cut, the first byte
	// says that more must follow.
	for k := 1; k <= min(3, len(e.held)); k++ {
		tail := e.held[len(e.held)-k:]
		if utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				n = max(n, k)
			}
			break
		}
	}
	return n
}

func (e *emitter) flush(n int) error {
	if n == 0 {
		return nil
	}
	text := e.held[:n]
	e.held = e.held[n:]
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: not valid UTF-8", llm.ErrResponse)
	}
	if !e.yield(llm.Delta{Text: text}, nil) {
		return errLeft
	}
	return nil
}

// fail yields what is held, as far as it is text, and the error.
func (e *emitter) fail(err error) {
	if e.flush(len(e.held)) != errLeft {
		e.yield(llm.Delta{}, err)
	}
}

// finish yields what is held, and the last Delta.
func (e *emitter) finish(last llm.Delta) error {
	if err := e.flush(len(e.held)); err != nil {
		return err
	}
	if !e.yield(last, nil) {
		return errLeft
	}
	return nil
}
