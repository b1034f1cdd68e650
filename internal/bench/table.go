package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// A table holds what was measured, one comparison a row.
type table struct {
	title string
	rows  []row
	notes []string
}

type row struct {
	what       string
	unit       string
	ours, peer float64
	goal       float64 // least ratio of ours to peer; 0 if there is none
	lower      bool    // less is better, and the ratio is that of peer to ours
}

func (r row) ratio() float64 {
	if r.lower {
		return r.peer / r.ours
	}
	return r.ours / r.peer
}

// String lays the table out in columns.
func (t *table) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, t.title)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tquarry\tpeer\tunit\tratio\tgoal\t")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%.4g\t%.4g\t%s\t%.2f\t", r.what, r.ours, r.peer, r.unit, r.ratio())
		switch {
		case r.goal == 0:
			fmt.Fprint(w, "\t\n")
		case r.ratio() >= r.goal:
			fmt.Fprintf(w, "%.4g\tpass\n", r.goal)
		default:
			fmt.Fprintf(w, "%.4g\tMISS\n", r.goal)
		}
	}
	w.Flush()
	for _, n := range t.notes {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}
