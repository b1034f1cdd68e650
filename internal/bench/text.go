package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/mapping"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/quarry-go/quarry/rag/eval"
	"github.com/quarry-go/quarry/rag/retrieve"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local"
)

const (
	batch = 1000 // documents of one write
	depth = 10   // hits of one search
)

// search compares keyword search with bleve's.
func search(ctx context.Context, dir string) (*table, error) {
	set, err := eval.ReadBEIR(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	var (
		ours   store.Store
		theirs bleve.Index
	)
	bytes := 0
	for _, d := range set.Docs {
		bytes += len(d.Title) + len(d.Text)
	}
	indexed, err := best(func() (err error) {
		ours, err = indexLocal(ctx, set)
		return err
	})
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	indexedPeer, err := best(func() (err error) {
		theirs, err = indexBleve(scratch, set)
		return err
	})
	if err != nil {
		return nil, err
	}
	ask := retrieve.Text(ours)
	askPeer := func(ctx context.Context, q retrieve.Question) (*retrieve.Result, error) {
		return askBleve(ctx, theirs, q)
	}
	found, report, err := evaluate(ctx, ask, set)
	if err != nil {
		return nil, err
	}
	foundPeer, reportPeer, err := evaluate(ctx, retrieve.Func(askPeer), set)
	if err != nil {
		return nil, err
	}
	rate := func(c cost) float64 { return float64(len(report.Outcomes)) / c.cpu.Seconds() }
	t := &table{title: fmt.Sprintf("keyword search, store/local in memory, %d documents, %d questions, against bleve v2.6.3 (scorch, BM25, English analyzer)", len(set.Docs), len(report.Outcomes))}
	t.rows = []row{
		{what: "index", unit: "MB/CPU-s", ours: indexed.rate(bytes), peer: indexedPeer.rate(bytes)},
		{what: fmt.Sprintf("search, first %d", depth), unit: "questions/CPU-s", ours: rate(found), peer: rate(foundPeer)},
	}
	for i, m := range report.Metrics {
		t.rows = append(t.rows, row{what: m, ours: report.Mean[i], peer: reportPeer.Mean[i]})
	}
	return t, nil
}

// evaluate asks all questions, one after the other.
func evaluate(ctx context.Context, r retrieve.Retriever, set *eval.Set) (c cost, report *eval.Report, err error) {
	o := &eval.Options{Metrics: []eval.Metric{eval.NDCG(depth), eval.Recall(depth)}, Depth: depth, Concurrency: 1}
	c, err = best(func() (err error) {
		report, err = eval.Evaluate(ctx, r, set, o)
		return err
	})
	return c, report, err
}

func indexLocal(ctx context.Context, set *eval.Set) (store.Store, error) {
	ns, err := local.Memory(nil).Namespace("set")
	if err != nil {
		return nil, err
	}
	var c store.Change
	for i, d := range set.Docs {
		c.Upsert = append(c.Upsert, store.Chunk{ID: d.ID, DocID: d.ID, Text: d.Text, End: len(d.Text), Prefix: d.Title})
		if len(c.Upsert) == batch || i == len(set.Docs)-1 {
			if _, err := ns.Write(ctx, c); err != nil {
				return nil, err
			}
			c.Upsert = nil
		}
	}
	return ns, nil
}

// field is bleve's only field.
const field = "text"

// indexBleve makes an index in a folder of its own below dir: bleve's better
// kind is not to be had in memory.
func indexBleve(dir string, set *eval.Set) (bleve.Index, error) {
	dir, err := os.MkdirTemp(dir, "")
	if err != nil {
		return nil, err
	}
	text := mapping.NewTextFieldMapping()
	text.Analyzer, text.Store, text.IncludeTermVectors, text.IncludeInAll, text.DocValues = en.AnalyzerName, false, false, false, false
	doc := mapping.NewDocumentStaticMapping()
	doc.AddFieldMappingsAt(field, text)
	m := mapping.NewIndexMapping()
	m.DefaultMapping, m.ScoringModel = doc, index.BM25Scoring
	ix, err := bleve.New(filepath.Join(dir, "bleve"), m)
	if err != nil {
		return nil, err
	}
	b := ix.NewBatch()
	for i, d := range set.Docs {
		if err := b.Index(d.ID, map[string]string{field: d.Title + "\n" + d.Text}); err != nil {
			return nil, err
		}
		if b.Size() == batch || i == len(set.Docs)-1 {
			if err := ix.Batch(b); err != nil {
				return nil, err
			}
			b.Reset()
		}
	}
	return ix, nil
}

func askBleve(ctx context.Context, ix bleve.Index, q retrieve.Question) (*retrieve.Result, error) {
	m := bleve.NewMatchQuery(q.Text)
	m.SetField(field)
	r, err := ix.SearchInContext(ctx, bleve.NewSearchRequestOptions(m, q.Want(), 0, false))
	if err != nil {
		return nil, err
	}
	var res retrieve.Result
	for _, h := range r.Hits {
		res.Hits = append(res.Hits, store.Hit{Chunk: store.Chunk{DocID: h.ID}, Score: h.Score})
	}
	return &res, nil
}
