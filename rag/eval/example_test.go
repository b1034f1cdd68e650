package eval_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/quarry-go/quarry/rag/eval"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

func ExampleEvaluate() {
	// Mostly os.DirFS of a folder.
	folder := fstest.MapFS{
		"corpus.jsonl":  {Data: []byte(`{"_id":"refunds","text":"A lead approves refunds."}` + "\n" + `{"_id":"trips","text":"Trips are booked by train."}`)},
		"queries.jsonl": {Data: []byte(`{"_id":"q1","text":"Who approves refunds?"}` + "\n" + `{"_id":"q2","text":"May I fly?"}`)},
		"qrels.tsv":     {Data: []byte("q1\trefunds\t1\nq2\ttrips\t1\n")},
	}
	set, err := eval.ReadBEIR(folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	db := local.Memory(nil)
	defer db.Close()
	ns, err := db.Namespace("test")
	if err != nil {
		fmt.Println(err)
		return
	}
	var c store.Change
	for _, d := range set.Docs {
		c.Upsert = append(c.Upsert, store.Chunk{ID: d.ID, DocID: d.ID, Prefix: d.Title, Text: d.Text, End: len(d.Text)})
	}
	if _, err := ns.Write(context.Background(), c); err != nil {
		fmt.Println(err)
		return
	}
	report, err := eval.Evaluate(context.Background(), retrieve.Text(ns), set, &eval.Options{Metrics: []eval.Metric{eval.NDCG(10), eval.Recall(5)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report)
	for _, o := range report.Outcomes {
		fmt.Println(o.Query.Text, o.Ranked, o.Scores)
	}
	// Output:
	// nDCG@10 0.5000  R@5 0.5000  (2 questions)
	// Who approves refunds? [refunds] [1 1]
	// May I fly? [] [0 0]
}

func ExampleScore() {
	set := &eval.Set{
		Queries: []eval.Query{{ID: "q1", Text: "Who approves refunds?"}},
		Grades:  map[string]map[string]int{"q1": {"refunds": 1}},
	}
	report, err := eval.Score(set, eval.Run{"q1": {"trips", "refunds"}}, eval.MRR(10), eval.Recall(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report)
	// Output: MRR@10 0.5000  R@1 0.0000  (1 questions)
}
