package pgstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/pgstore"
)

func TestReadOnly(t *testing.T) {
	p, schema := pool(t)
	table := schema + ".articles"
	if _, err := p.Exec(t.Context(), `CREATE TABLE `+table+` (key bigint PRIMARY KEY, "Customer's" text, article uuid, body text, link text, props jsonb, emb halfvec(3));
INSERT INTO `+table+` VALUES
	(1, 'a', '00000000-0000-0000-0000-000000000001', 'one', 'http://x/1', '{"lang": "en", "page": 3, "none": null, "deep": {"a": 1}, "bad key": 1}', '[1,0,0]'),
	(2, 'a', '00000000-0000-0000-0000-000000000001', 'two', NULL, '{"lang": "de"}', '[0,1,0]'),
	(10, 'a', NULL, NULL, '', NULL, NULL),
	(3, 'b', '00000000-0000-0000-0000-000000000001', 'canary', '', '{}', '[1,0,0]')`); err != nil {
		t.Fatal(err)
	}
	c := pgstore.Columns{Table: table, ID: "key", Text: "body", Vector: "emb", Document: "article", Namespace: "Customer's", URI: "link", Meta: "props", Space: "three"}
	db, err := pgstore.ReadOnly(t.Context(), p, c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var names []string
	for name, err := range db.Namespaces(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("namespaces %q", names)
	}
	s := namespace(t, db, "a")
	scan := func(f store.Filter) (ids []string) {
		for c, err := range s.Scan(t.Context(), store.ScanQuery{Filter: f}) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c.ID)
		}
		return ids
	}
	for _, x := range []struct {
		f    store.Filter
		want []string
	}{
		{nil, []string{"1", "10", "2"}},
		{store.Eq("lang", "en"), []string{"1"}},
		{store.Not(store.Eq("lang", "en")), []string{"10", "2"}},
		{store.Gt("page", 2), []string{"1"}},
		{store.Docs("00000000-0000-0000-0000-000000000001"), []string{"1", "2"}},
		{store.IDs("2", "3", "'"), []string{"2"}},
	} {
		if got := scan(x.f); !slices.Equal(got, x.want) {
			t.Errorf("%v: %q, want %q", x.f, got, x.want)
		}
	}
	for _, exact := range []bool{false, true} {
		hits, err := s.Search(t.Context(), store.Query{Vector: []float32{1, 0, 0}, Space: "three", K: 5, Exact: exact, Fields: store.FieldsAll})
		if err != nil || len(hits) != 2 || hits[0].Chunk.ID != "1" || hits[0].Score != 1 || hits[0].Chunk.Origin.URI != "http://x/1" || hits[0].Chunk.Text != "one" {
			t.Fatalf("%+v, %v", hits, err)
		}
		if m := hits[0].Chunk.Meta; len(m) != 2 || m["lang"] != "en" || m["page"] != int64(3) {
			t.Errorf("meta %v", m)
		}
	}
	if _, err := s.Search(t.Context(), store.Query{Vector: []float32{1, 0, 0}, Space: "other", K: 5}); !errors.Is(err, store.ErrSpace) {
		t.Errorf("another space: %v", err)
	}
	if _, err := s.Search(t.Context(), store.Query{Text: "one", K: 5}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("words: %v", err)
	}
	if _, err := s.Write(t.Context(), store.Change{Docs: []store.Doc{{ID: "d"}}}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("write: %v", err)
	}
	if err := db.Drop(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("drop: %v", err)
	}

	// A knowledge base on it finds and cites, and refuses to sync.
	model := embed.Func(embed.Model{Name: "three", Dim: 3, MaxTokens: 99}, nil)
	c.Space = model.Model().Space()
	again, err := pgstore.ReadOnly(t.Context(), p, c)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	kb, err := rag.New(&rag.Options{DB: again})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kb.Namespace("a").Sync(t.Context(), "docs", loaders.Slice(rag.Document{ID: "x", Text: "y"}), nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("sync: %v", err)
	}

	for name, change := range map[string]func(*pgstore.Columns){
		"no such column":   func(c *pgstore.Columns) { c.Text = "nosuch" },
		"no such table":    func(c *pgstore.Columns) { c.Table = schema + ".nosuch" },
		"no ID":            func(c *pgstore.Columns) { c.ID = "" },
		"no space":         func(c *pgstore.Columns) { c.Space = "" },
		"no vectors":       func(c *pgstore.Columns) { c.Vector = "body" },
		"a hostile column": func(c *pgstore.Columns) { c.Text = `body"; DROP TABLE articles; --` },
	} {
		bad := c
		change(&bad)
		if _, err := pgstore.ReadOnly(t.Context(), p, bad); !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "open table") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A table without a column for namespaces has one.
func TestReadOnlyAlone(t *testing.T) {
	p, schema := pool(t)
	table := schema + ".lines"
	if _, err := p.Exec(t.Context(), "CREATE TABLE "+table+" (id text, t text); INSERT INTO "+table+" SELECT 'r' || i, 'text' FROM generate_series(1, 2500) i"); err != nil {
		t.Fatal(err)
	}
	db, err := pgstore.ReadOnly(t.Context(), p, pgstore.Columns{Table: table, ID: "id", Text: "t"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, want := range map[string]int{"default": 2500, "other": 0} {
		n := 0
		for _, err := range namespace(t, db, name).Scan(t.Context(), store.ScanQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != want {
			t.Errorf("namespace %q: %d chunks, want %d", name, n, want)
		}
	}
}
