package pgstore

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/quarry-go/quarry/internal/bm25"
	"github.com/quarry-go/quarry/store"
)

// Search implements remote.Driver.
func (d *driver) Search(ctx context.Context, ns string, q store.Query) ([]store.Hit, error) {
	if q.Vector == nil {
		return d.words(ctx, ns, &q)
	}
	hits, err := d.nearest(ctx, ns, &q, q.Exact || d.o.NoIndex)
	if err == nil && len(hits) < q.K && !q.Exact && !d.o.NoIndex {
		// The index gives up at some depth.
		return d.nearest(ctx, ns, &q, true)
	}
	return hits, err
}

// nearest ranks by the cosine of the vectors. An index serves the order of the
// distance, and none that of the score.
func (d *driver) nearest(ctx context.Context, ns string, q *store.Query, exact bool) ([]store.Hit, error) {
	a := arguments{ns, *formatVector(q.Vector)}
	// A subquery, or the server would read the text of the vector for each row.
	distance := "embedding <=> (SELECT $2::text::" + d.o.vectorType(len(q.Vector)) + ")"
	order := distance
	var settings []setting
	if exact {
		order = "1 - (" + distance + ") DESC"
	} else {
		settings = nearestSettings(q.K)
	}
	sql := fmt.Sprintf("SELECT %s, 1 - (%s) FROM %s WHERE ns = $1 AND embedding IS NOT NULL AND %s ORDER BY %s LIMIT %d",
		columns(q.Fields), distance, d.n.chunks, chunkRow.where(q.Filter, &a), order, q.K)
	return d.hits(ctx, ns, q, store.Rank{Ranker: store.RankerVector, Metric: "cosine"}, sql, a, settings...)
}

// nearestSettings has an HNSW index look until K rows pass the filter.
func nearestSettings(k int) []setting {
	return []setting{{"hnsw.iterative_scan", "strict_order"}, {"hnsw.ef_search", strconv.Itoa(min(max(k, 40), 1000))}}
}

// words ranks by BM25 (Robertson and Zaragoza, The Probabilistic Relevance
// Framework: BM25 and Beyond, 2009), with the statistics of the whole namespace.
func (d *driver) words(ctx context.Context, ns string, q *store.Query) ([]store.Hit, error) {
	terms, weights := count(ns, q.Text)
	if len(terms) == 0 {
		return nil, nil
	}
	a := arguments{ns, terms, weights}
	sql := fmt.Sprintf(`WITH size AS (
	SELECT chunks::float8 AS n, terms::float8 / greatest(chunks, 1) AS average FROM %[1]s WHERE name = $1
), found AS MATERIALIZED (
	SELECT id, length, term, weight, counts[place]::float8 AS tf
	FROM %[2]s, unnest($2::bigint[], $3::float8[]) AS query (term, weight), LATERAL array_position(terms, term) AS place
	WHERE ns = $1 AND terms && $2::bigint[] AND place IS NOT NULL
), rare AS (
	SELECT term, ln(1 + (n - count(*) + 0.5) / (count(*) + 0.5)) AS idf FROM size, found GROUP BY term, n
), score AS (
	SELECT id, sum(weight * idf * tf / (tf + %[3]g * (1 - %[4]g + %[4]g * length / average)) ORDER BY term) AS score
	FROM size, found JOIN rare USING (term) GROUP BY id
)
SELECT %[5]s, score FROM %[2]s JOIN score USING (id) WHERE ns = $1 AND %[6]s ORDER BY score DESC, id LIMIT %[7]d`,
		d.n.namespaces, d.n.chunks, bm25.K1, bm25.B, columns(q.Fields), chunkRow.where(q.Filter, &a), q.K)
	return d.hits(ctx, ns, q, store.Rank{Ranker: store.RankerText, Metric: "bm25"}, sql, a)
}

// hits runs a statement that selects chunks and scores.
func (d *driver) hits(ctx context.Context, ns string, q *store.Query, rank store.Rank, sql string, a arguments, settings ...setting) (hits []store.Hit, err error) {
	err = d.read(ctx, ns, into(&hits, func(r pgx.CollectableRow) (h store.Hit, err error) {
		h.Chunk, err = scanChunk(r, q.Fields, &h.Score)
		rank.Score = h.Score
		h.Ranks = []store.Rank{rank}
		return h, err
	}), sql, a, settings...)
	return hits, err
}
