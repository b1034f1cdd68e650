package eval

import (
	"fmt"
	"strings"
)

// A Report holds the scores of one system on one set.
type Report struct {
	Metrics  []string
	Mean     []float64 // by metric, over all questions
	Outcomes []Outcome // by question, in the order of the set
}

// An Outcome is what came of one question.
type Outcome struct {
	Query  Query
	Ranked []string  // document IDs, best first
	Scores []float64 // by metric
}

// Get returns the mean of the named metric; ok is false if it was not measured.
func (r *Report) Get(metric string) (mean float64, ok bool) {
	for i, m := range r.Metrics {
		if m == metric {
			return r.Mean[i], true
		}
	}
	return 0, false
}

// String returns the means on one line.
func (r *Report) String() string {
	var b strings.Builder
	for i, m := range r.Metrics {
		fmt.Fprintf(&b, "%s %.4f  ", m, r.Mean[i])
	}
	fmt.Fprintf(&b, "(%d questions)", len(r.Outcomes))
	return b.String()
}
