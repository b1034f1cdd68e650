package eval

import (
	"errors"
	"fmt"
)

// Errors of this package; test for them with errors.Is.
var (
	// ErrEmpty: there is nothing to measure with: no documents, no questions,
	// or no judgment that says a document is relevant.
	ErrEmpty = errors.New("eval: nothing to evaluate")
	// ErrFormat: a file is not of the format that its name says.
	ErrFormat = errors.New("eval: malformed file")
	// ErrUnknownID: an ID names nothing that is there.
	ErrUnknownID = errors.New("eval: unknown ID")
	// ErrOptions: the options contradict each other.
	ErrOptions = errors.New("eval: invalid options")
)

// A Set is a retrieval test.
type Set struct {
	Docs    []Doc
	Queries []Query
	// Grades holds the judgments by the IDs of query and document: above 0
	// means relevant, and more means more so. What is not judged is 0.
	Grades map[string]map[string]int
}

// A Doc is a document of a [Set].
type Doc struct {
	ID, Title, Text string
}

// A Query is a question of a [Set].
type Query struct {
	ID, Text string
}

// Judged returns the queries that have a relevant document, in their order:
// those that can be scored.
func (s *Set) Judged() []Query {
	var judged []Query
	for _, q := range s.Queries {
		for _, g := range s.Grades[q.ID] {
			if g > 0 {
				judged = append(judged, q)
				break
			}
		}
	}
	return judged
}

// Validate reports the first rule that s breaks: every ID is there once
// ([ErrFormat]), judgments name queries and documents that are there
// ([ErrUnknownID]), and at least one can be scored ([ErrEmpty]). Where s has
// no documents, judgments may name any.
func (s *Set) Validate() error {
	docs, err := index("document", s.Docs, func(d Doc) string { return d.ID })
	if err != nil {
		return err
	}
	queries, err := index("query", s.Queries, func(q Query) string { return q.ID })
	if err != nil {
		return err
	}
	for _, q := range sorted(s.Grades) {
		if !queries[q] {
			return fmt.Errorf("%w: judgments of query %q", ErrUnknownID, q)
		}
		for _, d := range sorted(s.Grades[q]) {
			if len(docs) > 0 && !docs[d] {
				return fmt.Errorf("%w: query %q has a judgment of document %q", ErrUnknownID, q, d)
			}
		}
	}
	if len(s.Judged()) == 0 {
		return fmt.Errorf("%w: %d documents, %d queries, none with a relevant document", ErrEmpty, len(s.Docs), len(s.Queries))
	}
	return nil
}

// index returns the IDs of list, each of which must be there once.
func index[T any](what string, list []T, id func(T) string) (map[string]bool, error) {
	ids := make(map[string]bool, len(list))
	for i, x := range list {
		switch {
		case id(x) == "":
			return nil, fmt.Errorf("%w: %s %d has no ID", ErrFormat, what, i)
		case ids[id(x)]:
			return nil, fmt.Errorf("%w: %s %q is there twice", ErrFormat, what, id(x))
		}
		ids[id(x)] = true
	}
	return ids, nil
}
