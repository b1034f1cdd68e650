// Package rag has variables that are constants, and others.
package rag

import (
	"errors"
	"regexp"
	"sync"
	"unicode"
)

// These never change.
var (
	ErrGone  = errors.New("gone")
	word     = regexp.MustCompile(`\w+`)
	scripts  = []*unicode.RangeTable{unicode.Han}
	classes  = func() (t [256]uint8) { t['a'] = 1; return t }()
	digits   = &[2]string{"0", "1"}
	computed = sync.OnceValue(func() int { return 1 })
)

var _ error = (*failure)(nil)

// These do, or can be made to.
var (
	Default   = "english"
	Tables    = map[string]int{}
	count     int
	seen      = map[string]bool{}
	names     []string
	mu        sync.Mutex
	guarded   struct{ sync.Mutex }
	shared    = &failure{}
	signal    = make(chan int)
	stopwords = map[string]bool{"the": true}
	grid      [4]int
	last      failure
	clock     = func() int { return 1 }
)

type failure struct{ n int }

func (f *failure) Error() string { f.n++; return "failure" }

func (f *failure) count() int { return f.n }

var first failure

func use(k string) bool {
	count++
	seen[k] = true
	names = append(names, k)
	delete(stopwords, k)
	p := &grid[1]
	*p = 2
	last.Error()
	first.count()
	count := 1
	count++
	return word.MatchString(k) && classes[k[0]] == 1 && computed() == 1 && scripts[0] != nil
}
