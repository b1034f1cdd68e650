package eval

import (
	"fmt"
	"math"
	"slices"
)

// A Metric scores one ranking, from 0 to 1, higher is better.
type Metric struct {
	Name string // such as "nDCG@10"
	// Of scores the document IDs of ranked, best first and each once, by the
	// grades of the documents judged for the question, one of them above 0.
	Of func(ranked []string, grades map[string]int) float64
}

// NDCG returns the normalised discounted cumulative gain of the first k
// documents, with the grade itself as gain (Järvelin and Kekäläinen, 2002; as
// trec_eval's ndcg_cut).
func NDCG(k int) Metric {
	return Metric{fmt.Sprintf("nDCG@%d", k), func(ranked []string, grades map[string]int) float64 {
		var ideal []int
		for _, g := range grades {
			if g > 0 {
				ideal = append(ideal, g)
			}
		}
		slices.SortFunc(ideal, func(a, b int) int { return b - a })
		best := 0.0
		for i, g := range ideal[:min(k, len(ideal))] {
			best += float64(g) / math.Log2(float64(i+2))
		}
		got := 0.0
		for i, id := range first(ranked, k) {
			got += float64(max(grades[id], 0)) / math.Log2(float64(i+2))
		}
		return ratio(got, best)
	}}
}

// Recall returns the share of the relevant documents that are among the first k.
func Recall(k int) Metric {
	return Metric{fmt.Sprintf("R@%d", k), func(ranked []string, grades map[string]int) float64 {
		relevant := 0
		for _, g := range grades {
			if g > 0 {
				relevant++
			}
		}
		found := 0
		for _, id := range first(ranked, k) {
			if grades[id] > 0 {
				found++
			}
		}
		return ratio(float64(found), float64(relevant))
	}}
}

// MRR returns the reciprocal rank of the first relevant document among the
// first k, 0 if there is none.
func MRR(k int) Metric {
	return Metric{fmt.Sprintf("MRR@%d", k), func(ranked []string, grades map[string]int) float64 {
		for i, id := range first(ranked, k) {
			if grades[id] > 0 {
				return 1 / float64(i+1)
			}
		}
		return 0
	}}
}

func first(ranked []string, k int) []string { return ranked[:min(max(k, 0), len(ranked))] }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
