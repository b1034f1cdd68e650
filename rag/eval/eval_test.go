package eval_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quarry-go/quarry/rag/eval"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
)

// small returns a folder in BEIR's layout.
func small() fstest.MapFS {
	return fstest.MapFS{
		"corpus.jsonl":  {Data: []byte(`{"_id":"a","title":"A","text":"one"}` + "\n\n" + `{"_id":"b","text":"two"}` + "\n" + `{"_id":"c","text":""}`)},
		"queries.jsonl": {Data: []byte(`{"_id":"q1","text":"first?"}` + "\n" + `{"_id":"q2","text":"second?"}` + "\n" + `{"_id":"q3","text":"unjudged?"}` + "\n")},
		"qrels.tsv":     {Data: []byte("query-id\tcorpus-id\tscore\nq1\ta\t2\r\nq1\tb\t1\nq2\tc\t1\nq3\ta\t0\n")},
	}
}

func compressed(data []byte) *fstest.MapFile {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return &fstest.MapFile{Data: b.Bytes()}
}

func TestReadBEIR(t *testing.T) {
	gz := fstest.MapFS{}
	for name, f := range small() {
		gz[name+".gz"] = compressed(f.Data)
	}
	split := small()
	split["qrels/test.tsv"] = split["qrels.tsv"]
	delete(split, "qrels.tsv")
	for name, fsys := range map[string]fs.FS{"plain": small(), "compressed": gz, "split": split} {
		s, err := eval.ReadBEIR(fsys)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(s.Docs) != 3 || s.Docs[0] != (eval.Doc{ID: "a", Title: "A", Text: "one"}) || len(s.Queries) != 3 || s.Grades["q1"]["a"] != 2 {
			t.Errorf("%s: read %+v", name, s)
		}
		if judged := s.Judged(); len(judged) != 2 || judged[1].ID != "q2" {
			t.Errorf("%s: judged %+v", name, judged)
		}
	}
}

func TestReadBEIRNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		file, data string // an empty file name is an empty folder, no data an absent file
		want       error
		text       string
	}{
		"empty folder":      {"", "", eval.ErrEmpty, "corpus.jsonl"},
		"no corpus":         {"corpus.jsonl", "", fs.ErrNotExist, "corpus.jsonl"},
		"no judgments":      {"qrels.tsv", "", fs.ErrNotExist, "qrels/test.tsv"},
		"empty corpus":      {"corpus.jsonl", "\n", eval.ErrEmpty, "no documents"},
		"nothing relevant":  {"qrels.tsv", "q1\ta\t0\n", eval.ErrEmpty, "none with a relevant document"},
		"broken JSON":       {"corpus.jsonl", "{\"_id\":\"a\"}\n{", eval.ErrFormat, "corpus.jsonl:2"},
		"no ID":             {"queries.jsonl", `{"text":"x"}`, eval.ErrFormat, "queries.jsonl:1: no _id"},
		"double ID":         {"corpus.jsonl", "{\"_id\":\"a\"}\n{\"_id\":\"a\"}\n", eval.ErrFormat, `document "a"`},
		"grade":             {"qrels.tsv", "q1\ta\tmuch\n", eval.ErrFormat, "qrels.tsv:1"},
		"fields":            {"qrels.tsv", "q1\ta\n", eval.ErrFormat, "qrels.tsv:1: 2 fields"},
		"unknown query":     {"qrels.tsv", "q1\ta\t1\nq9\ta\t1\n", eval.ErrUnknownID, `"q9"`},
		"unknown document":  {"qrels.tsv", "q1\tz\t1\n", eval.ErrUnknownID, `"z"`},
		"damaged gzip":      {"corpus.jsonl.gz", "not gzip", eval.ErrFormat, "corpus.jsonl.gz"},
		"truncated gzip":    {"corpus.jsonl.gz", string(compressed(bytes.Repeat([]byte("{\"_id\":\"a\"}\n"), 1)).Data[:20]), eval.ErrFormat, "corpus.jsonl.gz"},
		"line out of range": {"queries.jsonl", "null", eval.ErrFormat, "queries.jsonl:1"},
	} {
		fsys := small()
		switch {
		case c.file == "":
			fsys = fstest.MapFS{}
		case c.data == "":
			delete(fsys, c.file)
		default:
			delete(fsys, strings.TrimSuffix(c.file, ".gz"))
			fsys[c.file] = &fstest.MapFile{Data: []byte(c.data)}
		}
		if _, err := eval.ReadBEIR(fsys); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %v with %q", name, err, c.want, c.text)
		}
	}
}

// The expected values are computed by hand from the definitions.
func TestMetrics(t *testing.T) {
	grades := map[string]int{"a": 3, "b": 2, "c": 1, "d": 0, "e": -1}
	ideal := 3 + 2/math.Log2(3) + 1/math.Log2(4)
	for _, c := range []struct {
		metric eval.Metric
		ranked string
		want   float64
	}{
		{eval.NDCG(10), "a b c", 1},
		{eval.NDCG(10), "x b e a", (2/math.Log2(3) + 3/math.Log2(5)) / ideal},
		{eval.NDCG(2), "c a b", (1 + 3/math.Log2(3)) / (3 + 2/math.Log2(3))},
		{eval.NDCG(10), "", 0},
		{eval.Recall(2), "a x b c", 1. / 3},
		{eval.Recall(10), "a x b c d", 1},
		{eval.MRR(10), "x d e c", 1. / 4},
		{eval.MRR(3), "x d e c", 0},
	} {
		if got := c.metric.Of(strings.Fields(c.ranked), grades); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s of %q is %v, want %v", c.metric.Name, c.ranked, got, c.want)
		}
	}
}

// fixed answers every question with the given documents.
func fixed(docs ...string) retrieve.Retriever {
	return retrieve.Func(func(_ context.Context, q retrieve.Question) (*retrieve.Result, error) {
		var res retrieve.Result
		for _, d := range docs[:min(len(docs), q.K)] {
			res.Hits = append(res.Hits, store.Hit{Chunk: store.Chunk{DocID: d}})
		}
		return &res, nil
	})
}

func TestEvaluate(t *testing.T) {
	s, err := eval.ReadBEIR(small())
	if err != nil {
		t.Fatal(err)
	}
	rep, err := eval.Evaluate(t.Context(), fixed("b", "b", "a", "b"), s, &eval.Options{Metrics: []eval.Metric{eval.MRR(10), eval.Recall(1)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Outcomes) != 2 || rep.Mean[0] != .5 || rep.Mean[1] != .25 || strings.Join(rep.Outcomes[0].Ranked, " ") != "b a" {
		t.Errorf("report %+v", rep)
	}
	if got := rep.String(); got != "MRR@10 0.5000  R@1 0.2500  (2 questions)" {
		t.Errorf("report reads %q", got)
	}

	down := errors.New("down")
	failing := retrieve.Func(func(context.Context, retrieve.Question) (*retrieve.Result, error) { return nil, down })
	if _, err := eval.Evaluate(t.Context(), failing, s, nil); !errors.Is(err, down) || !strings.Contains(err.Error(), `query "q`) {
		t.Errorf("a failing retriever: %v", err)
	}
	if _, err := eval.Evaluate(t.Context(), fixed("elsewhere"), s, nil); !errors.Is(err, eval.ErrUnknownID) {
		t.Errorf("documents of another set: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eval.Evaluate(ctx, fixed("a"), s, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := eval.Evaluate(t.Context(), fixed("a"), &eval.Set{}, nil); !errors.Is(err, eval.ErrEmpty) {
		t.Errorf("an empty set: %v", err)
	}
	if _, err := eval.Evaluate(t.Context(), fixed("a"), s, &eval.Options{Depth: -1}); !errors.Is(err, eval.ErrOptions) {
		t.Errorf("a negative depth: %v", err)
	}
}

func TestScoreRefusesRunsThatDoNotFit(t *testing.T) {
	s, err := eval.ReadBEIR(small())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		run  eval.Run
		want error
	}{
		{eval.Run{"q9": {"a"}}, eval.ErrUnknownID},
		{eval.Run{"q1": {"z"}}, eval.ErrUnknownID},
		{eval.Run{"q1": {"a", "a"}}, eval.ErrFormat},
	} {
		if _, err := eval.Score(s, c.run, eval.MRR(10)); !errors.Is(err, c.want) {
			t.Errorf("%v: error %v, want %v", c.run, err, c.want)
		}
	}
	rep, err := eval.Score(s, eval.Run{"q1": {"c", "a"}}, eval.MRR(10))
	if err != nil || rep.Mean[0] != .25 {
		t.Errorf("a question without an answer: %v, %v", rep, err)
	}
}
